/** Wires a host: configuration, log, store, rooms, door; and reloads and stops it. */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { type Answer, done, hostFault, refused } from "./ar.ts";
import type { HostOptions, Problems, RunningHost } from "./cli/machine.ts";
import { type LoadedConfig, loadConfig } from "./config/load.ts";
import { verifyPassword } from "./config/password.ts";
import { formatProblem } from "./config/problem.ts";
import { secretValues } from "./config/secret-values.ts";
import { ConfiguredAccounts } from "./configured-accounts.ts";
import { PACE, type Pace } from "./host/back-off.ts";
import { guardHost } from "./host/guard.ts";
import { PerchHost } from "./host/host.ts";
import { KnownSecrets } from "./host/known-secrets.ts";
import { buildRooms, type Rooms } from "./host/rooms.ts";
import { machineTime, type Time } from "./host/time.ts";
import { createLog, type Log } from "./log.ts";
import { applyPlugins, dropPlan, planPlugins, type RunningPlugin } from "./plugin-changes.ts";
import { type Door, openDoor } from "./rpc/door.ts";
import type { ReloadReport } from "./shapes.ts";
import { openStore } from "./store/open.ts";
import type { Store } from "./store/store.ts";
import { openVault } from "./vault.ts";

export type StartOptions = HostOptions & {
  version: string;
  environment: Readonly<Record<string, string | undefined>>;
  pace?: Pace;
  time?: Time;
};

/** How often an administrator's own tokens are asked about while X can't be reached. */
const ASSOCIATE_AGAIN_MS = 60_000;

export async function startHost(options: StartOptions): Promise<{ ok: true; value: RunningHost } | Problems> {
  const read = await loadConfig(options.configFile, options.environment);
  if (!read.ok) return { ok: false, problems: read.problems.map((problem) => formatProblem(problem)) };
  const process = new HostProcess(options, read.loaded);
  return process.start();
}

/** The parts of a running host and the configuration in force. */
class HostProcess {
  readonly #options: StartOptions;
  readonly #time: Time;
  readonly #log: Log;
  readonly #startedAt: number;
  readonly #ended = Promise.withResolvers<number>();
  #loaded: LoadedConfig;
  #loadedAt: number;
  #lastError: string | undefined;
  readonly #secrets = new KnownSecrets();
  #vault: ReturnType<typeof openVault>;
  #running: RunningPlugin[] = [];
  readonly #configured = new ConfiguredAccounts();
  #associating: Promise<unknown> = Promise.resolve();
  #reloading: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  #cancelAssociate = () => {};

  constructor(options: StartOptions, loaded: LoadedConfig) {
    this.#options = options;
    this.#time = options.time ?? machineTime(options.wall);
    this.#startedAt = this.#time.wall();
    this.#loaded = loaded;
    this.#loadedAt = this.#startedAt;
    this.#secrets.add(secretValues(loaded, options.environment));
    this.#vault = openVault(loaded.credentials.vault.keys);
    this.#log = createLog({ ...loaded.config.log, ...destinationOf(options), now: this.#time.wall, secrets: () => this.#secrets.texts });
  }

