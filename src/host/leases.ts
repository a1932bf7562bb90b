/**
 * Which lanes this host may work. In a group a lane is leased, and the lease lives only as long as its heartbeat reaches
 * the store; a host that can't reach it counts its leases as ended by its own monotonic clock, without asking anybody.
 */
import { type GroupHost, type HostCard, type Lease, LeaseLost, type Store, type StoredDelivery, type Taken } from "../store/store.ts";
import type { Pace } from "./back-off.ts";
import type { LevelLog } from "./log.ts";
import type { Plugin } from "./plugin.ts";
import type { CallLease } from "./protocol.ts";
import type { Time } from "./time.ts";

export type LeaseOptions = {
  store: Store;
  time: Time;
  log: LevelLog;
  /** What this host says of itself, anew with each heartbeat. */
  card(): HostCard;
  onRecovered(delivery: StoredDelivery): void;
  /** Somebody may have to work this lane. */
  onUnheld(lane: string): void;
};

/**
 * Held until `deadline` on the monotonic clock; `signal` is aborted when it ends before it is given back. What the host
 * before this one had begun may arrive until `quietUntil`: no look before it proves anything, whoever is in a hurry.
 */
export type Held = Lease & { deadline: number; quietUntil: number; signal: AbortSignal };
/** `now` by the corrected clock; `quietMs`: how long after the end of a lease what its holder had begun may reach the service. */
export type Taking = { now: number; quietMs: number };
type Own = Held & { abort: AbortController; cancel: () => void };

/** A request ends with the call that made it, and the service may show what it did some seconds later. */
export const takingOf = ({ clock, settings }: Pick<Plugin, "clock" | "settings">, { lastLookMs }: Pick<Pace, "lastLookMs">): Taking => ({
  now: clock.now(),
  quietMs: settings.filterApiTimeoutSeconds * 1000 + lastLookMs,
});

/** Three heartbeats fit into a lease, so that one that is lost costs nothing. */
const BEATS = 3;
/** A lane that has nothing to do is left to whoever gets its next delivery. */
const IDLE_MS = 5_000;

export class Leases {
  readonly #options: LeaseOptions;
  readonly #held = new Map<string, Own>();
  readonly #takes = new Map<string, Promise<void>>();
  readonly #idle = new Map<string, () => void>();
  readonly #beating = new Set<Promise<void>>();
  #cancelBeat = () => {};
  #stopped = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** There may be other hosts. */
  get shared(): boolean {
    return this.#options.store.leaseMs !== Number.POSITIVE_INFINITY;
  }

  /** The first heartbeat; from then on they follow each other. */
  async start(): Promise<void> {
    await this.#beat();
  }

