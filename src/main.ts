/** The program: what the commands need of this machine, wired to the rooms that do it. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ioOf } from "./cli/io.ts";
import type { Machine, StopSignal } from "./cli/machine.ts";
import { runCli } from "./cli/run.ts";
import { watchForCrashes } from "./last-words.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
const environment = { ...process.env };
const lastWords = watchForCrashes(process);

// What only some commands need is loaded by them: `perch --version` and `perch status` need neither store nor plug-ins.
const machine: Machine = {
  version,
  nodeVersion: process.version,
  now: Date.now,
  wait: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}).catch(() => {}),
  onSignal,
  startHost: async (options) => (await import("./start-host.ts")).startHost({ ...options, version, environment, lastWords }),
  checkConfiguration: async (file) => (await import("./check-configuration.ts")).checkConfiguration(file, environment),
  socketOf: async (file) => (await import("./config/socket-of.ts")).socketOf(file, environment),
  initCredentials: async (file) => {
    const { initCredentials } = await import("./config/init-credentials.ts");
    const made = await initCredentials(file);
    return made.ok ? made : { ok: false, problems: [made.message] };
  },
  diagnose: async function* (configFile) {
    const { diagnose } = await import("./doctor/diagnose.ts");
    yield* diagnose({ configFile, environment, version, nodeVersion: process.version, now: Date.now });
  },
  checkCredentials: async function* (configFile, { offline }) {
    const { checkCredentials } = await import("./doctor/check-credentials.ts");
    yield* checkCredentials({ configFile, environment, offline });
  },
  rotateKey: async (configFile, step) =>
    (await import("./doctor/rotate-key.ts")).rotateVaultKey({ configFile, environment, now: Date.now }, step),
  copyStore: async (request, onProgress) => (await import("./copy-store.ts")).copyStore(request, environment, onProgress),
  hashPassword: async (password) => (await import("./config/password.ts")).hashPassword(password),
  newPlugin: async (options) => (await import("./new-plugin.ts")).newPlugin(options),
  listModules: async () => readdirSync(new URL("../plugins", import.meta.url)),
  loadPlugin: async (module) => (await import("./check-configuration.ts")).loadPlugin(module),
};

function onSignal(handler: (signal: StopSignal) => void): () => void {
  const signals: StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, handler);
  return () => {
    for (const signal of signals) process.off(signal, handler);
  };
}

const status = await runCli(process.argv.slice(2), ioOf(process), machine).catch((cause: unknown) => {
  lastWords.die(cause);
  return 1;
});
process.exit(status);
