/** Brings the plug-ins of a configuration up, and from one configuration to the next: checked whole, then applied. */
import { isDeepStrictEqual } from "node:util";
import { hostFault } from "../ar.ts";
import { digestFiles, type Watched } from "../config/digest-files.ts";
import type { ConfiguredPlugin, LoadedConfig } from "../config/load.ts";
import { checkPluginPart } from "../config/plugin-part.ts";
import { formatProblem } from "../config/problem.ts";
import { inTime } from "../host/in-time.ts";
import type { Plugin } from "../host/plugin.ts";
import type { PluginPart } from "../host/protocol.ts";
import type { Rooms } from "../host/rooms.ts";
import { machineTime } from "../host/time.ts";
import { watchedModule } from "./changed-modules.ts";

/** How long a plug-in whose place another takes may end what it has in flight; its own requests are shorter. */
export const RETIRE_MS = 60_000;

/** How long a start waits for modules to load, and a reload for what it starts; what takes longer is looked after later. */
const START_WAIT_MS = 3_000;

/**
 * `module`: what its workers were made of. `filesDigest`: of the files that its part names; they may hold something else
 * although the part is the same.
 */
export type RunningPlugin = { plugin: Plugin; module: Watched; part: PluginPart | undefined; filesDigest: string };
/** A plug-in's part of both files, checked by its own schemas. */
type CheckedPart = { problems: string[]; part: PluginPart | undefined; watched: Watched };
export type PluginPlan = {
  problems: string[];
  /** What the plug-ins' parts name, and the modules that could not be loaded. */
  watched: Watched[];
  /** What runs when the plan is applied, in the order of the file. */
  next: { running: RunningPlugin; configured: ConfiguredPlugin; fresh: boolean; part: PluginPart | undefined; filesDigest: string }[];
  /** For a plug-in whose manifest comes later. */
  partOf(plugin: Plugin): Promise<CheckedPart>;
};

/** What can only be changed by starting anew: what the workers are made of. */
const madeOf = ({ moduleFile, threads, maxMemoryMb }: Pick<ConfiguredPlugin, "moduleFile" | "threads" | "maxMemoryMb">) => [
  moduleFile,
  threads,
  maxMemoryMb,
];

/**
 * Loads what is new and checks each plug-in's part of both files with its own schemas. Nothing that runs is touched. A
 * plug-in that can't be loaded is no problem of the configuration: calls to it are answered 8756 or 8755. A start does
 * not wait for one that is slow to load: its part is checked when it has (`beginLate`).
 */
export async function planPlugins(
  loaded: LoadedConfig,
  before: readonly RunningPlugin[],
  { openPlugin }: Pick<Rooms, "openPlugin">,
): Promise<PluginPlan> {
  const next = await Promise.all(
    loaded.config.plugins.map(async (configured) => {
      const named = before.find(({ plugin }) => plugin.name === configured.name);
      const known = named && mayStay(named.plugin, configured) ? named : undefined;
      const module = known?.module ?? (await watchedModule(configured.moduleFile));
      const running = known ?? { plugin: openPlugin(configured, named?.plugin), module, part: undefined, filesDigest: "" };
      if (!known) await (before.length > 0 ? running.plugin.load() : inTime(machineTime(), START_WAIT_MS, running.plugin.load()));
      const { problems, part, watched } = await partOf(loaded, running.plugin);
      return { running, configured, fresh: !known, problems, part, watched, filesDigest: watched.digest };
    }),
  );
  return {
    problems: next.flatMap(({ problems }) => problems),
    watched: next.map(({ watched }) => watched),
    next,
    partOf: (plugin) => partOf(loaded, plugin),
  };
}

/** One that could not be loaded, or has failed, is tried anew: it may have been mended. */
const mayStay = ({ manifest, failure, settings }: Plugin, configured: ConfiguredPlugin): boolean =>
  manifest !== undefined && failure === undefined && isDeepStrictEqual(madeOf(settings), madeOf(configured));

export async function partOf(loaded: LoadedConfig, { name, manifest, settings }: Plugin): Promise<CheckedPart> {
  const watch = async (files: string[]): Promise<Watched> => ({ files, digest: await digestFiles(files) });
  // Its module may be mended.
  if (!manifest) return { problems: [], part: undefined, watched: await watch([settings.moduleFile]) };
  const checked = checkPluginPart(loaded, name, manifest);
  const watched = await watch(checked.files);
  if (!checked.ok) return { problems: checked.problems.map((problem) => formatProblem(problem)), part: undefined, watched };
  return { problems: [], part: { settings: checked.settings, secrets: checked.secrets }, watched };
}

