import { createHash } from "node:crypto";

/** Tries that cost nothing: people mistype. */
const FREE_TRIES = 5;
const LONGEST_WAIT_MS = 300_000;
/** After so long without a try, all is forgotten. */
const FORGET_MS = 900_000;
/** Bounds of the memory that guessers can take. */
const MAX_NETWORKS = 10_000;
const MAX_NAMES = 20;
/** What the names of a network share that came when it had failed with so many others; no digest is empty. */
const SHARED = "";

export type Throttle = {
  /** Seconds until somebody of this network may try that name again; 0: now. */
  waitSeconds(network: string, name: string): number;
  /**
   * Counts a try before its outcome is known, so that tries at the same time count too. Answers whether it is the last
   * of the free ones: if it is wrong, the waiting begins with it.
   */
  charge(network: string, name: string): boolean;
  /** It was the right password. */
  clear(network: string, name: string): void;
  /** These names have other passwords now, so wrong ones of before say nothing. */
  forget(names: readonly string[]): void;
};

type Tries = { count: number; at: number; until: number };

/**
 * After five failures each further one doubles the wait: 1 s, 2 s, 4 s … 5 min. `now`: monotonic milliseconds.
 *
 * Whoever makes up names must not push out what he failed with before. So nothing of a network makes room for more of
 * the same network: names beyond the bound share one count.
 */
export function openThrottle(now: () => number): Throttle {
  const networks = new Map<string, Map<string, Tries>>();

  /** Where a try of that name counts. */
  const slotOf = (names: ReadonlyMap<string, Tries>, name: string): string => {
    const own = keyOf(name);
    return names.has(own) || names.size < MAX_NAMES ? own : SHARED;
  };

  function charge(network: string, name: string): boolean {
    const at = now();
    const names = dropOld(networks.get(network) ?? new Map<string, Tries>(), at);
    const slot = slotOf(names, name);
    const count = (names.get(slot)?.count ?? 0) + 1;
    const waitMs = count < FREE_TRIES ? 0 : Math.min(1_000 * 2 ** (count - FREE_TRIES), LONGEST_WAIT_MS);
    names.set(slot, { count, at, until: at + waitMs });
    // Deleted first, so that the map's order is that of the last try and the oldest goes first.
    networks.delete(network);
    networks.set(network, names);
    const [oldest] = networks.size > MAX_NETWORKS ? networks.keys() : [];
    if (oldest !== undefined) networks.delete(oldest);
    return count === FREE_TRIES;
  }

  function waitSeconds(network: string, name: string): number {
    const names = networks.get(network);
    const until = names?.get(slotOf(names, name))?.until ?? 0;
    return Math.max(0, Math.ceil((until - now()) / 1_000));
  }

  /** What is shared stays: one right password says nothing of the other names. */
  function clear(network: string, name: string): void {
    const names = networks.get(network);
    names?.delete(keyOf(name));
    if (names?.size === 0) networks.delete(network);
  }

  function forget(names: readonly string[]): void {
    for (const network of [...networks.keys()]) for (const name of names) clear(network, name);
  }

  return { waitSeconds, charge, clear, forget };
}

function dropOld(names: Map<string, Tries>, now: number): Map<string, Tries> {
  for (const [slot, { at }] of names) if (now - at >= FORGET_MS) names.delete(slot);
  return names;
}

/** Whoever gives a name chooses its length; this has one. */
const keyOf = (name: string): string => createHash("sha256").update(name).digest("base64url");
