/**
 * How much is live in the store, counted no more often than its bound needs. Near the bound it is counted where nobody
 * else decides meanwhile, and the bound holds. A host that was far from it goes by its own count for a moment, so what
 * is live may pass the bound where others fill all the room within that moment: by a sixteenth of that room for each
 * such host, and no more.
 */
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

  /**
   * What is live before these calls, at most {@link KEPT_MS} old, where all of them fit by far; undefined near the
   * bound, where only a {@link count} will do that is made while other hosts wait.
   */
  async whereFar(query: Query, requests: readonly PutRequest[]): Promise<number | undefined> {
    if (this.#monotonic() - this.#countedAt > KEPT_MS) await this.count(query);
    const coming = requests.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
    const bound = Math.min(...requests.map(({ maxQueued }) => maxQueued));
    const far = this.#added + coming <= (bound - this.#live) / PARTS;
    return far ? this.#live + this.#added : undefined;
  }

  /** So many have been written since. */
  add(deliveries: number): void {
    this.#added += deliveries;
  }

  /** What is live now. */
  async count(query: Query): Promise<number> {
    const [row] = await query<{ live: number }>(COUNT);
    this.#live = row?.live ?? 0;
    this.#added = 0;
    this.#countedAt = this.#monotonic();
    return this.#live;
  }
}
