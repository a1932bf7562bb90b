/** The deliveries of one account: in order, one post in flight, each post's state stored before and after. */
import { type Answer, type Fault, hostFault } from "../ar.ts";
import type { Account, AccountFacts } from "../contract.ts";
import { ENDED_STATES } from "../shapes.ts";
import { LeaseLost, type Settlement, type Store, type StoredDelivery, type StoredPost } from "../store/store.ts";
import { type Attempted, attempt, look } from "./attempt.ts";
import { backOff, type Pace } from "./back-off.ts";
import { compose } from "./composing.ts";
import { type Case, type Consequence, consequenceOfLook, type Hold, inDoubt, isBlind } from "./consequence.ts";
import { Due } from "./due.ts";
import type { LaneHolds } from "./holds.ts";
import { type Held, type Leases, takingOf } from "./leases.ts";
import type { LevelLog } from "./log.ts";
import { beginning, type LookAhead, lookAhead, type UnderWay, underWayAfter } from "./look-ahead.ts";
import type { Meter } from "./meter.ts";
import type { Plugin } from "./plugin.ts";
import { redate } from "./redate.ts";
import { openSteps, STORE_RETRY_MS, type Steps } from "./steps.ts";
import type { Time } from "./time.ts";

export type LaneOptions = {
  lane: string;
  plugin: Plugin;
  store: Store;
  time: Time;
  pace: Pace;
  log: LevelLog;
  meter: Meter;
  holds: LaneHolds;
  leases: Leases;
  /** The lane came from another host, or anew to this one. */
  onTaken(): void;
  /** By an operator, or because its plug-in can't work on this host. */
  paused(): boolean;
  stopping(): boolean;
  account(): Answer<Account>;
  failingElsewhere(): string[];
  onChange(delivery: StoredDelivery, sentence?: string): void;
  onLearned(facts: AccountFacts): Promise<void>;
};

const IDLE = Number.POSITIVE_INFINITY;

