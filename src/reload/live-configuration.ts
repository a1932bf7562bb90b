/** The configuration in force: read again when asked or when its files change, and applied whole or not at all. */
import { isDeepStrictEqual } from "node:util";
import { type Answer, done, hostFault, refused } from "../ar.ts";
import type { Watched } from "../config/digest-files.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { secretValues } from "../config/secret-values.ts";
import { problemAt } from "../config/source.ts";
import { watchFiles } from "../config/watch.ts";
import type { Token } from "../contract.ts";
import type { KnownSecrets } from "../host/known-secrets.ts";
import type { HostLog } from "../host/log.ts";
import type { Rooms } from "../host/rooms.ts";
import type { Time } from "../host/time.ts";
import type { Door } from "../rpc/door.ts";
import type { ConfigurationReport, PluginReport, ReloadReport, ReloadRequest } from "../shapes.ts";
import { openVault, type Vault } from "../vault.ts";
import { ChangedModules } from "./changed-modules.ts";
import { ConfiguredAccounts } from "./configured-accounts.ts";
import { changedClients, changedParts, waitingForRestart } from "./differences.ts";
import { applyPlugins, dropPlan, type PluginPlan, planPlugins, type RunningPlugin } from "./plugin-changes.ts";
import { restartPlugin } from "./plugin-restart.ts";
import { type Trials, tryCredentials } from "./trials.ts";
import { lostWith, othersOf, VaultRotation } from "./vault-rotation.ts";

export type LiveOptions = {
  configFile: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** What the host is started with. */
  loaded: LoadedConfig;
  log: HostLog;
  secrets: KnownSecrets;
  time: Time;
};

/** A call is on record as the act of whoever called; the others as the host's own. */
export type ReloadTrigger = "call" | "signal" | "file";

/** How often an administrator's own tokens are asked about while the service can't be reached. */
const ASSOCIATE_AGAIN_MS = 60_000;

