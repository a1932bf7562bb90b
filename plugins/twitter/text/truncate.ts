/** A long text as the one post that its beginning fits into. */
import { type Atom, atomsOf, RANKS } from "./atoms.ts";
import { findUrls } from "./urls.ts";
import { POST_LIMIT, weigh } from "./weigh.ts";

const ELLIPSIS = "…";
/** Behind an address the ellipsis needs a blank, or a reader copies it along. */
const SPACED_ELLIPSIS = " …";

/** A word boundary is taken if this much of the post is filled then; else the word is cut. */
const ENOUGH = 0.5;

/** At most `limit` weighted characters, cut behind a word; the text is read as NFC and trimmed. */
export function truncate(text: string, { limit = POST_LIMIT }: { limit?: number } = {}): string {
  const whole = text.normalize("NFC").trim();
  if (weigh(whole) <= limit) return whole;
  const room = limit - weigh(SPACED_ELLIPSIS);
  const atoms = atomsOf(whole, room);
  let cut = lastThatFits(atoms, room);
  // Weighed again as it will be posted: what is left of a cut word may look like an address and weigh more.
  while (cut > 0 && weigh(close(whole.slice(0, atoms[cut]?.end))) > limit) cut -= 1;
  return close(whole.slice(0, atoms[cut]?.end));
}

function lastThatFits(atoms: readonly Atom[], room: number): number {
  let weight = 0;
  let good = 0;
  for (const [at, atom] of atoms.entries()) {
    weight += atom.weight;
    if (weight > room) return good === 0 ? at - 1 : good;
    // The middle of a word is taken only if the whole words before it would leave the post half empty.
    if (atom.rank !== RANKS.inside && weight >= room * ENOUGH) good = at;
    weight += atom.gap;
  }
  return atoms.length - 1;
}

function close(text: string): string {
  if (findUrls(text).at(-1)?.end === text.length) return text + SPACED_ELLIPSIS;
  return text.replace(/[\s,;:–—-]+$/u, "") + ELLIPSIS;
}
