/** Brings the plug-ins of a configuration up, and from one configuration to the next: checked whole, then applied. */
import { isDeepStrictEqual } from "node:util";
import { digestFiles, type Watched } from "../config/digest-files.ts";
import type { ConfiguredPlugin, LoadedConfig } from "../config/load.ts";
import { checkPluginPart } from "../config/plugin-part.ts";
import { formatProblem } from "../config/problem.ts";
import type { Plugin } from "../host/plugin.ts";
import type { PluginPart } from "../host/protocol.ts";
import type { Rooms } from "../host/rooms.ts";

/** How long a plug-in that a reload has replaced may end what it has in flight; its own requests are shorter. */
const RETIRE_MS = 60_000;

/** `filesDigest`: of the files that its part names; they may hold something else although the part is the same. */
export type RunningPlugin = { plugin: Plugin; part: PluginPart | undefined; filesDigest: string };
export type PluginPlan = {
  problems: string[];
  /** What the plug-ins' parts name, and the modules that could not be loaded. */
  watched: Watched[];
  /** What runs when the plan is applied, in the order of the file. */
  next: { running: RunningPlugin; configured: ConfiguredPlugin; fresh: boolean; part: PluginPart | undefined; filesDigest: string }[];
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
      const running = known ?? { plugin: rooms.openPlugin(configured), part: undefined, filesDigest: "" };
      if (!known) await running.plugin.load();
      const { problems, part, files } = partOf(loaded, running.plugin);
      const watched = { files, digest: await digestFiles(files) };
      return { running, configured, fresh: !known, problems, part, watched, filesDigest: watched.digest };
    }),
  );
  return { problems: next.flatMap(({ problems }) => problems), watched: next.map(({ watched }) => watched), next };
}

function partOf(
  loaded: LoadedConfig,
  { name, manifest, settings }: Plugin,
): { problems: string[]; part: PluginPart | undefined; files: string[] } {
  // Its module may be mended.
  if (!manifest) return { problems: [], part: undefined, files: [settings.moduleFile] };
  const checked = checkPluginPart(loaded, name, manifest);
  const { files } = checked;
  if (!checked.ok) return { problems: checked.problems.map((problem) => formatProblem(problem)), part: undefined, files };
  return { problems: [], part: { settings: checked.settings, secrets: checked.secrets }, files };
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
  { running, configured, fresh, part, filesDigest }: PluginPlan["next"][number],
  rooms: Rooms,
  changed: string[],
): Promise<void> {
  const { plugin } = running;
  plugin.settings = configured;
  const sameFiles = running.filesDigest === filesDigest;
  running.filesDigest = filesDigest;
  if (fresh) {
    changed.push(`plug-in ${plugin.name} started`);
    running.part = part;
    rooms.accounts.forget();
    // Not awaited: a stuck `initialize` holds nobody else up.
    if (part) void plugin.begin(part);
    return;
  }
  if (!part) return;
  const what = [
    ...(isDeepStrictEqual(part.settings, running.part?.settings) ? [] : ["settings"]),
    ...(isDeepStrictEqual(part.secrets, running.part?.secrets) ? [] : ["credentials"]),
    ...(sameFiles ? [] : ["files"]),
  ];
  if (what.length === 0) return;
  changed.push(`plug-in ${plugin.name}: ${what.join(", ")}`);
  running.part = part;
  await plugin.configure(part);
  rooms.accounts.forget();
  await rooms.lanes.freePlugin(plugin.name);
}

/** Ends what was loaded for a plan that is not applied. */
export const dropPlan = async (plan: PluginPlan): Promise<void> => {
  await Promise.all(plan.next.filter(({ fresh }) => fresh).map(({ running }) => running.plugin.stop()));
};
