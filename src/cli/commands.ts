/** The commands, in the order in which help shows them. A new one: its file in `commands/`, and a line here. */
import type { Command } from "./command.ts";

/** By the word that calls each. It is loaded when it is asked for: `perch start` needs none of the others. */
export const COMMANDS: CommandTable = {
  start: async () => (await import("./commands/start.ts")).start,
  demo: async () => (await import("./commands/demo.ts")).demo,
  sandbox: async () => (await import("./commands/sandbox.ts")).sandbox,
  check: async () => (await import("./commands/check.ts")).check,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  status: async () => (await import("./commands/status.ts")).status,
  notify: async () => (await import("./commands/notify.ts")).notify,
  preview: async () => (await import("./commands/preview.ts")).preview,
  registrations: async () => (await import("./commands/registrations.ts")).registrations,
  deliveries: async () => (await import("./commands/deliveries.ts")).deliveries,
  lanes: async () => (await import("./commands/lanes.ts")).lanes,
  plugins: async () => (await import("./commands/plugins.ts")).plugins,
  reload: async () => (await import("./commands/reload.ts")).reload,
  "log-level": async () => (await import("./commands/log-level.ts")).logLevel,
  audit: async () => (await import("./commands/audit.ts")).audit,
  credentials: async () => (await import("./commands/credentials.ts")).credentials,
  store: async () => (await import("./commands/store.ts")).store,
};

export type CommandTable = Readonly<Record<string, () => Promise<Command>>>;

/** All of them, for who shows them. */
export const loadCommands = (): Promise<Command[]> => Promise.all(Object.values(COMMANDS).map((load) => load()));