  async start(): Promise<{ ok: true; value: RunningHost } | Problems> {
    const { config } = this.#loaded;
    const opened = await openStore(config.store).catch((cause: unknown) => messageOf(cause));
    if (typeof opened === "string") return { ok: false, problems: [opened] };
    const rooms = this.#buildRooms(opened);
    const plan = await planPlugins(this.#loaded, [], rooms);
    if (plan.problems.length > 0) {
      await dropPlan(plan);
      await opened.close();
      return { ok: false, problems: plan.problems };
    }
    this.#running = (await applyPlugins(plan, [], config.aliases, rooms)).running;
    await rooms.start();
    const door = await this.#openDoor(rooms).catch((cause: unknown) => messageOf(cause));
    if (typeof door === "string") {
      await rooms.stop(0);
      await opened.close();
      return { ok: false, problems: [`The host can't listen on ${config.server.host}:${config.server.port}: ${door}`] };
    }
    this.#log.root.info({ url: door.url, socket: door.socket, store: opened.name, version: this.#options.version }, "host ready");
    void this.#associate(rooms);
    void opened.broken.then((cause) => this.#broke(cause, rooms, door));
    return { ok: true, value: this.#handle(rooms, door) };
  }

  #buildRooms(store: Store): Rooms {
    const { environment, pace = PACE } = this.#options;
    const [httpsProxy, noProxy] = ["HTTPS_PROXY", "NO_PROXY"].map((name) => environment[name] ?? environment[name.toLowerCase()]);
    const rooms: Rooms = buildRooms({
      store,
      time: this.#time,
      pace,
      log: { ...this.#log, setLevel: (level, plugin) => this.#setLevel(level, plugin) },
      proxy: { ...(httpsProxy && { httpsProxy }), ...(noProxy && { noProxy }) },
      secrets: this.#secrets,
      vault: () => this.#vault,
      outbox: () => this.#loaded.config.outbox,
      configuredToken: (plugin, name) => this.#configured.token(this.#running, plugin, name),
      onUnassociated: () => void this.#associate(rooms),
    });
    return rooms;
  }

  #setLevel(level: string, plugin?: string): string | undefined {
    try {
      return this.#log.setLevel(level, plugin);
    } catch {
      return undefined;
    }
  }

  #openDoor(rooms: Rooms): Promise<Door> {
    const { server } = this.#loaded.config;
    const host = new PerchHost(rooms, {
      version: this.#options.version,
      startedAt: this.#startedAt,
      configuration: () => ({
        file: this.#loaded.file,
        loadedAt: new Date(this.#loadedAt).toISOString(),
        ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      }),
      reload: () => this.#reload(rooms, door),
    });
    const opening = openDoor({
      host: guardHost(host),
      clients: () => this.#loaded.credentials.clients,
      verify: verifyPassword,
      log: this.#log.root,
      listen: { host: server.host, port: server.port, socket: server.socket, ...(server.tls && { tls: tlsOf(server.tls) }) },
      stopTimeoutMs: server.stopTimeoutSeconds * 1000,
    });
    let door: Door | undefined;
    return opening.then((opened) => {
      door = opened;
      return opened;
    });
  }

  /** One after the other: two reloads at once would each compare with a state that the other is leaving. */
  #reload(rooms: Rooms, door: Door | undefined): Promise<Answer<ReloadReport>> {
    const mine = this.#reloading.then(() => this.#reloadNow(rooms, door));
    this.#reloading = mine.catch(() => undefined);
    return mine;
  }

  async #reloadNow(rooms: Rooms, door: Door | undefined): Promise<Answer<ReloadReport>> {
    const read = await loadConfig(this.#options.configFile, this.#options.environment);
    if (!read.ok) return this.#refuseReload(read.problems.map((problem) => formatProblem(problem)));
    const plan = await planPlugins(read.loaded, this.#running, rooms);
    if (plan.problems.length > 0) {
      await dropPlan(plan);
      return this.#refuseReload(plan.problems);
    }
    const before = this.#loaded;
    this.#loaded = read.loaded;
    this.#loadedAt = this.#time.wall();
    this.#lastError = undefined;
    this.#secrets.add(secretValues(read.loaded));
    this.#vault = openVault(read.loaded.credentials.vault.keys);
    door?.forget();
    const applied = await applyPlugins(plan, this.#running, read.loaded.config.aliases, rooms);
    this.#running = applied.running;
    const report = { changed: [...this.#changedParts(before), ...applied.changed], needsRestart: restartParts(before, read.loaded) };
    this.#log.root.info(report, "configuration reloaded");
    void this.#associate(rooms);
    return done(report);
  }

  #refuseReload(problems: string[]): Answer<never> {
    const [first = "", ...more] = problems;
    this.#lastError = first;
    this.#log.root.error({ arerr: 8769, problems }, "configuration refused; the old one stays in force");
    return refused(hostFault("bad-config", more.length > 0 ? `${first} (and ${more.length} more)` : first));
  }

  #changedParts(before: LoadedConfig): string[] {
    const after = this.#loaded;
    const { config } = after;
    if (config.log.level !== before.config.log.level) this.#setLevel(config.log.level);
    for (const [name, level] of Object.entries(config.log.plugins)) this.#setLevel(level, name);
    const parts = {
      aliases: [before.config.aliases, config.aliases],
      outbox: [before.config.outbox, config.outbox],
      "log levels": [
        [before.config.log.level, before.config.log.plugins],
        [config.log.level, config.log.plugins],
      ],
      clients: [before.credentials.clients, after.credentials.clients],
      "vault keys": [before.credentials.vault, after.credentials.vault],
    };
    return Object.entries(parts).flatMap(([name, [old, now]]) => (isDeepStrictEqual(old, now) ? [] : [name]));
  }

  /** One after the other, so that no token is tried twice at once. */
  #associate(rooms: Rooms): Promise<void> {
    const mine = this.#associating.then(() => this.#associateNow(rooms));
    this.#associating = mine.catch((cause: unknown) => this.#log.root.error({ err: cause }, "configured accounts not confirmed"));
    return mine;
  }

  async #associateNow(rooms: Rooms): Promise<void> {
    this.#cancelAssociate();
    if (rooms.stopping()) return;
    const again = await this.#configured.confirm(this.#running, rooms);
    if (again) this.#cancelAssociate = this.#time.after(ASSOCIATE_AGAIN_MS, () => void this.#associate(rooms));
  }

  #handle(rooms: Rooms, door: Door): RunningHost {
    return {
      url: door.url,
      socket: door.socket ?? "",
      stop: () => this.#stop(rooms, door),
      reload: async () => {
        await this.#reload(rooms, door);
      },
      ended: this.#ended.promise,
    };
  }

