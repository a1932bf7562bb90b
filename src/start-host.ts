/** Wires a host: configuration, log, store, rooms, door; and stops it. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { FastifyInstance } from "fastify";
import type { HostOptions, Problems, RunningHost } from "./cli/machine.ts";
import { type LoadedConfig, loadConfig } from "./config/load.ts";
import { verifyPassword } from "./config/password.ts";
import { formatProblem } from "./config/problem.ts";
import { secretValues } from "./config/secret-values.ts";
import { addConsoleRoutes } from "./console/console.ts";
import { type Directory, openDirectory } from "./directory/directory.ts";
import { PACE, type Pace } from "./host/back-off.ts";
import { correctedTime } from "./host/corrected-time.ts";
import { guardHost } from "./host/guard.ts";
import { PerchHost } from "./host/host.ts";
import { inTime } from "./host/in-time.ts";
import { KnownSecrets } from "./host/known-secrets.ts";
import type { HostLog } from "./host/log.ts";
import { buildRooms, type Rooms } from "./host/rooms.ts";
import { machineTime, type Time } from "./host/time.ts";
import type { LastWords } from "./last-words.ts";
import { type Destination, openDestination, openRollingFile } from "./log/destination.ts";
import { createLog, type Log } from "./log.ts";
import { type Metrics, openMetrics, type Readings } from "./metrics/metrics.ts";
import { LiveConfiguration } from "./reload/live-configuration.ts";
import { addRestRoutes } from "./rest/add-rest-routes.ts";
import type { Door, DoorOptions, DoorParts } from "./rpc/door.ts";
import type { ReloadRequest } from "./shapes.ts";
import { addSoapRoutes } from "./soap/add-soap-routes.ts";
import { openStore } from "./store/open.ts";
import type { HostCard, Store } from "./store/store.ts";

export type StartOptions = HostOptions & {
  version: string;
  environment: Readonly<Record<string, string | undefined>>;
  pace?: Pace;
  time?: Time;
  /** Told of the log, for the case that the process dies of what nobody expected. */
  lastWords?: Pick<LastWords, "sayTo">;
};

export async function startHost(options: StartOptions): Promise<{ ok: true; value: RunningHost } | Problems> {
  const read = await loadConfig(options.configFile, options.environment);
  if (!read.ok) return { ok: false, problems: read.problems.map((problem) => formatProblem(problem)) };
  const opened = await openLog(options, read.loaded.config.log);
  if (typeof opened === "string") return { ok: false, problems: [`${options.configFile}: ${opened}`] };
  const started = await new HostProcess(options, read.loaded, opened).start();
  if (!started.ok) await opened?.close();
  return started;
}

/** Undefined where the lines go elsewhere; a sentence where its file can't be opened. */
async function openLog(options: StartOptions, { file, rotate }: LoadedConfig["config"]["log"]): Promise<Destination | string | undefined> {
  if (file === undefined || destinationOf(options).destination) return undefined;
  try {
    return rotate ? await openRollingFile(file, rotate) : openDestination(file);
  } catch (cause) {
    return `log.file can't be opened: ${messageOf(cause)}. Let the host's user write there, or name another file.`;
  }
}

