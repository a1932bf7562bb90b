/** The accounts at the services, with their tokens: sealed in the store, or an administrator's own in the credentials. */
import { isDeepStrictEqual } from "node:util";
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";
import type { Account, AccountFacts, Token } from "../contract.ts";
import type { AccountChange, Store, StoredAccount } from "../store/store.ts";
import type { KnownSecrets } from "./known-secrets.ts";
import { sameName } from "./names.ts";
import type { Plugin } from "./plugin.ts";
import { openToken, type Sealed, type Vault } from "./sealed.ts";

export type AccountOptions = {
  store: Store;
  vault: () => Vault;
  secrets?: Pick<KnownSecrets, "add">;
  /**
   * The token that stands in the credentials file, where there is one: it wins over the stored one. A fault until the
   * service has said whose it is.
   */
  configuredToken: (plugin: string, accountName: string) => Answer<Token> | undefined;
};

export const laneOf = (plugin: string, accountId: string): string => `${plugin}:${accountId}`;

export class Accounts {
  readonly #options: AccountOptions;
  readonly #byLane = new Map<string, StoredAccount>();
  /** Opened tokens, so that each attempt does not unseal; forgotten when the account changes. */
  readonly #opened = new Map<string, Token>();
  readonly #writing = new Set<Promise<unknown>>();
  #writes = 0;

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    for (const account of await this.#options.store.accounts()) this.#byLane.set(account.lane, account);
  }

