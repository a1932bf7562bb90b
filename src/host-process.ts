/** Wires a host: configuration, log, store, rooms, door; and stops it. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { FastifyInstance } from "fastify";
import type { HostOptions, Problems, RunningHost } from "./cli/machine.ts";
import type { LoadedConfig } from "./config/load.ts";
import { verifyPassword } from "./config/password.ts";
import { secretValues } from "./config/secret-values.ts";
import { type Directory, openDirectory } from "./directory/directory.ts";
import { PACE, type Pace } from "./host/back-off.ts";
import { type Clocks, openClocks } from "./host/clocks.ts";
import { correctedTime } from "./host/corrected-time.ts";
import { guardHost } from "./host/guard.ts";
import { PerchHost } from "./host/host.ts";
import { inTime } from "./host/in-time.ts";
import { KnownSecrets } from "./host/known-secrets.ts";
import type { HostLog } from "./host/log.ts";
import { type OpenPlugin, pluginOpener } from "./host/open-plugin.ts";
import { buildRooms, type Rooms } from "./host/rooms.ts";
import { machineTime, type Time } from "./host/time.ts";
import type { LastWords } from "./last-words.ts";
import type { Destination } from "./log/destination.ts";
import { createLog, type Log } from "./log.ts";
import { type Metrics, openMetrics, type Readings } from "./metrics/metrics.ts";
import { LiveConfiguration } from "./reload/live-configuration.ts";
import { dropPlan, planPlugins } from "./reload/plugin-changes.ts";
import type { Door, DoorOptions, DoorParts } from "./rpc/door.ts";
import type { ReloadRequest } from "./shapes.ts";
import type { HostCard, Store } from "./store/store.ts";

type Doors = typeof import("./doors.ts");

export type StartOptions = HostOptions & {
  version: string;
  environment: Readonly<Record<string, string | undefined>>;
  pace?: Pace;
  time?: Time;
  /** Told of the log, for the case that the process dies of what nobody expected. */
  lastWords?: Pick<LastWords, "sayTo">;
};

/** What became of opening the store: a sentence for people where it can't be opened. */
export type Opened = Store | string;

/** The parts of a running host. */
export class HostProcess {
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

  /** Both files as they are in force. */
  get loaded(): LoadedConfig {
    return this.#configuration.loaded;
  }

  async start(opening: Promise<Opened>): Promise<{ ok: true; value: RunningHost } | Problems> {
    const clocks = openClocks(this.#time);
    const openPlugin = this.#pluginOpener(clocks, (name) => rooms.lanes.pokePlugin(name));
    // The plug-ins' workers load while this thread loads the doors.
    const planning = planPlugins(this.loaded, [], { openPlugin });
    const [opened, doors] = await Promise.all([opening, import("./doors.ts")]);
    if (typeof opened === "string") {
      await dropPlan(await planning);
      return { ok: false, problems: [opened] };
    }
    const rooms = this.#buildRooms(opened, clocks, openPlugin);
    const [openDoor, plan] = await Promise.all([doors.buildDoor(this.#doorOptions(rooms, doors)), planning]);
    const problems = await this.#configuration.begin(rooms, plan);
    if (problems.length > 0) {
      await opened.close();
      return { ok: false, problems };
    }
    await rooms.start();
    const door = await openDoor().catch((cause: unknown) => messageOf(cause));
    if (typeof door === "string") {
      await rooms.stop(0);
      await rooms.close();
      return { ok: false, problems: [`The host can't listen on ${door}`] };
    }
    this.#url = door.url;
    this.#log.root.info({ url: door.url, socket: door.socket, store: opened.name, version: this.#options.version }, "host ready");
    this.#configuration.follow(rooms, door);
    void opened.broken.then((cause) => this.#broke(cause, rooms, door));
    return { ok: true, value: this.#handle(rooms, door) };
  }

  #pluginOpener(clocks: Clocks, onReady: (plugin: string) => void): OpenPlugin {
    const { environment } = this.#options;
    const [httpsProxy, noProxy] = ["HTTPS_PROXY", "NO_PROXY"].map((name) => environment[name] ?? environment[name.toLowerCase()]);
    const proxy = { ...(httpsProxy && { httpsProxy }), ...(noProxy && { noProxy }) };
    return pluginOpener({ clocks, onReady, time: this.#time, log: this.#hostLog, proxy });
  }

  #buildRooms(store: Store, clocks: Clocks, openPlugin: OpenPlugin): Rooms {
    const { pace = PACE } = this.#options;
    const configuration = this.#configuration;
    store.watchCommits?.(this.#metrics.countCommit);
    const rooms: Rooms = buildRooms({
      store,
      meter: this.#metrics.meter,
      time: this.#time,
      pace,
      log: this.#hostLog,
      clocks,
      openPlugin,
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

  #doorOptions(rooms: Rooms, doors: Doors): DoorOptions {
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
      addRoutes: (app, parts) => this.#addRoutes(rooms, doors, app, parts),
      readMetrics: (logins) => this.#metrics.read({ ...this.#readings(rooms), logins }),
      stopTimeoutMs: () => configuration.loaded.config.server.stopTimeoutSeconds * 1000,
    };
  }

  #addRoutes(rooms: Rooms, { addRestRoutes, addSoapRoutes, addConsoleRoutes }: Doors, app: FastifyInstance, parts: DoorParts): void {
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
    await rooms.close();
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
