/** What `perch check` looks at: both files, and each plug-in's own parts with the schemas that it brings. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type ConfiguredPlugin, type LoadedConfig, loadConfig } from "./config/load.ts";
import { resolveModule } from "./config/plugin-module.ts";
import { checkModules, checkPluginPart } from "./config/plugin-part.ts";
import { formatProblem } from "./config/problem.ts";
import type { PluginDefinition } from "./contract.ts";
import { filterNamesOf, manifestOf } from "./host/manifest.ts";
import { Plugin } from "./host/plugin.ts";
import { createSteadyClock } from "./host/steady-clock.ts";
import { machineTime } from "./host/time.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export async function checkConfiguration(file: string, environment: Environment): Promise<{ problems: string[]; summary: string[] }> {
  const read = await loadConfig(file, environment);
  if (!read.ok) return { problems: read.problems.map((problem) => formatProblem(problem)), summary: [] };
  const { loaded } = read;
  const missing = checkModules(loaded).map((problem) => formatProblem(problem));
  const plugins = await Promise.all(loaded.config.plugins.map((plugin) => checkPlugin(loaded, plugin)));
  const names = plugins.flatMap(({ filters }) => filters);
  const dangling = Object.entries(loaded.config.aliases)
    .filter(([, name]) => missing.length === 0 && !names.includes(name))
    .map(([alias, name]) => `${loaded.file}: aliases: ${alias} stands for ${name}, which no plug-in offers`);
  return { problems: [...missing, ...plugins.flatMap(({ problems }) => problems), ...dangling], summary: summaryOf(loaded, names) };
}

async function checkPlugin(loaded: LoadedConfig, configured: ConfiguredPlugin): Promise<{ problems: string[]; filters: string[] }> {
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const log = { root: silent, forPlugin: () => silent, setLevel: () => undefined, resetLevel: () => "info", scrub: (text: string) => text };
  const time = machineTime();
  const settings = { ...configured, threads: 1 };
  const plugin = new Plugin({ settings, clock: createSteadyClock(time), time, log, proxy: {}, onReady: () => {} });
  const answer = await plugin.load();
  await plugin.stop();
  // A file that does not exist has been named with its line already.
  if (!answer.ok) return { problems: checkModules(loaded).length > 0 ? [] : [answer.fault.cause], filters: [] };
  const checked = checkPluginPart(loaded, configured.name, answer.value);
  return { problems: checked.ok ? [] : checked.problems.map((problem) => formatProblem(problem)), filters: filterNamesOf(answer.value) };
}

function summaryOf({ file, config, credentials, directory }: LoadedConfig, filters: string[]): string[] {
  return [
    `configuration: ${file}`,
    `listens on ${config.server.host}:${config.server.port} and ${config.server.socket}`,
    `store: ${config.store}`,
    `clients: ${credentials.clients.map(({ name, role }) => `${name} (${role})`).join(", ")}`,
    ...(directory ? [`directory: ${sayDirectory(directory)}`] : []),
    `plug-ins: ${config.plugins.map(({ name }) => name).join(", ")}`,
    `filters: ${filters.join(", ")}`,
  ];
}

/** Nobody is asked: that is what `perch doctor` does. */
const sayDirectory = (directory: NonNullable<LoadedConfig["directory"]>): string =>
  "users" in directory
    ? `${directory.users.length} users in ${directory.file}`
    : `AR System at ${directory.arServer.url}, as ${directory.logIn.username}`;

/** Imports a plug-in into this process: for its sandbox and demo, never for the host. Throws with the cause. */
export async function loadPlugin(module: string): Promise<PluginDefinition> {
  const file = resolveModule(module, resolve("perch.yaml"));
  const loaded = (await import(pathToFileURL(file).href)) as { default?: unknown };
  const described = manifestOf(loaded.default);
  if (!described.ok) throw new Error(`${module}: ${described.cause}`);
  return described.plugin;
}