/** The parts of a running host. */
class HostProcess {
  readonly #options: StartOptions;
  readonly #time: Time;
  readonly #log: Log;
  readonly #hostLog: HostLog;
  readonly #startedAt: number;
  /** Of this process in a group. */
  readonly #id = randomUUID();
  readonly #ended = Promise.withResolvers<number>();
  readonly #secrets = new KnownSecrets();
  readonly #metrics: Metrics;
  readonly #configuration: LiveConfiguration;
  readonly #directory: Directory;
  /** Where it listens, once it does. */
  #url: string | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: StartOptions, loaded: LoadedConfig, opened: Destination | undefined) {
    this.#options = options;
    this.#time = options.time ?? machineTime(options.wall);
    this.#startedAt = this.#time.wall();
    this.#secrets.add(secretValues(loaded, options.environment));
    this.#metrics = openMetrics({ version: options.version, node: process.version, now: this.#time.monotonic });
    this.#log = createLog({
      ...loaded.config.log,
      ...destinationOf(options),
      opened,
      now: this.#time.wall,
      secrets: () => this.#secrets.texts,
      onLine: this.#metrics.countLine,
    });
    options.lastWords?.sayTo(this.#log);
    this.#hostLog = {
      ...this.#log,
      setLevel: (level, plugin) => setLevel(this.#log, level, plugin),
      resetLevel: (plugin) => resetLevel(this.#log, this.#configuration.loaded.config.log, plugin),
    };
    const { configFile, environment } = options;
    this.#configuration = new LiveConfiguration({
      configFile,
      environment,
      loaded,
      log: this.#hostLog,
      secrets: this.#secrets,
      time: this.#time,
    });
    this.#directory = openDirectory(() => this.#configuration.loaded.directory, this.#time.monotonic);
  }

  async start(): Promise<{ ok: true; value: RunningHost } | Problems> {
    const { server, store } = this.#configuration.loaded.config;
    const leaseMs = server.group.leaseSeconds * 1000;
    const password = () => this.#configuration.loaded.credentials.store?.password;
    const opening = openStore(store, { postgres: { password, leaseMs } }).catch((cause: unknown) => messageOf(cause));
    // Loaded while the store's threads start: a fifth of the way to ready.
    const [opened, { openDoor }] = await Promise.all([opening, import("./rpc/door.ts")]);
    if (typeof opened === "string") return { ok: false, problems: [opened] };
    const rooms = this.#buildRooms(opened);
    const problems = await this.#configuration.begin(rooms);
    if (problems.length > 0) {
      await opened.close();
      return { ok: false, problems };
    }
    await rooms.start();
    const door = await openDoor(this.#doorOptions(rooms)).catch((cause: unknown) => messageOf(cause));
    if (typeof door === "string") {
      await rooms.stop(0);
      await opened.close();
      return { ok: false, problems: [`The host can't listen on ${door}`] };
    }
    this.#url = door.url;
    this.#log.root.info({ url: door.url, socket: door.socket, store: opened.name, version: this.#options.version }, "host ready");
    this.#configuration.follow(rooms, door);
    void opened.broken.then((cause) => this.#broke(cause, rooms, door));
    return { ok: true, value: this.#handle(rooms, door) };
  }

  #buildRooms(store: Store): Rooms {
    const { environment, pace = PACE } = this.#options;
    const configuration = this.#configuration;
    const [httpsProxy, noProxy] = ["HTTPS_PROXY", "NO_PROXY"].map((name) => environment[name] ?? environment[name.toLowerCase()]);
    store.watchCommits?.(this.#metrics.countCommit);
    const rooms: Rooms = buildRooms({
      store,
      meter: this.#metrics.meter,
      time: this.#time,
      pace,
      log: this.#hostLog,
      proxy: { ...(httpsProxy && { httpsProxy }), ...(noProxy && { noProxy }) },
      secrets: this.#secrets,
      vault: () => configuration.vault,
      outbox: () => configuration.loaded.config.outbox,
      auditDays: () => configuration.loaded.config.audit.retentionDays,
      configuredToken: (plugin, name) => configuration.token(plugin, name),
      card: () => this.#card(rooms),
      onUnassociated: () => void configuration.associate(rooms),
    });
    return rooms;
  }

  #card(rooms: Rooms): HostCard {
    const measured = rooms.plugins.all.flatMap(({ name, clock }) => {
      const { offsetMs } = clock.measurement() ?? {};
      return offsetMs === undefined ? [] : [[name, offsetMs] as const];
    });
    return {
      id: this.#id,
      name: hostname(),
      version: this.#options.version,
      url: this.#publicUrl(),
      startedAt: this.#startedAt,
      keyIds: this.#configuration.keyIds,
      offsets: Object.fromEntries(measured),
    };
  }

  /** Where callers find this host, as far as it knows. What a caller's Host header says is his own invention. */
  #publicUrl(): string {
    const { host, port, tls, publicUrl } = this.#configuration.loaded.config.server;
    return publicUrl ?? this.#url ?? `${tls ? "https" : "http"}://${host}:${port}`;
  }

  #doorOptions(rooms: Rooms): DoorOptions {
    const configuration = this.#configuration;
    const { config, tls } = configuration.loaded;
    const { host, port, socket, trustProxy } = config.server;
    const facts = {
      version: this.#options.version,
      startedAt: this.#startedAt,
      configuration: () => configuration.report(rooms),
      reload: (request?: ReloadRequest) => configuration.reload(rooms, "call", request),
      restartPlugin: (name: string) => configuration.restartPlugin(rooms, name),
      suggestUsers: this.#directory.suggest,
      readLog: this.#log.read,
    };
    return {
      host: guardHost(new PerchHost(rooms, facts)),
      clients: () => configuration.loaded.credentials.clients,
      verify: verifyPassword,
      tokenKeys: () => configuration.vault.derive("access tokens"),
      wall: correctedTime(rooms.plugins, this.#time),
      log: this.#log.root,
      trustProxy,
      listen: { host, port, socket, ...(tls && { tls }) },
      onCall: this.#metrics.countCall,
      addRoutes: (app, parts) => this.#addRoutes(rooms, app, parts),
      readMetrics: (logins) => this.#metrics.read({ ...this.#readings(rooms), logins }),
      stopTimeoutMs: () => configuration.loaded.config.server.stopTimeoutSeconds * 1000,
    };
  }

  #addRoutes(rooms: Rooms, app: FastifyInstance, parts: DoorParts): void {
    const publicUrl = () => this.#publicUrl();
    const now = correctedTime(rooms.plugins, this.#time);
    const { monotonic } = this.#time;
    addRestRoutes(app, parts, publicUrl);
    addSoapRoutes(app, { ...parts, publicUrl, now, monotonic, onCall: this.#metrics.countCall });
    const clients = () => this.#configuration.loaded.credentials.clients;
    addConsoleRoutes(app, { ...parts, clients, now, monotonic, limits: this.#metrics.limits });
  }

  #readings(rooms: Rooms): Omit<Readings, "logins"> {
    const configuration = this.#configuration;
    return {
      figures: rooms.figures,
      readiness: rooms.readiness,
      configuration: () => configuration.report(rooms),
      maxQueued: () => configuration.loaded.config.outbox.maxQueued,
    };
  }

  #handle(rooms: Rooms, door: Door): RunningHost {
    return {
      url: door.url,
      socket: door.socket ?? "",
      stop: () => this.#stop(rooms, door),
      reload: async () => {
        // Programs that move logs away (logrotate) send SIGHUP afterwards.
        this.#log.reopen();
        await this.#configuration.reload(rooms, "signal");
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
    this.#configuration.end();
    const timeoutMs = this.#configuration.loaded.config.server.stopTimeoutSeconds * 1000;
    await Promise.all([rooms.stop(timeoutMs), door.close(), inTime(this.#time, timeoutMs, this.#directory.close())]);
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

/** Undefined for a level that is not known. */
function setLevel(log: Log, level: string, plugin?: string): string | undefined {
  try {
    return log.setLevel(level, plugin);
  } catch {
    return undefined;
  }
}

/** One that the file does not name follows the host from now on. */
function resetLevel(log: Log, { level, plugins }: LoadedConfig["config"]["log"], plugin?: string): string {
  if (plugin === undefined) return log.setLevel(level);
  const own = Object.hasOwn(plugins, plugin) ? plugins[plugin] : undefined;
  return own === undefined ? log.unpin(plugin) : log.setLevel(own, plugin);
}

function destinationOf({ quiet, logTo }: HostOptions): { destination?: { write(line: string): void } } {
  if (logTo) return { destination: { write: logTo } };
  return quiet ? { destination: { write: () => {} } } : {};
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
