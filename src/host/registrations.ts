/** External Notification Registration: who, what content, which account; and its authorisation by PIN. */
import { v7 as uuid } from "uuid";
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";
import type { AccountFacts, Token } from "../contract.ts";
import type { Registration, RegistrationChange, RegistrationDraft } from "../shapes.ts";
import type { Store, StoredAccount, StoredDelivery, StoredRegistration } from "../store/store.ts";
import type { Accounts } from "./accounts.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import type { LevelLog } from "./log.ts";
import { sameName } from "./names.ts";
import { adviceWithoutPin, notAuthorized, type ObstacleOf, obstacles } from "./obstacle.ts";
import type { Plugin } from "./plugin.ts";
import type { Plugins } from "./plugins.ts";
import { authorizationOf, presentRegistration } from "./present.ts";
import { applyChange, asksPlugin, type ChangeContext, changedMeanwhile, newRegistration, tieTo } from "./registration-change.ts";
import { openToken, type Sealed, type Vault } from "./sealed.ts";

export type RegistrationOptions = {
  store: Store;
  plugins: Plugins;
  accounts: Accounts;
  vault: () => Vault;
  secrets: KnownSecrets;
  log: LevelLog;
  /** An account was authorised (again): whatever held its lane is mended. */
  onAuthorized(lane: string): Promise<void>;
  /** A registration was enabled or changed: its lane may have something to do. */
  onChanged(lane: string): void;
  /** A registration names an account that nobody has authorised yet: its token may stand in the credentials file. */
  onUnassociated(): void;
  onCancelled(deliveries: StoredDelivery[]): void;
};

/** What is to stand in its place; refused where that makes no sense. */
type Change = (before: StoredRegistration) => Answer<StoredRegistration> | Promise<Answer<StoredRegistration>>;

