/** All that can keep a host from working, in the order in which one thing hangs on another. Changes nothing. */
import { dirname } from "node:path";
import type { DoctorLine } from "../cli/machine.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { secretValues } from "../config/secret-values.ts";
import type { Account, DiagnosisLine } from "../contract.ts";
import { inspectStore, type StoreInspection } from "../store/inspect.ts";
import { accountsOf } from "./accounts-of.ts";
import { askHost } from "./ask-host.ts";
import { credentialsLine } from "./credentials-lines.ts";
import { databaseLines } from "./database-lines.ts";
import { directoryLine } from "./directory-line.ts";
import { diskLines } from "./disk-lines.ts";
import { clockLine, hostLine, nodeLine, portLine } from "./host-lines.ts";
import { type PluginCase, pluginLines, problemLine } from "./plugin-lines.ts";
import { homelessLines } from "./registration-lines.ts";
import { scrubbed } from "./scrubbed.ts";
import { storeLine } from "./store-lines.ts";

export type DoctorOptions = {
  configFile: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Of this program, and of Node with its `v`. */
  version: string;
  nodeVersion: string;
  /** Milliseconds since 1970, by the machine's clock. */
  now(): number;
};

export async function* diagnose(options: DoctorOptions): AsyncGenerator<DoctorLine> {
  const read = await loadConfig(options.configFile, options.environment);
  if (!read.ok) {
    const lines = [nodeLine(options.nodeVersion), ...read.problems.map((problem) => problemLine(formatProblem(problem))), REST];
    yield* scrubbed("host", lines, []);
    return;
  }
  const { loaded } = read;
  const secrets = secretValues(loaded, options.environment);
  const store = await inspectStore(loaded.config.store, { password: () => loaded.credentials.store?.password, now: options.now });
  yield* scrubbed("host", hostLines(options, loaded, store), secrets);
  const { accounts: stored, registrations } = "accounts" in store ? store : { accounts: [], registrations: [] };
  const offered = new Set<string>();
  const cases = loaded.config.plugins.map((configured) => {
    const { accounts, lines } = accountsOf(configured.name, loaded.credentials, stored);
    return { lines, case: { loaded, configured, proxy: proxyOf(options.environment), accounts, registrations, offered } };
  });
  const known = [...secrets, ...cases.flatMap((one) => secretsOf(one.case.accounts))];
  for (const one of cases) yield* scrubbed(one.case.configured.name, [...one.lines], known);
  yield* together(
    cases.map((one) => one.case),
    known,
  );
  yield* scrubbed("host", [...homelessLines(registrations, offered)], known);
}

const REST: DiagnosisLine = {
  check: "the rest",
  state: "skipped",
  found: "host, port, store, disk, clock and plug-ins hang on configuration, which failed",
};

export const secretsOf = (accounts: readonly Account[]): string[] => accounts.flatMap(({ token }) => Object.values(token));

async function* hostLines(options: DoctorOptions, loaded: LoadedConfig, store: StoreInspection): AsyncGenerator<DiagnosisLine> {
  const { config } = loaded;
  yield nodeLine(options.nodeVersion);
  yield { check: "configuration", state: "ok", found: `${loaded.file} is right` };
  yield credentialsLine(loaded);
  if (loaded.directory) yield await directoryLine(loaded.directory);
  const answer = await askHost(config.server.socket);
  yield hostLine(answer, options.version, config.server.socket);
  yield await portLine(config.server, answer.state !== "stopped");
  yield storeLine(config.store, store, answer.state);
  yield* databaseLines(store);
  const logFolder = config.log.file === undefined ? {} : { log: dirname(config.log.file) };
  const storeFolder = "place" in store ? { store: store.place } : {};
  yield* diskLines({ ...storeFolder, ...logFolder });
  yield await clockLine(answer, options.now());
}

/** HTTPS_PROXY and NO_PROXY, as a host that is started here would hand them to its plug-ins. */
export function proxyOf(environment: DoctorOptions["environment"]): PluginCase["proxy"] {
  const [httpsProxy, noProxy] = ["HTTPS_PROXY", "NO_PROXY"].map((name) => environment[name] ?? environment[name.toLowerCase()]);
  return { ...(httpsProxy && { httpsProxy }), ...(noProxy && { noProxy }) };
}

/** All plug-ins at once, so that the whole does not take longer with each; shown one after the other. */
export async function* together(cases: readonly PluginCase[], secrets: readonly string[]): AsyncGenerator<DoctorLine> {
  const running = cases.map((one) => ({ name: one.configured.name, lines: begun(pluginLines(one)) }));
  for (const { name, lines } of running) yield* scrubbed(name, lines, secrets);
}

/** Runs on and keeps what comes, also while nobody reads. */
function begun<T>(source: AsyncIterable<T>): ReadableStream<T> {
  return new ReadableStream<T>({
    async start(stream) {
      for await (const item of source) stream.enqueue(item);
      stream.close();
    },
  });
}
