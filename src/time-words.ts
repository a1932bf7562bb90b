/** Lengths of time and clocks that are wrong, in words for people. */

/** `850 ms`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`. */
export function lengthOf(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return pair(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return pair(seconds, 3600, "h", 60, "min");
  return pair(seconds, 86_400, "d", 3600, "h");
}

function pair(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  const whole = `${Math.floor(seconds / large)} ${largeUnit}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallUnit}`;
}

/** The offset is service − host (contract, section 3): positive where the host is slow. Whole seconds are all it knows. */
export function clockWords(offsetSeconds: number): string {
  const seconds = Math.round(Math.abs(offsetSeconds));
  if (seconds === 0) return "right";
  return `${seconds} s ${offsetSeconds > 0 ? "slow" : "fast"}`;
}

/** Against the database's clock. */
export function aheadWords(aheadSeconds: number): string {
  const seconds = Math.abs(aheadSeconds);
  return seconds < 0.5 ? "right" : `${seconds} s ${aheadSeconds > 0 ? "fast" : "slow"}`;
}
