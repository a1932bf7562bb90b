/** The lines of one plug-in: whether it loads, whether its parts of the files fit, and what it finds itself. */

import type { ConfiguredPlugin, LoadedConfig } from "../config/load.ts";
import { checkPluginPart } from "../config/plugin-part.ts";
import { formatProblem } from "../config/problem.ts";
import type { Account, DiagnosisLine, PluginContext } from "../contract.ts";
import { Plugin } from "../host/plugin.ts";
import { createSteadyClock } from "../host/steady-clock.ts";
import { machineTime } from "../host/time.ts";
import type { StoredRegistration } from "../store/store.ts";
import { registrationLines } from "./registration-lines.ts";

export type PluginCase = {
  loaded: LoadedConfig;
  configured: ConfiguredPlugin;
  proxy: PluginContext["proxy"];
  accounts: readonly Account[];
  /** Of every plug-in; left out where it is not about them. */
  registrations?: readonly StoredRegistration[];
  /** It adds the mechanism that it offers, in small letters. */
  offered?: Set<string>;
  /** Load it and check its parts, but don't ask its service. */
  offline?: boolean;
};

/** With the ten seconds that loading and `initialize` have each, a diagnosis ends within the minute. */
const READY_SECONDS = 10;
const DIAGNOSE_MS = 40_000;
const SETTINGS = "settings and secrets";
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const LOG = { root: SILENT, forPlugin: () => SILENT, setLevel: () => undefined, resetLevel: () => "info", scrub: (text: string) => text };

/** Runs it in a worker of its own, which ends with the last line; a host that runs is not disturbed. */
export async function* pluginLines({
  loaded,
  configured,
  proxy,
  accounts,
  registrations = [],
  offered,
  offline,
}: PluginCase): AsyncGenerator<DiagnosisLine> {
  const time = machineTime();
  const settings = { ...configured, threads: 1, filterApiTimeoutSeconds: READY_SECONDS };
  const plugin = new Plugin({ settings, clock: createSteadyClock(time), time, log: LOG, proxy, onReady: () => {} });
  try {
    const manifest = await plugin.load();
    if (!manifest.ok) {
      const remedy = "Correct plugins[].module, or mend the plug-in; calls to it are answered 8756 until then.";
      yield { check: "plug-in", state: "fail", found: manifest.fault.cause, remedy };
      return;
    }
    const { mechanism } = manifest.value;
    if (mechanism) offered?.add(mechanism.name.toLowerCase());
    yield* registrationLines({ plugin: configured.name, mechanism, registrations, secrets: loaded.credentials.plugins[configured.name] });
    const part = checkPluginPart(loaded, configured.name, manifest.value);
    if (!part.ok) {
      for (const problem of part.problems) yield { ...problemLine(formatProblem(problem)), check: SETTINGS, ofCredentials: true };
      return;
    }
    yield { check: SETTINGS, state: "ok", found: "they fit what the plug-in expects", ofCredentials: true };
    if (offline) return;
    // Not awaited: `whenReady` says how it ends, and when that takes too long.
    void plugin.begin(part);
    const fault = await plugin.whenReady();
    if (fault) {
      yield failure(fault.cause);
      return;
    }
    if (!manifest.value.diagnoses) {
      yield { check: "service", state: "skipped", found: "the plug-in has no diagnosis of its own", ofCredentials: true };
      return;
    }
    yield* diagnosisOf(plugin, [...accounts]);
  } finally {
    await plugin.stop();
  }
}

export const problemLine = (problem: string): DiagnosisLine => ({
  check: "configuration",
  state: "fail",
  found: problem,
  remedy: "Correct that place in the file; `perch check` looks again.",
});

/** The plug-in's lines as they come, and one of ours where it fails on the way. */
function diagnosisOf(plugin: Plugin, accounts: Account[]): ReadableStream<DiagnosisLine> {
  return new ReadableStream<DiagnosisLine>({
    async start(lines) {
      const hear = (said: unknown): void =>
        lines.enqueue(isLine(said) ? said : failure("it said something that is no line of a diagnosis"));
      const answer = await plugin.call("diagnose", { accounts }, { hear }, DIAGNOSE_MS);
      if (!answer.ok) lines.enqueue(failure(answer.fault.cause));
      lines.close();
    },
  });
}

const failure = (cause: string): DiagnosisLine => ({
  check: "plug-in",
  state: "fail",
  found: cause,
  remedy: "If it names a file or a setting, correct that; else it is the plug-in's own trouble: tell its author.",
});

const STATES = ["ok", "warn", "fail", "skipped"];

function isLine(said: unknown): said is DiagnosisLine {
  if (typeof said !== "object" || said === null || !("check" in said && "state" in said && "found" in said)) return false;
  const remedy = "remedy" in said ? said.remedy : undefined;
  const texts = [said.check, said.found, remedy ?? ""].every((text) => typeof text === "string");
  return texts && typeof said.state === "string" && STATES.includes(said.state);
}
