/** A plug-in alone in a real worker, without store or lanes: for the verdicts of single calls. */
import { fileURLToPath } from "node:url";
import type { Answer } from "../ar.ts";
import { loadConfig } from "../config/load.ts";
import { pluginName } from "../config/plugin-module.ts";
import { checkPluginPart } from "../config/plugin-part.ts";
import { formatProblem } from "../config/problem.ts";
import type { HostLog, LevelLog } from "../host/log.ts";
import { Plugin } from "../host/plugin.ts";
import type { CallCase, Manifest, Verb, Verbs } from "../host/protocol.ts";
import { createSteadyClock } from "../host/steady-clock.ts";
import { machineTime } from "../host/time.ts";
import { openKitFiles, type PluginUnderTest, type Teardown } from "./kit-files.ts";

/** What a worker can be asked; the life cycle is the kit's. */
export type KitVerb = Exclude<Verb, "initialize" | "configure" | "terminate">;

export type WorkerKit = {
  /** What the module promises: filters, mechanism, table of faults, schemas. */
  manifest: Manifest;
  /** All that the plug-in logged, as JSON, a line each. Secrets are left in, so that a test can look for them. */
  log: string[];
  /**
   * Asks the plug-in, as the host would: `ask("deliver", post, { account })`. The outer answer is the host's: not `ok`
   * where the call passed `timeoutMs` (default 40 s; the plug-in's signal is then aborted), threw, or answered nonsense.
   */
  ask<V extends KitVerb>(verb: V, request: Verbs[V][0], about?: CallCase, timeoutMs?: number): Promise<Answer<Verbs[V][1]>>;
  /** Terminates the plug-in and ends its worker; happens by itself at the end of the test. */
  close(): Promise<void>;
};

/** Loads the plug-in, validates settings and secrets with its schemas, and initialises it. Throws where any of that fails. */
export async function openWorker(t: Teardown, under: PluginUnderTest): Promise<WorkerKit> {
  const moduleFile = fileURLToPath(under.module);
  const name = pluginName(moduleFile);
  const log: string[] = [];
  const settings = { name, module: moduleFile, moduleFile, filterApiTimeoutSeconds: 40, threads: 1, maxMemoryMb: 256 };
  const time = machineTime();
  const plugin = new Plugin({ settings, clock: createSteadyClock(time), time, log: keptLog(log), proxy: {}, onReady: () => {} });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= plugin.stop();
    return closed;
  };
  t.teardown(close);
  const loaded = await plugin.load();
  if (!loaded.ok) throw new Error(loaded.fault.cause);
  await plugin.begin(await partOf(under, name, loaded.value));
  const failure = await plugin.whenReady();
  if (failure) throw new Error(failure.cause);
  return { manifest: loaded.value, log, ask: (verb, request, about, timeoutMs) => plugin.call(verb, request, about, timeoutMs), close };
}

async function partOf(under: PluginUnderTest, name: string, manifest: Manifest): Promise<{ settings: unknown; secrets: unknown }> {
  const files = await openKitFiles(name);
  try {
    await files.write(under);
    const read = await loadConfig(files.configFile, {});
    if (!read.ok) throw new Error(read.problems.map((problem) => formatProblem(problem)).join("\n"));
    const part = checkPluginPart(read.loaded, name, manifest);
    if (!part.ok) throw new Error(part.problems.map((problem) => formatProblem(problem)).join("\n"));
    return part;
  } finally {
    await files.remove();
  }
}

function keptLog(lines: string[]): HostLog {
  const at = (level: string) => (fields: Record<string, unknown>, sentence: string) =>
    void lines.push(JSON.stringify({ ...fields, level, msg: sentence }));
  const kept: LevelLog = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { root: kept, forPlugin: () => kept, setLevel: () => undefined, resetLevel: () => "info", scrub: (text) => text };
}