  /** Reads again what another host may have changed; answers what did change. */
  async refresh(): Promise<{ before: StoredAccount | undefined; after: StoredAccount }[]> {
    const changed = (await this.#readUnchanged()).map((after) => ({ before: this.#byLane.get(after.lane), after }));
    const different = changed.filter(({ before, after }) => !isDeepStrictEqual(before, after));
    for (const { after } of different) {
      this.#byLane.set(after.lane, after);
      this.#opened.delete(after.lane);
    }
    return different;
  }

  /** What is read while this host itself writes may be older than what it has written. */
  async #readUnchanged(): Promise<StoredAccount[]> {
    for (;;) {
      await Promise.allSettled(this.#writing);
      const writes = this.#writes;
      const accounts = await this.#options.store.accounts();
      if (writes === this.#writes) return accounts;
    }
  }

  /** Forgets what the store no longer has. An account that is saved meanwhile is another object, and stays. */
  async dropPruned(): Promise<void> {
    const before = new Map(this.#byLane);
    const kept = new Set((await this.#options.store.accounts()).map(({ lane }) => lane));
    for (const [lane, account] of before) {
      if (kept.has(lane) || this.#byLane.get(lane) !== account) continue;
      this.#byLane.delete(lane);
      this.#opened.delete(lane);
    }
  }

  get all(): readonly StoredAccount[] {
    return [...this.#byLane.values()];
  }

  get(lane: string): StoredAccount | undefined {
    return this.#byLane.get(lane);
  }

  byName(plugin: string, accountName: string): StoredAccount | undefined {
    return this.all.find((account) => account.plugin === plugin && sameName(account.accountName, accountName));
  }

  /** The account as a plug-in's call needs it, with its token. */
  forCall(lane: string): Answer<Account> {
    const stored = this.#byLane.get(lane);
    if (!stored) return refused(hostFault("not-authorized", lane));
    const token = this.#tokenOf(stored);
    if (!token.ok) return token;
    return done({
      id: stored.accountId,
      name: stored.accountName,
      token: token.value,
      ...(stored.protected !== null && { protected: stored.protected }),
      ...(stored.accessLevel !== null && { accessLevel: stored.accessLevel }),
      ...(stored.checkedAt !== null && { checkedAt: stored.checkedAt }),
    });
  }

  /** Keeps an account that was just authorised, its token sealed and bound to its id. */
  async adopt(plugin: Plugin, facts: AccountFacts, token: Token | null): Promise<StoredAccount> {
    const lane = laneOf(plugin.name, facts.id);
    const before = this.#byLane.get(lane);
    const learned = { accountName: facts.name, ...factsOf(facts, plugin.clock.now()), revoked: false, hold: null };
    // Without a new token the stored one is not touched: another host may just be sealing it again.
    if (!token && before) return (await this.change(lane, learned)) ?? before;
    if (token) this.#options.secrets?.add(Object.values(token));
    return this.save({
      lane,
      plugin: plugin.name,
      accountId: facts.id,
      token: token && this.#options.vault().seal(JSON.stringify(token), facts.id),
      paused: before?.paused ?? false,
      ...learned,
    });
  }

  /** What the service said of an account on the way. */
  async learn(lane: string, facts: AccountFacts, now: number): Promise<void> {
    await this.change(lane, { ...factsOf(facts, now), revoked: false });
  }

  /** What is named changes and nothing else: another host may be changing the rest. */
  async change(lane: string, change: AccountChange): Promise<StoredAccount | undefined> {
    const before = this.#byLane.get(lane);
    return before && this.#inForce({ ...before, ...change }, () => this.#options.store.changeAccount(lane, change));
  }

  save(account: StoredAccount): Promise<StoredAccount> {
    return this.#inForce(account, () => this.#options.store.saveAccount(account));
  }

  /** At once, so that a change that comes while this one is written starts from it. */
  async #inForce(account: StoredAccount, write: () => Promise<unknown>): Promise<StoredAccount> {
    const before = this.#byLane.get(account.lane);
    this.#byLane.set(account.lane, account);
    this.#opened.delete(account.lane);
    try {
      await this.#noted(write());
    } catch (cause) {
      if (before && this.#byLane.get(account.lane) === account) this.#byLane.set(account.lane, before);
      throw cause;
    }
    return account;
  }

  /** What is read before it ends may be older. */
  async #noted<T>(writing: Promise<T>): Promise<T> {
    this.#writes += 1;
    this.#writing.add(writing);
    try {
      return await writing;
    } finally {
      this.#writing.delete(writing);
    }
  }

  /** Every token that the store keeps. */
  sealed(): Sealed[] {
    return this.all.flatMap(({ lane, accountId, accountName, token }) => {
      if (token === null) return [];
      const replace = async (text: string) => {
        const replaced = await this.#noted(this.#options.store.reseal({ account: lane }, token, text));
        const now = this.#byLane.get(lane);
        if (replaced && now?.token === token) this.#byLane.set(lane, { ...now, token: text });
        return replaced;
      };
      return [{ what: `the token of ${accountName}`, text: token, boundTo: accountId, replace }];
    });
  }

  /** Credentials were reloaded. */
  forget(): void {
    this.#opened.clear();
  }

  #tokenOf(account: StoredAccount): Answer<Token> {
    return this.#options.configuredToken(account.plugin, account.accountName) ?? this.storedToken(account);
  }

  /** Why the token that the credentials file holds for it is not in force. */
  configuredFault(plugin: string, accountName: string): Fault | undefined {
    const configured = this.#options.configuredToken(plugin, accountName);
    return configured?.ok === false ? configured.fault : undefined;
  }

  /** The token that a PIN brought, whatever stands in the credentials file. */
  storedToken(account: StoredAccount): Answer<Token> {
    const known = this.#opened.get(account.lane);
    if (known) return done(known);
    if (account.token === null) return refused(hostFault("not-authorized", account.accountName));
    const token = openToken(this.#options.vault(), account.token, account.accountId, account.accountName);
    if (!token.ok) return token;
    this.#options.secrets?.add(Object.values(token.value));
    this.#opened.set(account.lane, token.value);
    return token;
  }
}

const factsOf = (facts: AccountFacts, now: number): Pick<StoredAccount, "protected" | "accessLevel" | "checkedAt"> => ({
  protected: facts.protected ?? null,
  accessLevel: facts.accessLevel ?? null,
  checkedAt: now,
});
