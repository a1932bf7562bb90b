/** How much of a text goes into one post. */
import { type Atom, RANKS } from "./atoms.ts";
import { weigh } from "./weigh.ts";

/**
 * How full a post must be for a cut of each rank to be taken before a better filled one: a paragraph may leave more
 * room than a sentence does. Any fill will do for the last that fits.
 */
const ENOUGH = [
  { rank: RANKS.paragraph, fill: 0.4 },
  { rank: RANKS.line, fill: 0.5 },
  { rank: RANKS.sentence, fill: 0.5 },
  { rank: RANKS.word, fill: 0.25 },
];

/** The index of the first atom that is left for later; at least one is taken. */
export function fill(text: string, atoms: readonly Atom[], from: number, room: number): number {
  const start = atoms[from]?.start ?? 0;
  let allowed = room;
  for (;;) {
    const next = choose(atoms, from, allowed);
    // Characters that are taken from their neighbours can weigh more than before: the rest of a cut word may look
    // like an address. So what was chosen by sum is weighed once more as it will be posted.
    const excess = weigh(text.slice(start, atoms[next - 1]?.end ?? start)) - room;
    if (excess <= 0 || next === from + 1) return next;
    allowed -= excess;
  }
}

function choose(atoms: readonly Atom[], from: number, room: number): number {
  const cuts: { next: number; fill: number }[] = [];
  let weight = 0;
  let next = from;
  for (let atom = atoms[next]; atom !== undefined; atom = atoms[next]) {
    weight += atom.weight;
    if (weight > room && next > from) break;
    next += 1;
    cuts[atom.rank] = { next, fill: weight / room };
    weight += atom.gap;
  }
  if (next === atoms.length) return next;
  return (
    ENOUGH.map(({ rank, fill: least }) => ({ cut: cuts[rank], least })).find(({ cut, least }) => cut && cut.fill >= least)?.cut?.next ??
    next
  );
}
