/** External Notification Registration: who, what content, which account; and its authorisation by PIN. */
import { v7 as uuid } from "uuid";
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";
import type { AccountFacts, Token } from "../contract.ts";
import type { Registration, RegistrationChange, RegistrationDraft } from "../shapes.ts";
import type { Store, StoredAccount, StoredDelivery, StoredRegistration } from "../store/store.ts";
import { DEFAULT_CONTENT, sameName } from "./accept.ts";
import type { Accounts } from "./accounts.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import type { LevelLog } from "./log.ts";
import { adviceWithoutPin, notAuthorized, type ObstacleOf, obstacles } from "./obstacle.ts";
import type { Plugin } from "./plugin.ts";
import type { Plugins } from "./plugins.ts";
import { authorizationOf, presentRegistration } from "./present.ts";
import { openToken, type Sealed, type Vault } from "./sealed.ts";

const DEFAULT_COMPANY = "Global";

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
    const mechanism = await this.#options.plugins.mechanism(draft.mechanism);
    if (!mechanism.ok) return mechanism;
    const now = mechanism.value.plugin.clock.now();
    const accountName = draft.accountName.replace(/^@/, "");
    const lane = this.#options.accounts.byName(mechanism.value.plugin.name, accountName)?.lane ?? null;
    const registration: StoredRegistration = {
      id: uuid(),
      company: draft.company ?? DEFAULT_COMPANY,
      content: draft.content ?? DEFAULT_CONTENT,
      functionalUser: draft.functionalUser,
      mechanism: mechanism.value.mechanism.name,
      accountName,
      enabled: draft.status === "Enabled",
      // An account that is associated already needs no second PIN.
      lane,
      authorizedAt: lane === null ? null : now,
      pending: null,
      createdAt: now,
      updatedAt: now,
    };
    return this.#inTurn(() => this.#save(registration));
  }

  update(change: RegistrationChange): Promise<Answer<Registration>> {
    return this.#inTurn(() => this.#update(change));
  }

  async #update(change: RegistrationChange): Promise<Answer<Registration>> {
    const found = this.#find(change.id);
    if (!found.ok) return found;
    const { id: _, status, accountName, ifUpdatedAt, ...rest } = change;
    const { updatedAt } = this.#present(found.value);
    if (ifUpdatedAt !== undefined && ifUpdatedAt !== updatedAt) return refused(changedMeanwhile(updatedAt));
    const mechanism = await this.#options.plugins.mechanism(change.mechanism ?? found.value.mechanism);
    if (!mechanism.ok) return mechanism;
    const { plugin } = mechanism.value;
    const named = accountName === undefined ? {} : { accountName: accountName.replace(/^@/, "") };
    const next = { ...found.value, ...defined(rest), ...named, mechanism: mechanism.value.mechanism.name, updatedAt: plugin.clock.now() };
    if (next.accountName !== found.value.accountName || next.mechanism !== found.value.mechanism) {
      next.lane = this.#options.accounts.byName(plugin.name, next.accountName)?.lane ?? null;
      next.pending = null;
      next.authorizedAt = next.lane === null ? null : next.updatedAt;
      if (next.lane === null) next.enabled = false;
    }
    if (status !== undefined) next.enabled = status === "Enabled";
    const saved = await this.#save(next);
    if (saved.ok && next.lane !== null) this.#options.onChanged(next.lane);
    return saved;
  }

  delete(id: string): Promise<Answer<{ id: string; cancelled: string[] }>> {
    return this.#inTurn(() => this.#delete(id));
  }

  async #delete(id: string): Promise<Answer<{ id: string; cancelled: string[] }>> {
    const found = this.#find(id);
    if (!found.ok) return found;
    const cancelled = await this.#options.store.deleteRegistration(id, await this.#now(found.value));
    this.#all = this.#all.filter((one) => one.id !== id);
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
    const saved = await this.#change(id, { pending });
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

  /** Reads and clears what is awaited in one turn: of two calls with a PIN one goes to the service, and the other is refused. */
  #takePending(id: string): Promise<Answer<string>> {
    return this.#inTurn(async () => {
      const found = this.#find(id);
      if (!found.ok) return found;
      const { pending, accountName } = found.value;
      if (pending === null) return refused(hostFault("not-authorized", `${accountName}: no PIN is awaited; authorise the account first`));
      const saved = await this.#save({ ...found.value, pending: null });
      return saved.ok ? done(pending) : saved;
    });
  }

  /** Unless somebody began anew meanwhile: then that PIN is the one that counts. */
  #putBack(id: string, pending: string): Promise<void> {
    return this.#inTurn(async () => {
      const found = this.#find(id);
      if (found.ok && found.value.pending === null) await this.#save({ ...found.value, pending });
    });
  }

  async #authorized(
    registration: StoredRegistration,
    plugin: Plugin,
    won: { account: AccountFacts; token: Token },
  ): Promise<Answer<Registration>> {
    const account = await this.#options.accounts.adopt(plugin, won.account, won.token);
    const now = plugin.clock.now();
    const saved = await this.#change(registration.id, { pending: null, lane: account.lane, authorizedAt: now, updatedAt: now });
    this.#options.log.info({ registration: registration.id, account: account.accountName, lane: account.lane }, "account authorised");
    await this.#options.onAuthorized(account.lane);
    return saved;
  }

  /** Registrations that name this account get its lane (an administrator's own token in the credentials file). */
  async associate(account: StoredAccount, now: number): Promise<void> {
    const isNamed = ({ mechanism, accountName }: StoredRegistration) =>
      sameName(accountName, account.accountName) && this.#options.plugins.loadedMechanism(mechanism)?.plugin.name === account.plugin;
    for (const one of this.#all)
      if (one.lane === null && isNamed(one)) await this.#change(one.id, { lane: account.lane, authorizedAt: now, updatedAt: now });
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

  /** Changes what it is now: while the service was asked, somebody may have disabled or deleted it. */
  #change(id: string, change: Partial<StoredRegistration>): Promise<Answer<Registration>> {
    return this.#inTurn(async () => {
      const found = this.#find(id);
      return found.ok ? this.#save({ ...found.value, ...change }) : found;
    });
  }

  /**
   * One change after the other: two at once would each start from what the other is leaving. Each starts from what the
   * store has, since another host may have just written it.
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      this.#all = await this.#options.store.registrations();
      return work();
    });
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #save(next: StoredRegistration): Promise<Answer<Registration>> {
    const account = next.lane === null ? undefined : this.#options.accounts.get(next.lane);
    if (next.enabled && !["authorized", "revoked"].includes(authorizationOf(next, account)))
      return refused(notAuthorized(`${next.accountName}: only an authorised account can be enabled`, [next], this.#obstacleOf));
    const outcome = await this.#options.store.saveRegistration(next);
    if (outcome === "conflict")
      return refused(hostFault("conflict", `a registration of ${next.functionalUser} for ${next.content} on ${next.accountName} exists`));
    if (next.lane === null) this.#options.onUnassociated();
    const known = this.#all.some((one) => one.id === next.id);
    this.#all = known ? this.#all.map((one) => (one.id === next.id ? next : one)) : [...this.#all, next];
    return done(this.#present(next));
  }

  #find(id: string): Answer<StoredRegistration> {
    const found = this.#all.find((one) => one.id === id);
    return found ? done(found) : refused(hostFault("not-found", `there is no registration ${id}`));
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

const changedMeanwhile = (updatedAt: string): Fault => ({
  ...hostFault("conflict", `the registration was changed at ${updatedAt}`),
  advice: "Read it again, then change it.",
});

const pendingOf = (registrationId: string): string => `pending:${registrationId}`;

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
