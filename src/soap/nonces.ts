/** `full`: so many were taken in the last minutes that no more can be remembered. */
export type Taken = "taken" | "used" | "full";
export type Nonces = { take(nonce: string): Taken };

/** A hundred each second: more than a service desk sends, and some 20 MB. */
const MAX_NONCES = 60_000;

/**
 * Remembers each nonce for `keepMs`, so that none is taken twice (WS-Security UsernameToken Profile 1.0, section 4).
 * `now`: monotonic milliseconds. Each host of a group remembers its own.
 */
export function openNonces({ now, keepMs, limit = MAX_NONCES }: { now: () => number; keepMs: number; limit?: number }): Nonces {
  /** With the moment it came; the order is that in which they came. */
  const taken = new Map<string, number>();

  function dropOld(at: number): void {
    for (const [nonce, takenAt] of taken) {
      if (at - takenAt < keepMs) return;
      taken.delete(nonce);
    }
  }

  return {
    take(nonce) {
      const at = now();
      dropOld(at);
      if (taken.has(nonce)) return "used";
      if (taken.size >= limit) return "full";
      taken.set(nonce, at);
      return "taken";
    },
  };
}