export class LiveConfiguration {
  readonly #options: LiveOptions;
  #loaded: LoadedConfig;
  #loadedAt: number;
  #lastError: string | undefined;
  #lastChange: ReloadReport["lastChange"];
  #warnings: readonly string[] = [];
  readonly #rotation: VaultRotation;
  #running: RunningPlugin[] = [];
  #door: Door | undefined;
  /** What the files held when they were last read, in force or refused. */
  #handled: readonly Watched[];
  readonly #modules: ChangedModules;
  readonly #configured = new ConfiguredAccounts();
  #associating: Promise<unknown> = Promise.resolve();
  #reloading: Promise<unknown> = Promise.resolve();
  #cancelAssociate = () => {};
  #endWatch = () => {};

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#loaded = options.loaded;
    this.#loadedAt = options.time.wall();
    this.#handled = [options.loaded];
    this.#rotation = new VaultRotation(options.loaded.credentials.vault.keys, options);
    this.#modules = new ChangedModules(options.log.root);
  }

  /** Both files as they are in force. */
  get loaded(): LoadedConfig {
    return this.#loaded;
  }
  get vault(): Vault {
    return this.#rotation.vault;
  }
  /** Ids of the vault's keys, the one that seals first. */
  get keyIds(): string[] {
    return this.#rotation.keyIds;
  }

  /** The token of an account that stands in the credentials file. */
  token(plugin: string, accountName: string): Answer<Token> | undefined {
    return this.#configured.token(this.#running, plugin, accountName);
  }

  /** Starts the plug-ins; answers what is wrong with their parts of the files, and then nothing runs. */
  async begin(rooms: Rooms, plan: PluginPlan): Promise<string[]> {
    await this.#rotation.begin(rooms);
    this.#handled = [this.#loaded, ...plan.watched];
    if (plan.problems.length > 0) {
      await dropPlan(plan);
      return plan.problems;
    }
    const { running, late } = await applyPlugins(plan, [], this.#loaded.config.aliases, rooms);
    this.#running = running;
    this.#modules.follow(running);
    for (const begun of late) void begun.then((watched) => this.#welcome(watched, rooms));
    return [];
  }

  /** A plug-in that was still loading is there; its accounts may stand in the credentials file. */
  #welcome(watched: Watched | undefined, rooms: Rooms): void {
    if (!watched) return;
    this.#handled = [...this.#handled, watched];
    void this.associate(rooms);
  }

  /** The host is up. */
  follow(rooms: Rooms, door: Door): void {
    this.#door = door;
    this.#rotation.follow(rooms);
    const { after } = this.#options.time;
    const endModules = this.#modules.watch(after);
    const endFiles = watchFiles({ handled: () => this.#handled, onChange: () => this.#reloadUnasked(rooms), after });
    this.#endWatch = () => {
      endModules();
      endFiles();
    };
    void this.associate(rooms);
  }

  end(): void {
    this.#endWatch();
    this.#cancelAssociate();
    this.#rotation.end();
  }

  report(rooms: Rooms): ConfigurationReport {
    return {
      file: this.#loaded.file,
      loadedAt: new Date(this.#loadedAt).toISOString(),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      ...waitingForRestart(this.#options.loaded.config, this.#loaded.config),
      warnings: [...this.#warnings, ...this.#configured.problems(), ...this.#rotation.warnings, ...this.#modules.warnings()],
      vault: this.#rotation.report(rooms),
    };
  }

  /** One after the other: two reloads at once would each compare with a state that the other is leaving. */
  reload(rooms: Rooms, trigger: ReloadTrigger, request: ReloadRequest = {}): Promise<Answer<ReloadReport>> {
    const mine = this.#reloading.then(() => this.#reloadNow(rooms, request));
    this.#reloading = mine.catch(() => undefined);
    return trigger === "call" ? mine : mine.then((answer) => recordReload(rooms, trigger, answer));
  }

  /** Between two reloads, never during one. */
  restartPlugin(rooms: Rooms, name: string): Promise<Answer<PluginReport>> {
    const mine = this.#reloading.then(() => restartPlugin(name, this.#running, this.#loaded, rooms));
    this.#reloading = mine.catch(() => undefined);
    return mine.finally(() => this.#modules.follow(this.#running));
  }

  /** Nobody waits for the answer; a refusal has been logged. */
  async #reloadUnasked(rooms: Rooms): Promise<void> {
    if (rooms.stopping()) return;
    await this.reload(rooms, "file").catch((cause: unknown) => this.#options.log.root.error({ err: cause }, "configuration not reloaded"));
  }

  async #reloadNow(rooms: Rooms, { force = false }: ReloadRequest): Promise<Answer<ReloadReport>> {
    const { configFile, environment, secrets } = this.#options;
    const read = await loadConfig(configFile, environment);
    this.#handled = [read.ok ? read.loaded : read];
    if (!read.ok) return this.#refuse(read.problems.map((problem) => formatProblem(problem)));
    secrets.add(secretValues(read.loaded));
    const plan = await planPlugins(read.loaded, this.#running, rooms);
    this.#handled = [read.loaded, ...plan.watched];
    const tried = plan.problems.length > 0 ? undefined : await tryCredentials(plan, this.#running, rooms);
    const problems = tried ? this.#objections(read.loaded, force ? [] : tried.refused, rooms) : plan.problems;
    if (!tried || problems.length > 0) {
      await dropPlan(plan);
      return this.#refuse(problems);
    }
    return done(await this.#apply(read.loaded, plan, tried, rooms));
  }

  /** What speaks against a configuration that is right in itself. */
  #objections({ credentials, sources }: LoadedConfig, refused: Trials["refused"], rooms: Rooms): string[] {
    const lost = lostWith(this.vault, openVault(credentials.vault.keys), rooms);
    return [
      ...lost.map((message) => problemAt(sources.credentials, ["vault", "keys"], "key", message)),
      ...refused.map(({ plugin, message }) => problemAt(sources.credentials, ["plugins", plugin], "key", message)),
    ].map((problem) => formatProblem(problem));
  }

  async #apply(loaded: LoadedConfig, plan: PluginPlan, tried: Trials, rooms: Rooms): Promise<ReloadReport> {
    const others = await othersOf(rooms);
    const before = this.#loaded;
    this.#loaded = loaded;
    this.#rotation.use(loaded.credentials.vault.keys, others);
    this.#setLevels(before.config.log, loaded.config.log);
    if (loaded.tls && !isDeepStrictEqual(loaded.tls, before.tls)) this.#door?.renewTls(loaded.tls);
    this.#door?.forget(changedClients(before.credentials, loaded.credentials));
    // In one step with the workers' new part: no call has the new token with the old application's key, or the reverse.
    this.#configured.trust(tried.proven);
    const applied = await applyPlugins(plan, this.#running, loaded.config.aliases, rooms);
    this.#running = applied.running;
    this.#modules.follow(applied.running);
    const again = await this.#rotation.seal(rooms);
    this.#warnings = [...tried.refused.map(({ plugin, message }) => `plug-in ${plugin}: forced although ${message}`), ...tried.untried];
    this.#loadedAt = this.#options.time.wall();
    this.#lastError = undefined;
    const report = {
      changed: [
        ...changedParts(before, loaded),
        ...applied.changed,
        ...(again > 0 ? [`${again} sealed again with the vault's key ${this.vault.currentKeyId}`] : []),
      ],
      ...waitingForRestart(this.#options.loaded.config, loaded.config),
      warnings: [...this.#warnings, ...this.#rotation.warnings, ...applied.warnings],
    };
    this.#options.log.root[report.warnings.length > 0 ? "warn" : "info"](report, "configuration reloaded");
    void this.associate(rooms);
    const lastChange = this.#lastChange;
    const { changed } = report;
    if (changed.length > 0) this.#lastChange = { at: new Date(this.#loadedAt).toISOString(), changed };
    return lastChange ? { ...report, lastChange } : report;
  }

  #refuse(problems: string[]): Answer<never> {
    const [first = "", ...more] = problems;
    this.#lastError = first;
    this.#options.log.root.error({ arerr: 8769, problems }, "configuration refused; the old one stays in force");
    return refused(hostFault("bad-config", more.length > 0 ? `${first} (and ${more.length} more)` : first));
  }

  /** Only what the file changes: a level that somebody set at run time stays. */
  #setLevels(before: LoadedConfig["config"]["log"], { level, plugins }: LoadedConfig["config"]["log"]): void {
    const { log } = this.#options;
    if (level !== before.level) log.setLevel(level);
    for (const name of new Set([...Object.keys(before.plugins), ...Object.keys(plugins)]))
      if (plugins[name] !== before.plugins[name]) log.resetLevel(name);
  }

  /** One after the other, so that no token is tried twice at once. */
  associate(rooms: Rooms): Promise<void> {
    const mine = this.#associating.then(() => this.#associateNow(rooms));
    this.#associating = mine.catch((cause: unknown) => this.#options.log.root.error({ err: cause }, "configured accounts not confirmed"));
    return mine;
  }

  async #associateNow(rooms: Rooms): Promise<void> {
    this.#cancelAssociate();
    if (rooms.stopping()) return;
    const again = await this.#configured.confirm(this.#running, rooms);
    // A host that went down meanwhile has cancelled what there was; a timer would keep its process for another minute.
    if (again && !rooms.stopping()) this.#cancelAssociate = this.#options.time.after(ASSOCIATE_AGAIN_MS, () => void this.associate(rooms));
  }
}

async function recordReload(rooms: Rooms, trigger: ReloadTrigger, answer: Answer<ReloadReport>): Promise<Answer<ReloadReport>> {
  const act = { caller: { name: "host" }, method: "server.reload", detail: { trigger } };
  await rooms.audit.record(act, answer, ({ changed, needsRestart }) => ({ detail: { changed, needsRestart } }));
  return answer;
}
