/** Tries that cost nothing: people mistype. */
const FREE_TRIES = 5;
const LONGEST_WAIT_MS = 300_000;
/** After so long without a try, all is forgotten. */
const FORGET_MS = 900_000;
/** Bound of the memory that guessers can take. */
const MAX_REMEMBERED = 10_000;

export type Throttle = {
  /** Seconds until `key` may try again; 0: now. */
  waitSeconds(key: string): number;
  /**
   * Counts a try before its outcome is known, so that tries at the same time count too. Answers whether it is the last
   * of the free ones: if it is wrong, the waiting begins with it.
   */
  charge(key: string): boolean;
  /** It was the right password. */
  clear(key: string): void;
  clearAll(): void;
};

/** After five failures each further one doubles the wait: 1 s, 2 s, 4 s … 5 min. `now`: monotonic milliseconds. */
export function openThrottle(now: () => number): Throttle {
  const tries = new Map<string, { count: number; at: number; until: number }>();

  function charge(key: string): boolean {
    const at = now();
    const before = tries.get(key);
    const count = (before && at - before.at < FORGET_MS ? before.count : 0) + 1;
    const waitMs = count < FREE_TRIES ? 0 : Math.min(1_000 * 2 ** (count - FREE_TRIES), LONGEST_WAIT_MS);
    // Deleted first, so that the map's order is that of the last try and the oldest goes first.
    tries.delete(key);
    tries.set(key, { count, at, until: at + waitMs });
    const [oldest] = tries.size > MAX_REMEMBERED ? tries.keys() : [];
    if (oldest !== undefined) tries.delete(oldest);
    return count === FREE_TRIES;
  }

  return {
    waitSeconds: (key) => Math.max(0, Math.ceil(((tries.get(key)?.until ?? 0) - now()) / 1_000)),
    charge,
    clear: (key) => void tries.delete(key),
    clearAll: () => tries.clear(),
  };
}
