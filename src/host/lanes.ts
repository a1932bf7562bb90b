/** All lanes: opened when an account has something to deliver, held and freed, paused and resumed, swept for what expired. */
import { type Answer, done, hostFault, refused } from "../ar.ts";
import type { Account } from "../contract.ts";
import type { Lane as LaneReport } from "../shapes.ts";
import type { Store, StoredAccount, StoredDelivery } from "../store/store.ts";
import type { Accounts } from "./accounts.ts";
import type { Pace } from "./back-off.ts";
import { type ActiveHold, type KeyHold, LaneHolds } from "./holds.ts";
import { Lane } from "./lane.ts";
import { type Leases, type Taking, takingOf } from "./leases.ts";
import type { HostLog } from "./log.ts";
import { type Meter, NO_METER } from "./meter.ts";
import { missingPlugin } from "./missing-plugin.ts";
import { sameName, withoutAt } from "./names.ts";
import { adviceWithoutPin } from "./obstacle.ts";
import type { Plugin } from "./plugin.ts";
import type { Plugins } from "./plugins.ts";
import { presentLane } from "./present.ts";
import { holdersOf } from "./present-hosts.ts";
import type { Time } from "./time.ts";

export type LanesOptions = {
  store: Store;
  plugins: Plugins;
  accounts: Accounts;
  leases: Leases;
  time: Time;
  pace: Pace;
  log: HostLog;
  meter?: Meter;
  onChange(delivery: StoredDelivery, sentence?: string): void;
};

type Open = { lane: Lane; holds: LaneHolds; plugin: string };

export class Lanes {
  readonly #options: LanesOptions;
  readonly #open = new Map<string, Open>();
  readonly #missingSince = new Map<string, number>();
  readonly #keyHolds = new Map<string, KeyHold>();
  #stopping = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Goes on where the host before this one ended. */
  async start(): Promise<void> {
    const { store, leases } = this.#options;
    for (const lane of await store.unheldLanes()) {
      const held = await leases.hold(lane, this.#taking(lane));
      // Nobody here can work a lane whose plug-in is missing.
      if (this.#lane(lane)) this.poke(lane);
      else if (held) leases.rest(lane);
    }
  }

  /** Something may have changed for this lane. A lane whose plug-in is not there waits in the store. */
  poke(lane: string): void {
    if (!this.#stopping) this.#lane(lane)?.lane.poke();
  }

  /** A plug-in is ready (again), or its key works again. */
  pokePlugin(plugin: string): void {
    for (const account of this.#options.accounts.all) if (account.plugin === plugin) this.poke(account.lane);
  }

  /** Somebody mended what held the lane. */
  async free(lane: string): Promise<void> {
    const open = this.#lane(lane);
    await open?.holds.clear();
    if (!this.#stopping) open?.lane.hurry();
  }

  /** New credentials of a plug-in: whatever held its lanes deserves another try. */
  async freePlugin(plugin: string): Promise<void> {
    this.#keyHold(plugin).current = undefined;
    for (const account of this.#options.accounts.all) if (account.plugin === plugin) await this.free(account.lane);
  }

  /** Another host has changed an account: an operator's resume, or a new authorisation, lets the lane try at once. */
  changed(before: StoredAccount | undefined, after: StoredAccount): void {
    const open = this.#lane(after.lane);
    open?.holds.sync(after.hold);
    const mended = (before?.hold != null && after.hold === null) || (before?.paused === true && !after.paused);
    if (mended && !this.#stopping) open?.lane.hurry();
    else this.poke(after.lane);
  }

  /** Lanes in which something is in flight. */
  get busy(): string[] {
    return [...this.#open].filter(([, { lane }]) => lane.busy).map(([id]) => id);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#open.values()].map(({ lane }) => lane.stop()));
  }

  async list(): Promise<LaneReport[]> {
    const { store, leases } = this.#options;
    const [{ liveByLane }, hosts] = await Promise.all([store.counts(), leases.hosts()]);
    const holders = holdersOf(hosts);
    return this.reports(liveByLane).map(({ lane, report }) => {
      const host = holders.get(lane);
      return host === undefined ? report : { ...report, host };
    });
  }

  /** Every lane, with figures of the store that were read before. */
  reports(liveByLane: Readonly<Record<string, number>>): { lane: string; report: LaneReport }[] {
    return this.#options.accounts.all.map((account) => ({
      lane: account.lane,
      report: this.#report(account, liveByLane[account.lane] ?? 0),
    }));
  }

  /** By an operator; a resume also lets a held lane try at once. */
  async setPaused(accountName: string, paused: boolean): Promise<Answer<LaneReport>> {
    const { accounts, log, store } = this.#options;
    const found = accounts.all.find((account) => sameName(account.accountName, withoutAt(accountName)));
    if (!found) return refused(hostFault("not-found", `there is no account ${accountName}`));
    const account = (await accounts.change(found.lane, paused ? { paused } : { paused, hold: null })) ?? found;
    log.root.info({ lane: account.lane, account: account.accountName }, paused ? "lane paused" : "lane resumed");
    if (!paused) await this.free(account.lane);
    const { liveByLane } = await store.counts();
    return done(this.#report(accounts.get(account.lane) ?? account, liveByLane[account.lane] ?? 0));
  }

  #report(account: StoredAccount, queued: number): LaneReport {
    const open = this.#lane(account.lane);
    const facts = { queued, sending: open?.lane.busy ?? false, hold: this.#missing(account) ?? open?.holds.current };
    return presentLane(account, facts, this.#options.plugins.faults);
  }

  /** `since`: when it was noticed. */
  #missing({ plugin }: StoredAccount): ActiveHold | undefined {
    const { plugins, time } = this.#options;
    if (plugins.named(plugin)) {
      this.#missingSince.delete(plugin);
      return undefined;
    }
    const since = this.#missingSince.get(plugin) ?? time.wall();
    this.#missingSince.set(plugin, since);
    const never = Number.POSITIVE_INFINITY;
    return { fault: missingPlugin(plugin), since, untilMonotonic: never, waitMs: never, probe: false };
  }

  /** Also for a lane whose plug-in is gone: what an earlier host had begun in it is put right all the same. */
  #taking(lane: string): Taking {
    const { accounts, plugins, time, pace } = this.#options;
    const plugin = plugins.named(accounts.get(lane)?.plugin ?? "");
    return plugin ? takingOf(plugin, pace) : { now: time.wall(), quietMs: pace.lastLookMs };
  }

  #keyHold(plugin: string): KeyHold {
    const hold = this.#keyHolds.get(plugin) ?? { current: undefined };
    this.#keyHolds.set(plugin, hold);
    return hold;
  }

  /** One lane for an account as long as the host lives: two at work would post the head twice. */
  #lane(id: string): Open | undefined {
    const known = this.#open.get(id);
    if (known) return known;
    const account = this.#options.accounts.get(id);
    const plugin = account && this.#options.plugins.named(account.plugin);
    if (!account || !plugin) return undefined;
    const opened = this.#openLane(account, plugin);
    this.#open.set(id, opened);
    return opened;
  }

  #openLane(account: StoredAccount, first: Plugin): Open {
    const { store, time, pace, log, meter = NO_METER, accounts, leases, plugins, onChange } = this.#options;
    const id = account.lane;
    /** A reload may put another in its place; one that is gone is not called, and its lane rests. */
    const current = () => plugins.named(first.name);
    const holds = this.#openHolds(account, first.name, () => current() ?? first);
    const lane = new Lane({
      lane: id,
      get plugin() {
        return current() ?? first;
      },
      store,
      time,
      pace,
      log: log.root,
      meter,
      holds,
      leases,
      onTaken: () => holds.sync(accounts.get(id)?.hold ?? null),
      paused: () => current() === undefined || this.#isLeftToOthers(current()) || (accounts.get(id)?.paused ?? false),
      stopping: () => this.#stopping,
      account: () => this.#accountFor(id),
      failingElsewhere: () => this.#failingElsewhere(id, first.name),
      onChange,
      onLearned: (facts) => accounts.learn(id, facts, (current() ?? first).clock.now()),
    });
    return { lane, holds, plugin: first.name };
  }

  /** What is missing of an account without a PIN is its entry in the credentials file. */
  #accountFor(id: string): Answer<Account> {
    const { accounts, plugins } = this.#options;
    const account = accounts.forCall(id);
    const plugin = plugins.named(accounts.get(id)?.plugin ?? "");
    const isAdvised = account.ok || account.fault.reason !== "not-authorized" || account.fault.advice !== undefined;
    if (isAdvised || !plugin?.manifest?.mechanism?.withoutPin) return account;
    return refused({ ...account.fault, advice: adviceWithoutPin(plugin.name) });
  }

  /** A plug-in that failed here may work on another host. */
  #isLeftToOthers(plugin: Plugin | undefined): boolean {
    return this.#options.leases.shared && plugin?.report().state === "failed";
  }

