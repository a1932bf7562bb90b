/** How much is live in the store, counted no more often than its bound needs. */
import type { Query } from "./postgres-database.ts";
import type { PutRequest } from "./store.ts";

const COUNT = `SELECT sum(count)::bigint AS live FROM (SELECT state, count FROM tallies UNION ALL SELECT state, delta FROM tally_moves)
  AS moves WHERE state IN ('queued', 'sending', 'waiting', 'in-doubt')`;
/** So old may a count be, since other hosts accept meanwhile. */
const KEPT_MS = 1_000;
/** And of the room that it left, this host may fill one part in so many before it counts again. */
const PARTS = 16;

export class LiveCount {
  readonly #monotonic: () => number;
  #live = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #added = 0;

  /** `monotonic` in milliseconds. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** What is live before these calls: exact near the bound, else at most {@link KEPT_MS} old. */
  async before(query: Query, requests: readonly PutRequest[]): Promise<number> {
    const coming = requests.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
    const bound = Math.min(...requests.map(({ maxQueued }) => maxQueued));
    const far = this.#added + coming <= (bound - this.#live) / PARTS;
    if (!far || this.#monotonic() - this.#countedAt > KEPT_MS) await this.#count(query);
    return this.#live + this.#added;
  }

  /** So many have been written since. */
  add(deliveries: number): void {
    this.#added += deliveries;
  }

  async #count(query: Query): Promise<void> {
    const [row] = await query<{ live: number }>(COUNT);
    this.#live = row?.live ?? 0;
    this.#added = 0;
    this.#countedAt = this.#monotonic();
  }
}
