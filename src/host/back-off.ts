/** How long things wait, in milliseconds. One table, so that a test or a bench can make them short. */
export type Pace = {
  /** First wait after a failed attempt; it doubles up to the cap. */
  backOffBaseMs: number;
  backOffCapMs: number;
  /** For what only a person can end soon (credits). */
  slowMs: number;
  /** How often a held lane asks the service whether it may go on. */
  probeMs: number;
  /** A post in doubt: the first look, and how long after the request ended a look may prove that it is absent. */
  firstLookMs: number;
  lastLookMs: number;
};

export const PACE: Pace = {
  backOffBaseMs: 2_000,
  // A minute, since an outage of X may end at any moment and "e-mail is down" should not wait much longer than that.
  backOffCapMs: 60_000,
  slowMs: 300_000,
  probeMs: 300_000,
  firstLookMs: 1_000,
  lastLookMs: 10_000,
};

/** Exponential with jitter: between half and all of `base × 2^failures`, at most the cap. `failures` counts from 0. */
export function backOff(failures: number, pace: Pick<Pace, "backOffBaseMs" | "backOffCapMs">, random: () => number): number {
  const full = Math.min(pace.backOffBaseMs * 2 ** Math.min(failures, 30), pace.backOffCapMs);
  return Math.round(full * (0.5 + random() / 2));
}
