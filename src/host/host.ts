/** The host: each verb once, over the rooms that do the work. */
import { type Answer, type ARValue, done, type Fault, type FaultTable, hostFault, refused, type StatusEntry } from "../ar.ts";
import { ROLES, type Role } from "../contract.ts";
import type { LogPage, LogRequest } from "../log-shapes.ts";
import type * as Shapes from "../shapes.ts";
import { noticeFromAlert } from "./accept.ts";
import { Backups } from "./backups.ts";
import type { FoundFilter } from "./plugins.ts";
import { presentHost } from "./present-hosts.ts";
import { preview } from "./preview.ts";
import type { Rooms } from "./rooms.ts";
import type { Act, ActResult, BackupReport, BackupRequest, Caller, Host } from "./verbs.ts";

type FilterAnswer = Answer<{ outValues: ARValue[]; statusList: StatusEntry[] }>;

/** What the process knows and the host only reports. */
export type HostFacts = {
  version: string;
  startedAt: number;
  configuration(): Shapes.HostStatus["configuration"];
  /** Reads both files again; all or nothing. */
  reload(request?: Shapes.ReloadRequest): Promise<Answer<Shapes.ReloadReport>>;
  /** New workers, with the module as it is now, in place of those that run; when they can't start these go on. */
  restartPlugin(name: string): Promise<Answer<Shapes.PluginReport>>;
  /** The last lines of the log. */
  readLog(request: LogRequest): LogPage;
  /** Asks the directory; `registered` stand in where there is none. */
  suggestUsers(prefix: string, registered: readonly string[]): Promise<Answer<Shapes.UserSuggestions>>;
};

export class PerchHost implements Host {
  readonly #rooms: Rooms;
  readonly #facts: HostFacts;
  readonly #backups: Backups;

  constructor(rooms: Rooms, facts: HostFacts) {
    this.#rooms = rooms;
    this.#facts = facts;
    this.#backups = new Backups(rooms.store);
  }

  get faults(): FaultTable {
    return this.#rooms.plugins.faults;
  }

  async filterApiCall(request: Shapes.FilterCallRequest, caller: Caller): Promise<FilterAnswer> {
    const stopping = this.#stopping();
    if (stopping) return stopping;
    const found = await this.#rooms.plugins.filter(request.plugin);
    if (!found.ok) return this.#explainMissing(request.plugin, found);
    const { filter, kind, role } = found.value;
    // What workflow may not call is an administrator's act, whatever it is; its values may be secrets, as a PIN is.
    const [user] = request.inValues;
    const target = kind === "registration" && typeof user === "string" ? { target: user } : {};
    const act: Act = { caller, method: "filterApiCall", ...target, detail: { filter } };
    if (!mayCall(caller, role)) {
      const fault = hostFault("not-allowed", `${request.plugin} needs the role ${role}`);
      await this.recordRefusal(act, fault);
      return refused(fault);
    }
    const work = () => this.#callFilter(request, caller, found.value);
    return role === "workflow" ? work() : this.act(act, work);
  }

