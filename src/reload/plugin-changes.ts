/** Brings the plug-ins of a configuration up, and from one configuration to the next: checked whole, then applied. */
import { isDeepStrictEqual } from "node:util";
import type { ConfiguredPlugin, LoadedConfig } from "../config/load.ts";
import { checkPluginPart } from "../config/plugin-part.ts";
import { formatProblem } from "../config/problem.ts";
import type { Plugin } from "../host/plugin.ts";
import type { PluginPart } from "../host/protocol.ts";
import type { Rooms } from "../host/rooms.ts";

/** How long a plug-in that a reload has replaced may end what it has in flight; its own requests are shorter. */
const RETIRE_MS = 60_000;

export type RunningPlugin = { plugin: Plugin; part: PluginPart | undefined };
export type PluginPlan = {
  problems: string[];
  /** What runs when the plan is applied, in the order of the file. */
  next: { running: RunningPlugin; configured: ConfiguredPlugin; fresh: boolean; part: PluginPart | undefined }[];
};

/** What can only be changed by starting anew: what the workers are made of. */
const madeOf = ({ moduleFile, threads, maxMemoryMb }: Pick<ConfiguredPlugin, "moduleFile" | "threads" | "maxMemoryMb">) => [
  moduleFile,
  threads,
  maxMemoryMb,
];

/**
 * Loads what is new and checks each plug-in's part of both files with its own schemas. Nothing that runs is touched. A
 * plug-in that can't be loaded is no problem of the configuration: calls to it are answered 8756 or 8755.
 */
export async function planPlugins(loaded: LoadedConfig, before: readonly RunningPlugin[], rooms: Rooms): Promise<PluginPlan> {
  const next = await Promise.all(
    loaded.config.plugins.map(async (configured) => {
      // One that could not be loaded is tried anew: its module may have been mended.
      const known = before.find(
        ({ plugin }) =>
          plugin.manifest && plugin.name === configured.name && isDeepStrictEqual(madeOf(plugin.settings), madeOf(configured)),
      );
      const running = known ?? { plugin: rooms.openPlugin(configured), part: undefined };
      if (!known) await running.plugin.load();
      return { running, configured, fresh: !known, ...partOf(loaded, running.plugin) };
    }),
  );
  return { problems: next.flatMap(({ problems }) => problems), next };
}

function partOf(loaded: LoadedConfig, { name, manifest }: Plugin): { problems: string[]; part: PluginPart | undefined } {
  if (!manifest) return { problems: [], part: undefined };
  const checked = checkPluginPart(loaded, name, manifest);
  if (!checked.ok) return { problems: checked.problems.map((problem) => formatProblem(problem)), part: undefined };
  return { problems: [], part: { settings: checked.settings, secrets: checked.secrets } };
}

/** Puts a plan in force; answers what changed, in words. Never rejects for a plug-in's sake. */
export async function applyPlugins(
  plan: PluginPlan,
  before: readonly RunningPlugin[],
  aliases: Readonly<Record<string, string>>,
  rooms: Rooms,
): Promise<{ running: RunningPlugin[]; changed: string[] }> {
  const changed: string[] = [];
  const running = plan.next.map(({ running: one }) => one);
  rooms.plugins.setAll(
    running.map(({ plugin }) => plugin),
    aliases,
  );
  for (const gone of before.filter((one) => !running.includes(one))) {
    changed.push(`plug-in ${gone.plugin.name} stopped`);
    void gone.plugin.retire(RETIRE_MS);
  }
  await Promise.all(plan.next.map((one) => startOrConfigure(one, rooms, changed)));
  return { running, changed };
}

async function startOrConfigure(
  { running, configured, fresh, part }: PluginPlan["next"][number],
  rooms: Rooms,
  changed: string[],
): Promise<void> {
  const { plugin } = running;
  plugin.settings = configured;
  if (fresh) {
    changed.push(`plug-in ${plugin.name} started`);
    running.part = part;
    rooms.accounts.forget();
    // Not awaited: a stuck `initialize` holds nobody else up.
    if (part) void plugin.begin(part);
    return;
  }
  if (!part || isDeepStrictEqual(part, running.part)) return;
  changed.push(`plug-in ${plugin.name}: ${isDeepStrictEqual(part.secrets, running.part?.secrets) ? "settings" : "credentials"}`);
  running.part = part;
  await plugin.configure(part);
  rooms.accounts.forget();
  await rooms.lanes.freePlugin(plugin.name);
}

/** Ends what was loaded for a plan that is not applied. */
export const dropPlan = async (plan: PluginPlan): Promise<void> => {
  await Promise.all(plan.next.filter(({ fresh }) => fresh).map(({ running }) => running.plugin.stop()));
};