/** In words: what is in force now, and what somebody should look at. */
type Said = { changed: string[]; warnings: string[] };
type Applied = Said & { running: RunningPlugin[]; late: Promise<Watched | undefined>[] };

/**
 * Puts a plan in force; answers what changed, and for each plug-in that is still loading a promise of what its part
 * names. Never rejects for a plug-in's sake.
 */
export async function applyPlugins(
  plan: PluginPlan,
  before: readonly RunningPlugin[],
  aliases: Readonly<Record<string, string>>,
  rooms: Rooms,
): Promise<Applied> {
  const said: Said = { changed: [], warnings: [] };
  const running = plan.next.map(({ running: one }) => one);
  rooms.plugins.setAll(
    running.map(({ plugin }) => plugin),
    aliases,
  );
  for (const { plugin: gone } of before.filter((one) => !running.includes(one))) {
    if (!gone.failure) said.changed.push(`plug-in ${gone.name} stopped`);
    void gone.retire(RETIRE_MS, rooms.plugins.named(gone.name));
  }
  const waitMs = before.length > 0 ? START_WAIT_MS : 0;
  await Promise.all(plan.next.map((one) => (one.fresh ? start(one, rooms, said, waitMs) : configure(one, rooms, said))));
  for (const { plugin } of before) if (!rooms.plugins.named(plugin.name)) said.warnings.push(...(await stranded(plugin, rooms)));
  // By what was known when the parts were checked: its manifest may have come since.
  const late = plan.next.filter(({ running: { plugin }, part }) => part === undefined && !plugin.loadFailure);
  return { running, ...said, late: late.map((one) => beginLate(one.running, plan, rooms)) };
}

/** What still waits for a plug-in that is gone. Its figures are no reason for a reload to fail. */
async function stranded({ name, manifest }: Plugin, { store, accounts, registrations }: Rooms): Promise<string[]> {
  const lanes = new Set(accounts.all.flatMap(({ plugin, lane }) => (plugin === name ? [lane] : [])));
  const counts = await store.counts().catch(() => undefined);
  const waiting = Object.entries(counts?.liveByLane ?? {}).reduce((sum, [lane, live]) => sum + (lanes.has(lane) ? live : 0), 0);
  const mechanism = manifest?.mechanism?.name;
  const registered = registrations.all.filter((one) => one.mechanism === mechanism || (one.lane !== null && lanes.has(one.lane))).length;
  if (waiting + registered === 0) return [];
  const what = `deliveries that have not ended: ${waiting}, registrations: ${registered}`;
  return [
    `plug-in ${name} is gone from the configuration, and what is left waits for it (${what}); configure it again, or cancel and delete that`,
  ];
}

/** What becomes of it later is seen in its state: a stuck `initialize` holds nobody else up. */
async function start({ running, part, filesDigest }: PluginPlan["next"][number], rooms: Rooms, said: Said, waitMs: number): Promise<void> {
  const { plugin } = running;
  running.filesDigest = filesDigest;
  running.part = part;
  rooms.accounts.forget();
  if (part) await inTime(machineTime(), waitMs, plugin.begin(part));
  if (plugin.failure) said.warnings.push(`plug-in ${plugin.name} has failed: ${plugin.failure.cause}`);
  else said.changed.push(`plug-in ${plugin.name} started`);
}

async function configure(
  { running, configured, part, filesDigest }: PluginPlan["next"][number],
  rooms: Rooms,
  { changed }: Said,
): Promise<void> {
  const { plugin } = running;
  plugin.settings = configured;
  const sameFiles = running.filesDigest === filesDigest;
  running.filesDigest = filesDigest;
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

/** It was still loading when the host started. A wrong part of the configuration is then its own failure alone. */
async function beginLate(running: RunningPlugin, plan: PluginPlan, rooms: Rooms): Promise<Watched | undefined> {
  const { plugin } = running;
  const loaded = await plugin.loading;
  if (!loaded.ok) return undefined;
  const { problems, part, watched } = await plan.partOf(plugin);
  rooms.plugins.refresh();
  running.filesDigest = watched.digest;
  if (part) {
    running.part = part;
    rooms.accounts.forget();
    void plugin.begin(part);
  } else plugin.refuse(hostFault("init-failed", problems.join("; ")));
  return watched;
}

/** Ends what was loaded for a plan that is not applied. */
export const dropPlan = async (plan: PluginPlan): Promise<void> => {
  await Promise.all(plan.next.filter(({ fresh }) => fresh).map(({ running }) => running.plugin.stop()));
};