  async #callFilter(request: Shapes.FilterCallRequest, caller: Caller, { plugin, filter, kind }: FoundFilter): Promise<FilterAnswer> {
    if (kind === "alert") return this.#alert(request, caller);
    if (kind === "registration") return this.#register(request.inValues);
    const about = request.user === undefined ? {} : { user: request.user };
    const called = await plugin.call("filter", { name: filter, inValues: request.inValues }, about);
    const answer = called.ok ? called.value : called;
    if (!answer.ok) return answer;
    return done({ outValues: answer.value, statusList: [] });
  }

  async notify(request: Shapes.NotifyRequest, caller: Caller): Promise<Answer<Shapes.NotifyResult>> {
    return this.#stopping() ?? (await this.#rooms.deliveries.notify(request, caller));
  }

  preview(request: Shapes.PreviewRequest): Promise<Answer<Shapes.Preview>> {
    return preview(request, this.#rooms);
  }

  getDelivery(request: { id: string; waitSeconds?: number }): Promise<Answer<Shapes.Delivery>> {
    return this.#rooms.deliveries.get(request.id, request.waitSeconds);
  }
  listDeliveries(request: Shapes.DeliveryListRequest): ReturnType<Host["listDeliveries"]> {
    return this.#rooms.deliveries.list(request);
  }
  retryDeliveries(selection: Shapes.DeliverySelection): ReturnType<Host["retryDeliveries"]> {
    return this.#rooms.deliveries.retry(selection);
  }
  cancelDeliveries(selection: Shapes.DeliverySelection): ReturnType<Host["cancelDeliveries"]> {
    return this.#rooms.deliveries.cancel(selection);
  }

  async listLanes(): ReturnType<Host["listLanes"]> {
    return done({ lanes: await this.#rooms.lanes.list() });
  }
  pauseLane(request: { accountName: string }): Promise<Answer<Shapes.Lane>> {
    return this.#rooms.lanes.setPaused(request.accountName, true);
  }
  resumeLane(request: { accountName: string }): Promise<Answer<Shapes.Lane>> {
    return this.#rooms.lanes.setPaused(request.accountName, false);
  }

  async listRegistrations(): ReturnType<Host["listRegistrations"]> {
    return done({ registrations: this.#rooms.registrations.list() });
  }
  async getRegistration(request: { id: string }): Promise<Answer<Shapes.Registration>> {
    return this.#rooms.registrations.get(request.id);
  }
  createRegistration(draft: Shapes.RegistrationDraft): Promise<Answer<Shapes.Registration>> {
    return this.#rooms.registrations.create(draft);
  }
  updateRegistration(change: Shapes.RegistrationChange): Promise<Answer<Shapes.Registration>> {
    return this.#rooms.registrations.update(change);
  }
  deleteRegistration(request: { id: string }): ReturnType<Host["deleteRegistration"]> {
    return this.#rooms.registrations.delete(request.id);
  }
  authorizeRegistration(request: { id: string }): Promise<Answer<{ authorizeUrl: string }>> {
    return this.#rooms.registrations.authorize(request.id);
  }
  confirmRegistration(request: { id: string; pin: string }): Promise<Answer<Shapes.Registration>> {
    return this.#rooms.registrations.confirm(request.id, request.pin);
  }

  suggestUsers({ prefix }: Shapes.UserSuggestRequest): Promise<Answer<Shapes.UserSuggestions>> {
    const registered = this.#rooms.registrations.all.map(({ functionalUser }) => functionalUser);
    return this.#facts.suggestUsers(prefix, registered);
  }

  async listPlugins(): ReturnType<Host["listPlugins"]> {
    return done({ plugins: this.#rooms.plugins.all.map((plugin) => plugin.report()) });
  }
  async restartPlugin(request: { name: string }): Promise<Answer<Shapes.PluginReport>> {
    return this.#stopping() ?? this.#facts.restartPlugin(request.name);
  }

  async status(): Promise<Answer<Shapes.HostStatus>> {
    const { store, plugins, lanes, leases, accounts } = this.#rooms;
    const { ready, reasons } = await this.readiness();
    const [{ byState }, hosts] = await Promise.all([store.counts(), leases.hosts()]);
    const nameOf = (lane: string) => accounts.get(lane)?.accountName ?? lane;
    return done({
      version: this.#facts.version,
      pid: process.pid,
      node: process.version,
      startedAt: new Date(this.#facts.startedAt).toISOString(),
      ready,
      reasons,
      store: store.name,
      deliveries: byState,
      plugins: plugins.all.map((plugin) => plugin.report()),
      lanes: await lanes.list(),
      hosts: hosts.map((host) => presentHost(host, leases.self, nameOf)),
      configuration: this.#facts.configuration(),
    });
  }
  history(request: Shapes.HistoryRequest): ReturnType<Host["history"]> {
    return this.#rooms.history.read(request);
  }
  reload(request: Shapes.ReloadRequest = {}): Promise<Answer<Shapes.ReloadReport>> {
    return this.#facts.reload(request);
  }

  async setLogLevel(request: { level: string; plugin?: string }): ReturnType<Host["setLogLevel"]> {
    const { log, plugins } = this.#rooms;
    if (request.plugin !== undefined && !plugins.named(request.plugin))
      return refused(hostFault("not-found", `there is no plug-in ${request.plugin}`));
    const asConfigured = request.level.toLowerCase() === "default";
    const level = asConfigured ? log.resetLevel(request.plugin) : log.setLevel(request.level, request.plugin);
    if (level === undefined) return refused(hostFault("bad-input", `level ${request.level} is not known; there are ${LOG_LEVELS}`));
    return done({ level, ...(request.plugin !== undefined && { plugin: request.plugin }) });
  }

  async readLog(request: LogRequest): Promise<Answer<LogPage>> {
    return done(this.#facts.readLog(request));
  }

  async backup(request: BackupRequest): Promise<Answer<BackupReport>> {
    return this.#stopping() ?? this.#backups.run(request);
  }

  act<T>(act: Act, work: () => Promise<Answer<T>>, keep?: (value: T) => ActResult): Promise<Answer<T>> {
    return this.#rooms.audit.act(act, work, keep);
  }
  recordRefusal(act: Act, fault: Fault): Promise<void> {
    return this.#rooms.audit.recordRefusal(act, fault);
  }
  recordDone(act: Act): Promise<void> {
    return this.#rooms.audit.record(act, done({}));
  }
  listAudit(request: Shapes.AuditListRequest): ReturnType<Host["listAudit"]> {
    return this.#rooms.audit.list(request);
  }

  readiness(): ReturnType<Host["readiness"]> {
    return this.#rooms.readiness();
  }

  #stopping(): ReturnType<typeof refused> | undefined {
    return this.#rooms.stopping() ? refused(hostFault("stopping", "")) : undefined;
  }

  /** A plug-in that could not be loaded offers no filters; then its cause is what the caller needs to know. */
  #explainMissing(name: string, missing: Answer<never>): Answer<never> {
    const failure = this.#rooms.plugins.named(name)?.loadFailure;
    if (failure) return refused(failure);
    const broken = this.#rooms.plugins.all.filter((plugin) => !plugin.manifest).map((plugin) => plugin.report().cause ?? plugin.name);
    if (missing.ok || broken.length === 0) return missing;
    return refused({ ...missing.fault, cause: `${missing.fault.cause} (not loaded: ${broken.join("; ")})` });
  }

  /** `notify` with AR's inputs; with `waitSeconds`, a delivery that fails within the wait is answered as its error. */
  async #alert(request: Shapes.FilterCallRequest, caller: Caller): Promise<FilterAnswer> {
    const notice = noticeFromAlert(request.inValues, request.waitSeconds);
    if (!notice.ok) return notice;
    const accepted = await this.#rooms.deliveries.notify(notice.value, caller);
    if (!accepted.ok) return accepted;
    const [first] = accepted.value.deliveries;
    if (!first) return refused(hostFault("plugin-error", "no delivery"));
    const failure = (request.waitSeconds ?? 0) > 0 ? await this.#rooms.failureOf(first) : undefined;
    if (failure) return refused(failure);
    return done({ outValues: [first.id, first.state, first.posts[0]?.url ?? null], statusList: [] });
  }

  /** BMC's registration plug-in: a user is picked; then a PIN is given. */
  async #register(inValues: ARValue[]): Promise<FilterAnswer> {
    const [user, pin = null] = inValues;
    if (typeof user !== "string" || user === "") return refused(hostFault("bad-input", "input 1 (user) is empty"));
    const { registrations } = this.#rooms;
    const registration = registrations.list().find((one) => one.functionalUser === user);
    if (!registration) return refused(hostFault("not-registered", `nobody is registered as ${user}`));
    if (pin !== null && pin !== "") {
      const confirmed = await registrations.confirm(registration.id, String(pin));
      if (!confirmed.ok) return confirmed;
      return done({ outValues: [confirmed.value.authorization, confirmed.value.accountName], statusList: [] });
    }
    if (registration.authorization === "authorized") return done({ outValues: [registration.authorization, null], statusList: [] });
    const begun = await registrations.authorize(registration.id);
    return begun.ok ? done({ outValues: ["pending", begun.value.authorizeUrl], statusList: [] }) : begun;
  }
}

/** AR System's levels and pino's, as `log.ts` reads them (upper or lower case); a test compares it with the schema of the configuration. */
const LOG_LEVELS =
  "SEVERE, WARNING, INFO, CONFIG, FINE, FINER, FINEST, OFF, ALL, or fatal, error, warn, info, debug, trace, silent; default is that of the configuration";

const mayCall = (caller: Caller, role: Role): boolean => ROLES.indexOf(caller.role) >= ROLES.indexOf(role);