export class Registrations {
  #all: StoredRegistration[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  readonly #options: RegistrationOptions;
  readonly #obstacleOf: ObstacleOf;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#obstacleOf = obstacles(options.plugins, options.accounts);
  }

  load(): Promise<void> {
    return this.#inTurn(async () => {});
  }

  get all(): readonly StoredRegistration[] {
    return this.#all;
  }

  list(): Registration[] {
    return this.#all.map((one) => this.#present(one));
  }

  get(id: string): Answer<Registration> {
    const found = this.#find(id);
    return found.ok ? done(this.#present(found.value)) : found;
  }

  async create(draft: RegistrationDraft): Promise<Answer<Registration>> {
    const context = await this.#contextOf(draft.mechanism);
    if (!context.ok) return context;
    const registration = newRegistration(uuid(), draft, context.value);
    return this.#inTurn(async () => (await this.#save(registration)) ?? refused(changedMeanwhile()));
  }

  async update(change: RegistrationChange): Promise<Answer<Registration>> {
    const saved = await this.#change(change.id, (before) => this.#changed(before, change));
    const lane = saved.ok ? this.#all.find(({ id }) => id === change.id)?.lane : undefined;
    if (lane) this.#options.onChanged(lane);
    return saved;
  }

  async #changed(before: StoredRegistration, change: RegistrationChange): Promise<Answer<StoredRegistration>> {
    const { updatedAt } = this.#present(before);
    if (change.ifUpdatedAt !== undefined && change.ifUpdatedAt !== updatedAt) return refused(changedMeanwhile(updatedAt));
    const context = asksPlugin(change)
      ? await this.#contextOf(change.mechanism ?? before.mechanism)
      : done({ mechanism: before.mechanism, now: await this.#now(before), laneOf: () => before.lane });
    return context.ok ? done(applyChange(before, change, context.value)) : context;
  }

  async #contextOf(mechanism: string | undefined): Promise<Answer<ChangeContext>> {
    const found = await this.#options.plugins.mechanism(mechanism);
    if (!found.ok) return found;
    const { plugin, mechanism: about } = found.value;
    const laneOf = (accountName: string) => this.#options.accounts.byName(plugin.name, accountName)?.lane ?? null;
    return done({ mechanism: about.name, now: plugin.clock.now(), laneOf });
  }

  delete(id: string): Promise<Answer<{ id: string; cancelled: string[] }>> {
    return this.#inTurn(() => this.#delete(id));
  }

  async #delete(id: string): Promise<Answer<{ id: string; cancelled: string[] }>> {
    const found = this.#find(id);
    if (!found.ok) return found;
    const cancelled = await this.#options.store.deleteRegistration(id, await this.#now(found.value));
    this.#all = this.#all.filter((one) => one.id !== id);
    if (cancelled === undefined) return refused(noSuch(id));
    this.#options.onCancelled(cancelled);
    this.#options.log.info({ registration: id, cancelled: cancelled.length }, "registration deleted");
    return done({ id, cancelled: cancelled.map((delivery) => delivery.id) });
  }

  /** Begins to authorise. The old token stays in force until `confirm` succeeds. */
  async authorize(id: string): Promise<Answer<{ authorizeUrl: string }>> {
    const subject = await this.#subject(id);
    if (!subject.ok) return subject;
    const { registration, plugin, withoutPin } = subject.value;
    if (withoutPin)
      return refused({ ...hostFault("bad-input", `${registration.mechanism} has no PIN`), advice: adviceWithoutPin(plugin.name) });
    const called = await plugin.call("authorize", { accountName: registration.accountName });
    const answer = called.ok ? called.value : called;
    if (!answer.ok) return answer;
    this.#options.secrets.add(Object.values(answer.value.pending));
    const pending = this.#options.vault().seal(JSON.stringify(answer.value.pending), pendingOf(id));
    const saved = await this.#change(id, (before) => done({ ...before, pending }));
    this.#options.log.info({ registration: id, account: registration.accountName }, "authorisation begun");
    return saved.ok ? done({ authorizeUrl: answer.value.authorizeUrl }) : saved;
  }

  /**
   * Ends it with the PIN. A PIN has one try (X spends it, right or wrong), so what is awaited is forgotten before it is
   * sent, and kept only when the service did not take it or the PIN was malformed.
   */
  async confirm(id: string, pin: string): Promise<Answer<Registration>> {
    const subject = await this.#subject(id);
    if (!subject.ok) return subject;
    const { registration, plugin } = subject.value;
    const taken = await this.#takePending(id);
    if (!taken.ok) return taken;
    const { accountName } = registration;
    const opened = openToken(this.#options.vault(), taken.value, pendingOf(id), accountName);
    if (!opened.ok) return opened;
    const pending = opened.value;
    this.#options.secrets.add(Object.values(pending));
    const called = await this.#options.secrets.during(pin.trim(), () => plugin.call("confirm", { accountName, pending, pin }));
    const answer = called.ok ? called.value : called;
    if (!answer.ok) {
      const mayRepeat = answer.fault.reason === "bad-input" || this.#options.plugins.faults[answer.fault.reason]?.retryable;
      if (mayRepeat && !("spent" in answer)) await this.#putBack(id, taken.value);
      this.#options.log.warn({ registration: id, reason: answer.fault.reason, cause: answer.fault.cause }, "authorisation refused");
      return answer;
    }
    return this.#authorized(registration, plugin, answer.value);
  }

  /** Reads and clears what is awaited in one change: of two calls with a PIN one goes to the service, and the other is refused. */
  async #takePending(id: string): Promise<Answer<string>> {
    let taken = "";
    const saved = await this.#change(id, (before) => {
      const { pending, accountName } = before;
      if (pending === null) return refused(hostFault("not-authorized", `${accountName}: no PIN is awaited; authorise the account first`));
      taken = pending;
      return done({ ...before, pending: null });
    });
    return saved.ok ? done(taken) : saved;
  }

  /** Unless somebody began anew meanwhile: then that PIN is the one that counts. */
  async #putBack(id: string, pending: string): Promise<void> {
    await this.#change(id, (before) => (before.pending === null ? done({ ...before, pending }) : refused(changedMeanwhile())));
  }

  async #authorized(
    registration: StoredRegistration,
    plugin: Plugin,
    won: { account: AccountFacts; token: Token },
  ): Promise<Answer<Registration>> {
    const account = await this.#options.accounts.adopt(plugin, won.account, won.token);
    const now = plugin.clock.now();
    const isSame = ({ mechanism, accountName }: StoredRegistration) =>
      mechanism === registration.mechanism && sameName(accountName, registration.accountName);
    const saved = await this.#change(registration.id, (before) =>
      isSame(before) ? done(tieTo(account, { ...before, pending: null }, now)) : refused(changedMeanwhile()),
    );
    this.#options.log.info({ registration: registration.id, account: account.accountName, lane: account.lane }, "account authorised");
    await this.#options.onAuthorized(account.lane);
    return saved;
  }

  /** Registrations that name this account get its lane (an administrator's own token in the credentials file). */
  async associate(account: StoredAccount, now: number): Promise<void> {
    const awaits = ({ lane, mechanism, accountName }: StoredRegistration) =>
      lane === null &&
      sameName(accountName, account.accountName) &&
      this.#options.plugins.loadedMechanism(mechanism)?.plugin.name === account.plugin;
    const tied = (before: StoredRegistration) => (awaits(before) ? done(tieTo(account, before, now)) : refused(changedMeanwhile()));
    for (const { id } of this.#all.filter(awaits)) await this.#change(id, tied);
  }

  /** What is awaited with each PIN. */
  sealed(): Sealed[] {
    return this.#all.flatMap(({ id, accountName, pending }) => {
      if (pending === null) return [];
      const replace = (text: string) =>
        this.#inTurn(async () => {
          const replaced = await this.#options.store.reseal({ registration: id }, pending, text);
          const resealed = (one: StoredRegistration) => (one.id === id && one.pending === pending ? { ...one, pending: text } : one);
          if (replaced) this.#all = this.#all.map(resealed);
          return replaced;
        });
      return [{ what: `the PIN that is awaited for ${accountName}`, text: pending, boundTo: pendingOf(id), replace }];
    });
  }

  /**
   * Changes what it is now: while the service was asked, somebody may have disabled or deleted it. Where another host
   * changes it at the same time, `change` is asked once more, of what that host has left.
   */
  #change(id: string, change: Change): Promise<Answer<Registration>> {
    return this.#inTurn(async () => {
      const saved = await this.#tryChange(id, change);
      if (saved !== undefined) return saved;
      await this.#read();
      return (await this.#tryChange(id, change)) ?? refused(changedMeanwhile());
    });
  }

  /** Undefined where another host has changed it since it was read. */
  async #tryChange(id: string, change: Change): Promise<Answer<Registration> | undefined> {
    const before = this.#find(id);
    if (!before.ok) return before;
    const next = await change(before.value);
    return next.ok ? this.#save(next.value, before.value) : next;
  }

  /**
   * One change after the other: two at once would each start from what the other is leaving. Each starts from what the
   * store has, since another host may have just written it.
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      await this.#read();
      return work();
    });
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #read(): Promise<void> {
    this.#all = await this.#options.store.registrations();
  }

  /** Undefined where it is not in the store as it was before. */
  async #save(next: StoredRegistration, before?: StoredRegistration): Promise<Answer<Registration> | undefined> {
    const account = next.lane === null ? undefined : this.#options.accounts.get(next.lane);
    if (next.enabled && !["authorized", "revoked"].includes(authorizationOf(next, account)))
      return refused(notAuthorized(`${next.accountName}: only an authorised account can be enabled`, [next], this.#obstacleOf));
    const outcome = await this.#options.store.saveRegistration(next, before);
    if (outcome === "stale") return undefined;
    if (outcome === "conflict")
      return refused(hostFault("conflict", `a registration of ${next.functionalUser} for ${next.content} on ${next.accountName} exists`));
    if (next.lane === null) this.#options.onUnassociated();
    this.#all = before ? this.#all.map((one) => (one.id === next.id ? next : one)) : [...this.#all, next];
    return done(this.#present(next));
  }

  #find(id: string): Answer<StoredRegistration> {
    const found = this.#all.find((one) => one.id === id);
    return found ? done(found) : refused(noSuch(id));
  }

  async #subject(id: string): Promise<Answer<{ registration: StoredRegistration; plugin: Plugin; withoutPin: boolean }>> {
    const found = this.#find(id);
    if (!found.ok) return found;
    const mechanism = await this.#options.plugins.mechanism(found.value.mechanism);
    if (!mechanism.ok) return mechanism;
    const { plugin, mechanism: about } = mechanism.value;
    return done({ registration: found.value, plugin, withoutPin: about.withoutPin === true });
  }

  async #now(registration: StoredRegistration): Promise<number> {
    const mechanism = await this.#options.plugins.mechanism(registration.mechanism);
    return mechanism.ok ? mechanism.value.plugin.clock.now() : Date.now();
  }

  #present(one: StoredRegistration): Registration {
    const account = one.lane === null ? undefined : this.#options.accounts.get(one.lane);
    return presentRegistration(one, account, this.#obstacleOf(one));
  }
}

const noSuch = (id: string): Fault => hostFault("not-found", `there is no registration ${id}`);

const pendingOf = (registrationId: string): string => `pending:${registrationId}`;
