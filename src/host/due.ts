import type { Settlement, StoredDelivery } from "../store/store.ts";
import type { Time } from "./time.ts";

/** When the waiting head of a lane may go on; its stored moment is for people and for the host after this one. */
export class Due {
  readonly #time: Pick<Time, "monotonic">;
  #head: { id: string; at: number } | undefined;
  #hurried = false;

  constructor(time: Pick<Time, "monotonic">) {
    this.#time = time;
  }

  /** The lane was another host's: what was known of its head may not hold any more. */
  forget(): void {
    this.#head = undefined;
  }

  /** The next head goes on at once, whatever it was to wait for. */
  hurry(): void {
    this.#hurried = true;
  }

  /** How long the head has still to wait. A moment of an earlier host may be of a wrong clock: it is followed for `capMs` at most. */
  in(head: StoredDelivery, now: number, capMs: number): number {
    const hurried = this.#hurried;
    this.#hurried = false;
    if (head.nextAttemptAt === null) return 0;
    const monotonic = this.#time.monotonic();
    if (hurried) this.#head = { id: head.id, at: monotonic };
    if (this.#head?.id !== head.id) {
      const wait = Math.min(Math.max(head.nextAttemptAt - now, 0), capMs);
      this.#head = { id: head.id, at: monotonic + wait };
    }
    return this.#head.at - monotonic;
  }

  /** A step was stored. */
  follow({ deliveryId, nextAttemptAt, at }: Settlement): void {
    this.#head = nextAttemptAt === null ? undefined : { id: deliveryId, at: this.#time.monotonic() + nextAttemptAt - at };
  }
}