  /** The lease of a lane, taken where nobody holds it; undefined when another host does. */
  async hold(lane: string, taking: Taking): Promise<Held | undefined> {
    this.#keep(lane);
    const held = this.current(lane);
    if (held || this.#stopped) return held;
    // A second take would end the lease of the first, with which somebody may be at work already.
    const take = this.#takes.get(lane) ?? this.#take(lane, taking).finally(() => this.#takes.delete(lane));
    this.#takes.set(lane, take);
    await take;
    return this.current(lane);
  }

  /** The lease, as long as it is certainly this host's. */
  current(lane: string): Held | undefined {
    const own = this.#held.get(lane);
    return own && own.deadline > this.#options.time.monotonic() ? own : undefined;
  }

  /** For a call that may begin something only as long as this very lease lives. Throws {@link LeaseLost}. */
  term(lease: Lease | undefined): CallLease {
    const own = lease && this.current(lease.lane);
    if (!own || own.token !== lease.token) throw new LeaseLost("the lane is not held any more");
    return { signal: own.signal, remainingMs: () => own.deadline - this.#options.time.monotonic() };
  }

  /** The store said that it is another host's by now; one that this host took after it stays. */
  lose({ lane, token }: Lease): void {
    if (this.#held.get(lane)?.token === token) this.#end(lane, "lane lost to another host");
  }

  /** Nothing is left to do in the lane. */
  rest(lane: string): void {
    if (!this.shared || this.#stopped || this.#idle.has(lane)) return;
    const giveBack = () => {
      this.#idle.delete(lane);
      void this.release([lane]);
    };
    this.#idle.set(lane, this.#options.time.after(IDLE_MS, giveBack));
  }

  async release(lanes: readonly string[]): Promise<void> {
    const given = lanes.flatMap((lane) => this.#held.get(lane) ?? []);
    for (const { lane } of given) this.#drop(lane);
    // A store that can't be reached lets them end by themselves.
    if (given.length > 0) await this.#options.store.release(given.map(leaseOf)).catch(() => {});
  }

  /** Gives back all lanes but those in which something is still in flight: they end by themselves. */
  async stop(busy: readonly string[] = []): Promise<void> {
    this.#stopped = true;
    this.#cancelBeat();
    await Promise.allSettled([...this.#beating, ...this.#takes.values()]);
    await this.release([...this.#held.keys()].filter((lane) => !busy.includes(lane)));
    for (const lane of [...this.#held.keys(), ...this.#idle.keys()]) this.#drop(lane);
  }

  /** Those that this host holds. */
  get lanes(): string[] {
    return [...this.#held.keys()];
  }

  /** Id of this host. */
  get self(): string {
    return this.#options.card().id;
  }

  /** All that were heard of within the last minute; this one among them once it has started. */
  /** What this one says of itself is what it would say now, not what its last heartbeat said. */
  async hosts(): Promise<GroupHost[]> {
    const { store, card } = this.#options;
    const known = await store.hosts();
    return known.map((host) => (host.id === this.self ? { ...host, ...card() } : host));
  }

  async #take(lane: string, { now, quietMs }: Taking): Promise<void> {
    const { store, time, card, onRecovered } = this.#options;
    const askedAt = time.monotonic();
    const taken = await store.take(lane, card().id, now, quietMs);
    if (!taken) return;
    this.#own(taken, askedAt, time.monotonic() + quietOf(taken, { now, quietMs }));
    for (const delivery of taken.recovered) onRecovered(delivery);
    // The host went down while the store was asked.
    if (this.#stopped) await this.release([lane]);
  }

  #keep(lane: string): void {
    this.#idle.get(lane)?.();
    this.#idle.delete(lane);
  }

  #own({ lane, token }: Lease, askedAt: number, quietUntil: number): void {
    this.#drop(lane);
    const abort = new AbortController();
    const own: Own = { lane, token, deadline: 0, quietUntil, signal: abort.signal, abort, cancel: () => {} };
    this.#held.set(lane, own);
    this.#prolong(own, askedAt);
  }

  /** Counted from before the store was asked, since nobody knows when on the way it answered. */
  #prolong(own: Own, askedAt: number): void {
    const { store, time } = this.#options;
    own.cancel();
    own.deadline = askedAt + store.leaseMs;
    if (this.shared) own.cancel = time.after(own.deadline - time.monotonic(), () => this.#end(own.lane, "lane let go: no heartbeat"));
  }

  #end(lane: string, sentence: string): void {
    const own = this.#held.get(lane);
    if (!own) return;
    this.#drop(lane);
    own.abort.abort(new LeaseLost(`the lane ${lane} is not held any more`));
    this.#options.log.warn({ lane }, sentence);
  }

  #drop(lane: string): void {
    this.#held.get(lane)?.cancel();
    this.#held.delete(lane);
    this.#keep(lane);
  }

  /** They do not wait for each other: one that hangs on a dead connection must not cost the lanes. */
  #beat(): Promise<void> {
    const { store, time, log } = this.#options;
    const beating = this.#beatOnce()
      .catch((cause: unknown) => log.error({ err: cause }, "heartbeat failed"))
      .finally(() => this.#beating.delete(beating));
    this.#beating.add(beating);
    if (this.shared) this.#cancelBeat = time.after(store.leaseMs / BEATS, () => void this.#beat());
    return beating;
  }

  async #beatOnce(): Promise<void> {
    const { store, time, card, onUnheld } = this.#options;
    const askedAt = time.monotonic();
    const asked = [...this.#held.values()];
    const answer = await store.heartbeat(card(), time.wall(), asked.map(leaseOf));
    const prolonged = new Map(answer.map(({ lane, token }) => [lane, token]));
    for (const own of asked) {
      // Given back or taken anew meanwhile, or a later heartbeat was answered before this one.
      if (this.#held.get(own.lane) !== own || own.deadline > askedAt + store.leaseMs) continue;
      if (prolonged.get(own.lane) === own.token) this.#prolong(own, askedAt);
      else this.#end(own.lane, "lane lost to another host");
    }
    if (this.shared && !this.#stopped) for (const lane of await store.unheldLanes()) onUnheld(lane);
  }
}

/** How long nobody may look yet; a moment that an earlier host's wrong clock gave counts for no more than a whole wait. */
const quietOf = ({ firstLookAt }: Taken, { now, quietMs }: Taking): number => Math.min(Math.max(0, (firstLookAt ?? now) - now), quietMs);

const leaseOf = ({ lane, token }: Lease): Lease => ({ lane, token });
