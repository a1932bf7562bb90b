/** Leases where there is one host only: the lock on the store is the lease, and it lives as long as the host. */
import { type HostCard, type Lease, LeaseLost, type StoredDelivery, type Taken } from "./store.ts";

export class SoleLeases {
  readonly #held = new Map<string, Lease>();
  readonly #taking = new Map<string, Promise<Taken>>();
  #lastToken = 0;
  #card: { card: HostCard; wall: number } | undefined;

  /** `recover` puts right what an earlier host left in the lane. */
  async take(lane: string, recover: () => Promise<StoredDelivery[]>): Promise<Taken> {
    const held = this.#held.get(lane);
    if (held) return { ...this.#lease(lane), recovered: [], firstLookAt: null };
    const taking = this.#taking.get(lane) ?? this.#takeNow(lane, recover).finally(() => this.#taking.delete(lane));
    this.#taking.set(lane, taking);
    return taking;
  }

  async #takeNow(lane: string, recover: () => Promise<StoredDelivery[]>): Promise<Taken> {
    const recovered = await recover();
    // The host before this one has gone, or the store would still be locked: nothing of it leaves any more.
    return { ...this.#lease(lane), recovered, firstLookAt: null };
  }

  #lease(lane: string): Lease {
    this.#lastToken += 1;
    const lease = { lane, token: this.#lastToken };
    this.#held.set(lane, lease);
    return lease;
  }

  /** Throws {@link LeaseLost}. */
  check(lease: Lease | undefined): void {
    if (lease && this.#held.get(lease.lane)?.token !== lease.token) throw new LeaseLost(`the lane ${lease.lane} is not held any more`);
  }

  heartbeat(card: HostCard, wall: number): Lease[] {
    this.#card = { card, wall };
    return [...this.#held.values()];
  }

  release(leases: readonly Lease[]): void {
    for (const { lane, token } of leases) if (this.#held.get(lane)?.token === token) this.#held.delete(lane);
  }

  unheld(lanes: readonly string[]): string[] {
    return lanes.filter((lane) => !this.#held.has(lane));
  }

  hosts() {
    return this.#card ? [{ ...this.#card.card, lanes: [...this.#held.keys()], seenMs: 0, aheadMs: 0 }] : [];
  }
}