  #stop(rooms: Rooms, door: Door): Promise<void> {
    this.#stopped ??= this.#takeDown(rooms, door);
    return this.#stopped;
  }

  async #takeDown(rooms: Rooms, door: Door): Promise<void> {
    this.#log.root.info({}, "host stopping");
    this.#cancelAssociate();
    const timeoutMs = this.#loaded.config.server.stopTimeoutSeconds * 1000;
    await Promise.all([rooms.stop(timeoutMs), door.close()]);
    await rooms.store.close();
    this.#log.root.info({}, "host stopped");
    await this.#log.close();
  }

  /** A store that can't be trusted any more (a failed fsync): nothing may be accepted, so the host ends. */
  async #broke(cause: Error, rooms: Rooms, door: Door): Promise<void> {
    if (this.#stopped !== undefined) return;
    this.#log.root.fatal({ err: cause, note: 20032 }, "store is broken; the host stops");
    await this.#stop(rooms, door).catch(() => {});
    this.#ended.resolve(1);
  }
}

/** What changed in the file but holds until the host is started again, since open connections and files hang on it. */
function restartParts(before: LoadedConfig, after: LoadedConfig): string[] {
  const { log: oldLog, server: oldServer, store: oldStore } = before.config;
  const { log, server, store } = after.config;
  const parts = {
    server: [oldServer, server],
    store: [oldStore, store],
    "log.file": [oldLog.file, log.file],
    "log.format": [oldLog.format, log.format],
  };
  return Object.entries(parts).flatMap(([name, [old, now]]) => (isDeepStrictEqual(old, now) ? [] : [name]));
}

type TlsFiles = NonNullable<LoadedConfig["config"]["server"]["tls"]>;
const tlsOf = ({ certFile, keyFile, clientCaFile }: TlsFiles) => ({
  cert: readFileSync(certFile, "utf8"),
  key: readFileSync(keyFile, "utf8"),
  ...(clientCaFile !== undefined && { ca: readFileSync(clientCaFile, "utf8") }),
});

function destinationOf({ quiet, logTo }: HostOptions): { destination?: { write(line: string): void } } {
  if (logTo) return { destination: { write: logTo } };
  return quiet ? { destination: { write: () => {} } } : {};
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
