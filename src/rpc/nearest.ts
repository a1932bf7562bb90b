import { distance } from "fastest-levenshtein";

/** Longer names are no slips of the finger, and comparing them costs their length squared. */
const MAX_GUESSED = 64;

/** The name that was probably meant: at most a third of the letters differ, case aside. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > MAX_GUESSED) return undefined;
  const wanted = name.toLowerCase();
  const ranked = names
    .map((candidate) => ({ candidate, steps: distance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.steps - b.steps);
  const best = ranked[0];
  return best && best.steps <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
}
