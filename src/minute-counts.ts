/** What a host counts in a minute. A store keeps it under the same names, and sums it over hosts and minutes. */

/** `retried`: attempts after which a post is to be sent again; the others count deliveries. */
export const COUNTED_EVENTS = ["accepted", "delivered", "failed", "expired", "cancelled", "retried"] as const;
export type CountedEvent = (typeof COUNTED_EVENTS)[number];

/**
 * Deliveries by how long they took from acceptance: each column up to its bound, in seconds, and above the one before.
 * The names are columns of the stores, so another bound is another column, with a migration.
 */
export const TOOK = {
  took_100: 0.1,
  took_250: 0.25,
  took_500: 0.5,
  took_1000: 1,
  took_2500: 2.5,
  took_5000: 5,
  took_10000: 10,
  took_30000: 30,
  took_60000: 60,
  took_300000: 300,
  took_900000: 900,
  took_3600000: 3600,
  took_14400000: 14_400,
  took_86400000: 86_400,
  took_longer: Number.POSITIVE_INFINITY,
} as const;
type Took = keyof typeof TOOK;
export const TOOK_COLUMNS = Object.keys(TOOK) as readonly Took[];

/** `latency_ms`: of all that were delivered, together. */
export const COUNTED: readonly (keyof Counts)[] = [...COUNTED_EVENTS, "latency_ms", ...TOOK_COLUMNS];
export type Counts = Record<CountedEvent | "latency_ms" | Took, number>;

export const noCounts = (): Counts => Object.fromEntries(COUNTED.map((name) => [name, 0])) as Counts;
