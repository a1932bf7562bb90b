/** Callers who wait for the outcome of a delivery. */
import { ENDED_STATES } from "../shapes.ts";
import type { StoredDelivery } from "../store/store.ts";
import type { Time } from "./time.ts";

export const hasEnded = (delivery: StoredDelivery): boolean => ENDED_STATES.includes(delivery.state);

export class Waiting {
  readonly #time: Time;
  readonly #waiters = new Map<string, Set<() => void>>();

  #released = false;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Deliveries that somebody waits for. */
  get ids(): string[] {
    return [...this.#waiters.keys()];
  }

  /** A delivery has changed. */
  tell(delivery: StoredDelivery): void {
    if (hasEnded(delivery)) for (const wake of this.#waiters.get(delivery.id) ?? []) wake();
  }

  /** Resolves when the delivery has ended or the time is over. Subscribe first, then read, so that no end is missed. */
  until(id: string, seconds: number): { ended: Promise<void>; cancel: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters);
    const stop = () => {
      cancelTimer();
      waiters.delete(stop);
      if (waiters.size === 0) this.#waiters.delete(id);
      resolve();
    };
    const cancelTimer = this.#time.after(seconds * 1000, stop);
    waiters.add(stop);
    if (this.#released) stop();
    return { ended: promise, cancel: stop };
  }

  /** The host goes down: nobody waits any longer. */
  release(): void {
    this.#released = true;
    for (const waiters of [...this.#waiters.values()]) for (const wake of [...waiters]) wake();
  }
}