export class Lane {
  /** The fault of the last attempt; undefined after a success. */
  failing: string | undefined;
  readonly #options: LaneOptions;
  #busy = false;
  #running = Promise.resolve();
  #again = false;
  #cancelTimer = () => {};
  readonly #due: Due;
  readonly #steps: Steps;
  #lease: Held | undefined;
  #doubt: { id: string; index: number; since: number } | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#due = new Due(options.time);
    this.#steps = openSteps(options, { lease: () => this.#lease, follow: (step) => this.#due.follow(step) });
  }

  /** Something is being done for the lane right now. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Something may have changed: look at the head again. */
  poke(): void {
    this.#again = true;
    this.#cancelTimer();
    if (this.#busy) return;
    // No promise to make for each of the thousands of calls that a paused lane may be given.
    if (this.#options.paused()) return void this.#rest();
    // Set before the work begins: its first steps may poke the lane, and two at work would post the head twice.
    this.#busy = true;
    this.#running = this.#drain().finally(() => {
      this.#busy = false;
      if (this.#again && !this.#options.stopping()) this.poke();
    });
  }

  /** Somebody mended what held the lane: its head goes on at once, whatever it was to wait for. */
  hurry(): void {
    this.#due.hurry();
    this.poke();
  }

  /** Ends what waits; resolves when nothing is in flight. */
  async stop(): Promise<void> {
    this.#cancelTimer();
    await this.#running;
    this.#cancelTimer();
  }

  async #drain(): Promise<void> {
    let wait = 0;
    while (wait <= 0 || this.#again) {
      this.#again = false;
      wait = await this.#step().catch((cause: unknown) => this.#stumbled(cause));
    }
    if (wait < IDLE && !this.#options.stopping()) this.#cancelTimer = this.#options.time.after(wait, () => this.poke());
  }

  /** What this host remembers of the lane may have changed on another one. */
  #taken(lease: Held): void {
    this.#lease = lease;
    this.#due.forget();
    this.#doubt = undefined;
    this.#options.onTaken();
  }

  #rest(): number {
    this.#options.leases.rest(this.#options.lane);
    return IDLE;
  }

  #stumbled(cause: unknown): number {
    if (cause instanceof LeaseLost) {
      if (this.#lease) this.#options.leases.lose(this.#lease);
      return IDLE;
    }
    this.#options.log.error({ lane: this.#options.lane, err: cause }, "lane stumbled");
    return STORE_RETRY_MS;
  }

  /** One step of the lane; answers how long to wait before the next. */
  async #step(): Promise<number> {
    const { store, lane, plugin, pace } = this.#options;
    if (this.#options.stopping()) return IDLE;
    if (this.#options.paused()) return this.#rest();
    const lease = await this.#options.leases.hold(lane, takingOf(plugin, pace));
    if (!lease) return IDLE;
    if (lease.token !== this.#lease?.token) this.#taken(lease);
    const held = await this.#options.holds.heldFor();
    if (held > 0) return held;
    const head = await store.claim(lane, plugin.clock.now(), plugin.clock.judge());
    if (!head) return this.#rest();
    if (head.datedBy !== null && (await redate(store, plugin.name, plugin.clock))) return 0;
    const quiet = head.state === "in-doubt" ? lease.quietUntil - this.#options.time.monotonic() : 0;
    const due = Math.max(this.#due.in(head, plugin.clock.now(), pace.backOffCapMs), quiet);
    if (due > 0) return due;
    if (!head.begun && head.expiresAt <= plugin.clock.now()) {
      const earlier = plugin.clock.earlier();
      if (earlier === undefined) return this.#checkClock(head);
      if (head.expiresAt <= earlier) return this.#expire(earlier);
    }
    return this.#advance(head);
  }

  async #advance(head: StoredDelivery): Promise<number> {
    const { plugin } = this.#options;
    const unready = await plugin.whenReady();
    const account = this.#options.account();
    const obstacle = unready ?? (account.ok ? undefined : account.fault);
    if (obstacle || !account.ok) return this.#postpone(head, obstacle ?? hostFault("not-authorized", head.accountName));
    if (head.posts.length === 0) return this.#compose(head, account.value);
    const post = head.posts.find(({ state }) => state !== "posted");
    if (!post) return this.#finish(head);
    if (post.state === "queued" || isBlind(post)) return this.#begin(head, post.index, account.value);
    return this.#lookUp(await this.#doubted(head, post), post.index, account.value);
  }

  /** Every post of it stands: nothing is left but to say so. */
  async #finish(head: StoredDelivery): Promise<number> {
    const at = this.#options.plugin.clock.now();
    await this.#steps.settle({ deliveryId: head.id, at, state: "delivered", nextAttemptAt: null, lastFault: null });
    return 0;
  }

  /** A post that is still `begun` although nothing of it is in flight: its verdict could not be stored. */
  async #doubted(delivery: StoredDelivery, post: StoredPost): Promise<StoredDelivery> {
    if (post.state !== "begun") return delivery;
    const fault = hostFault("plugin-error", "the outcome of the last attempt could not be stored");
    return this.#steps.settle(inDoubt({ ...this.#caseOf(delivery, post) }, fault).step);
  }

  // --- waiting -----------------------------------------------------------------------------------------------------

  /** The head looks expired by a clock that nothing has confirmed since the start: ask the service what time it is. */
  async #checkClock(head: StoredDelivery): Promise<number> {
    const { plugin, pace, random } = { ...this.#options, random: this.#options.time.random };
    const account = this.#options.account();
    if (account.ok) await plugin.call("probe", null, { account: account.value });
    if (plugin.clock.earlier() !== undefined) return 0;
    await this.#postpone(head, hostFault("time-out", "the clock could not be compared with the service's yet"));
    return backOff(2, pace, random);
  }

  async #expire(now: number): Promise<number> {
    const { store, plugin, onChange } = this.#options;
    for (const delivery of await store.expire(plugin.name, now, { by: null, since: 0 })) onChange(delivery);
    return 0;
  }

  /** Nothing was sent: the plug-in or the token is missing for now. Counts as an attempt only where something was tried. */
  async #postpone(head: StoredDelivery, fault: Fault, tries = 0): Promise<number> {
    const { plugin, pace, time } = this.#options;
    const now = plugin.clock.now();
    const waitMs = backOff(Math.max(tries, 1), pace, time.random);
    const state = head.begun ? head.state : "waiting";
    const tried = tries > 0 && { attempts: 1, tried: { index: 0, outcome: "retry", fault } as const };
    await this.#steps.settle({ deliveryId: head.id, at: now, state, lastFault: fault, nextAttemptAt: now + waitMs, ...tried });
    return waitMs;
  }

  // --- one post ----------------------------------------------------------------------------------------------------

  async #compose(head: StoredDelivery, account: Account): Promise<number> {
    const composed = await compose(this.#options.plugin, this.#options.time, head, account);
    if ("posts" in composed) return this.#begin(head, 0, account, composed.posts);
    if ("later" in composed) await this.#postpone(head, composed.later, composed.tries);
    else {
      const { attempts, failed } = composed;
      const ended = { state: "failed", nextAttemptAt: null, attempts, lastFault: failed } as const;
      const tried = { index: 0, outcome: "failed", fault: failed } as const;
      await this.#steps.settle({ deliveryId: head.id, at: this.#options.plugin.clock.now(), ...ended, tried });
    }
    return 0;
  }

  /** Begins a post, and in the same step stores what was just composed; then delivers it and what follows it. */
  async #begin({ id }: StoredDelivery, index: number, account: Account, composed?: Settlement["compose"]): Promise<number> {
    const begun = await this.#steps.advance(beginning(id, index, this.#options.plugin.clock.now(), composed));
    for (let underWay = underWayAfter(begun); underWay; ) underWay = await this.#deliver(underWay, account);
    return 0;
  }

  /** Delivers a post that has begun, and settles it; answers the one that begins in the same commit. */
  async #deliver({ delivery, post, next }: UnderWay, account: Account): Promise<UnderWay | undefined> {
    const { plugin, time } = this.#options;
    const isLast = post.index === delivery.posts.length - 1;
    const ahead = lookAhead(plugin, time, isLast ? next : undefined, account);
    const { consequence, learned } = await this.#attempt(delivery, post, account);
    this.failing = consequence.step.lastFault?.reason;
    const advanced = await this.#steps.advance(consequence.step, this.#following(consequence, plugin, ahead));
    await this.#aftermath(consequence.hold, learned);
    return underWayAfter(advanced);
  }

  /** What may begin at once when its delivery has ended: the same questions as for a head that is begun by itself. */
  #following({ step, hold }: Consequence, looked: Plugin, ahead: LookAhead): Settlement | undefined {
    const { plugin, pace } = this.#options;
    const ready = ENDED_STATES.includes(step.state) && !hold && this.#goesOn() ? ahead() : undefined;
    const isSendable = plugin === looked && plugin.isReady() && this.#options.account().ok;
    const now = plugin.clock.now();
    if (!ready || !isSendable || ready.delivery.expiresAt <= now || this.#due.in(ready.delivery, now, pace.backOffCapMs) > 0)
      return undefined;
    return beginning(ready.delivery.id, 0, now, ready.compose);
  }

  /** With the token of now: it may have been rotated between two posts. */
  #attempt(delivery: StoredDelivery, post: StoredPost, account: Account): Promise<Attempted> {
    const current = this.#options.account();
    const options = { ...this.#options, lease: () => this.#options.leases.term(this.#lease) };
    return attempt(options, () => this.#caseOf(delivery, post), delivery, post, current.ok ? current.value : account);
  }

  /** What follows from an attempt besides its own outcome; that is stored already, so a failure here loses nothing. */
  async #aftermath(hold: Hold | undefined, learned: AccountFacts | undefined): Promise<void> {
    try {
      if (learned) await this.#options.onLearned(learned);
      if (hold) await this.#options.holds.set(hold.scope, hold);
    } catch (cause) {
      this.#options.log.error({ lane: this.#options.lane, err: cause }, "account cannot be stored");
    }
  }

  async #lookUp(delivery: StoredDelivery, index: number, account: Account): Promise<number> {
    const post = delivery.posts[index];
    if (post?.state !== "in-doubt") return 0;
    const about = this.#caseOf(delivery, post);
    const finding = await look(this.#options, about, account);
    const { step, hold } = consequenceOfLook(finding, { ...about, now: this.#options.plugin.clock.now() });
    await this.#steps.settle(step, `post in doubt ${finding.finding}`);
    await this.#aftermath(hold, undefined);
    return 0;
  }

  #caseOf(delivery: StoredDelivery, post: StoredPost): Case {
    const { plugin, time, pace } = this.#options;
    if (this.#doubt?.id !== delivery.id || this.#doubt.index !== post.index || post.state !== "in-doubt")
      this.#doubt = { id: delivery.id, index: post.index, since: time.monotonic() };
    return {
      delivery,
      post,
      now: plugin.clock.now(),
      pace,
      random: time.random,
      doubtAgeMs: time.monotonic() - this.#doubt.since,
      goesOn: this.#goesOn(),
      row: (reason) => plugin.manifest?.faults[reason],
    };
  }

  #goesOn(): boolean {
    const { stopping, paused, holds } = this.#options;
    return !stopping() && !paused() && holds.current === undefined;
  }
}
