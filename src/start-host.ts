/** Starts a host. What takes long begins first; most of the host is loaded meanwhile. */
import type { Problems, RunningHost } from "./cli/machine.ts";
import { type LoadedConfig, loadConfig } from "./config/load.ts";
import { formatProblem } from "./config/problem.ts";
import type { HostProcess, Opened, StartOptions } from "./host-process.ts";
import type { Destination } from "./log/destination.ts";
import { openStore } from "./store/open.ts";

export async function startHost(options: StartOptions): Promise<{ ok: true; value: RunningHost } | Problems> {
  const read = await loadConfig(options.configFile, options.environment);
  if (!read.ok) return { ok: false, problems: read.problems.map((problem) => formatProblem(problem)) };
  let host: HostProcess | undefined;
  const opening = open(read.loaded, () => host?.loaded ?? read.loaded);
  const [{ HostProcess: Host }, log] = await Promise.all([import("./host-process.ts"), openLog(options, read.loaded.config.log)]);
  if (typeof log === "string") {
    const store = await opening;
    if (typeof store !== "string") await store.close();
    return { ok: false, problems: [`${options.configFile}: ${log}`] };
  }
  host = new Host(options, read.loaded, log);
  const started = await host.start(opening);
  if (!started.ok) await log?.close();
  return started;
}

/** A reload may bring a new password of the database, for connections from then on. */
function open({ config: { server, store } }: LoadedConfig, inForce: () => LoadedConfig): Promise<Opened> {
  const leaseMs = server.group.leaseSeconds * 1000;
  const password = () => inForce().credentials.store?.password;
  return openStore(store, { postgres: { password, leaseMs } }).catch(messageOf);
}

/** Undefined where the lines go elsewhere; a sentence where its file can't be opened. */
async function openLog(
  { quiet, logTo }: StartOptions,
  { file, rotate }: LoadedConfig["config"]["log"],
): Promise<Destination | string | undefined> {
  if (file === undefined || quiet || logTo) return undefined;
  const { openDestination, openRollingFile } = await import("./log/destination.ts");
  try {
    return rotate ? await openRollingFile(file, rotate) : openDestination(file);
  } catch (cause) {
    return `log.file can't be opened: ${messageOf(cause)}. Let the host's user write there, or name another file.`;
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
