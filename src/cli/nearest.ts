import { distance } from "fastest-levenshtein";

/** The name that was probably meant; undefined when none is near. Lower and upper case count as one. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const meant = word.toLowerCase();
  const near = names
    .map((name) => ({ name, steps: distance(meant, name.toLowerCase()) }))
    .filter(({ name, steps }) => steps <= Math.max(2, Math.floor(meant.length / 3)) && steps < name.length)
    // Two letters that changed places count as two steps, and leave the length as it was.
    .sort((a, b) => a.steps - b.steps || Math.abs(a.name.length - meant.length) - Math.abs(b.name.length - meant.length));
  return near[0]?.name ?? (meant.length >= 3 ? names.find((name) => name.toLowerCase().startsWith(meant)) : undefined);
}