  #openHolds(account: StoredAccount, name: string, plugin: () => Plugin): LaneHolds {
    const { time, pace, log, accounts } = this.#options;
    const id = account.lane;
    const holds = new LaneHolds({
      lane: id,
      key: this.#keyHold(name),
      get clock() {
        return plugin().clock;
      },
      time,
      pace,
      log: log.root,
      probe: async () => {
        const called = accounts.forCall(id);
        if (!called.ok) return called;
        const answer = await plugin().call("probe", null, { account: called.value, failingElsewhere: this.#failingElsewhere(id, name) });
        return answer.ok ? answer.value : answer;
      },
      onLearned: (facts) => accounts.learn(id, facts, plugin().clock.now()),
      onOwn: async (hold) => {
        const revoked = hold !== undefined && plugin().manifest?.faults[hold.fault.reason]?.revokes === true;
        await accounts.change(id, { hold: hold ?? null, revoked });
      },
      onKeyFree: () => this.pokePlugin(name),
    });
    if (account.hold) holds.restore(account.hold);
    return holds;
  }

  /** An outage of X answers 401 to everybody; one dead token does not. */
  #failingElsewhere(id: string, plugin: string): string[] {
    const reasons: string[] = [];
    // Asked for each post: what is well is passed over first.
    for (const [other, open] of this.#open) {
      const reason = open.holds.current?.fault.reason ?? open.lane.failing;
      if (reason !== undefined && other !== id && open.plugin === plugin && this.#options.accounts.get(other)) reasons.push(reason);
    }
    return reasons;
  }

  /** Accounts that the store no longer has need no lane. */
  async forget(): Promise<void> {
    const gone = [...this.#open].filter(([id]) => this.#options.accounts.get(id) === undefined);
    for (const [id, { lane }] of gone) {
      this.#open.delete(id);
      await lane.stop();
    }
  }
}
