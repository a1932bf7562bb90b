/** A long text as several posts. */
import { atomsOf } from "./atoms.ts";
import { fill } from "./fill.ts";
import { POST_LIMIT, weigh } from "./weigh.ts";

/** Room for the longest number, ` (99999/99999)`. A word that is heavier than what is left is cut. */
const LONGEST_NUMBER = 14;

const NUMBER = / \((\d+)\/(\d+)\)$/;

/**
 * Posts of at most `limit` weighted characters. A text that fits is one post without a number; others end in
 * ` (1/3)`. The number stands last, because a phone's notification and the time line show how a post begins, and there
 * people should read what is down. Cuts are made, in this order, at paragraphs, lines, sentences and words, and never
 * inside a word, an address or a grapheme; only a word that no post can hold is cut between graphemes.
 *
 * The text is read as NFC, and white space at its ends and at the cuts is dropped: see {@link join}.
 */
export function split(text: string, { limit = POST_LIMIT }: { limit?: number } = {}): string[] {
  const whole = text.normalize("NFC").trim();
  const weight = weigh(whole);
  if (weight <= limit) return [whole];
  const atoms = atomsOf(whole, limit - LONGEST_NUMBER);
  for (let digits = String(Math.ceil(weight / limit)).length; ; digits += 1) {
    const parts: string[] = [];
    for (let from = 0; from < atoms.length; ) {
      const next = fill(whole, atoms, from, limit - numberWeight(parts.length + 1, digits));
      parts.push(whole.slice(atoms[from]?.start, atoms[next - 1]?.end));
      from = next;
    }
    if (String(parts.length).length <= digits) return parts.map((part, at) => `${part} (${at + 1}/${parts.length})`);
  }
}

function numberWeight(number: number, digits: number): number {
  return " (/)".length + String(number).length + digits;
}

/** The posts without their numbers. */
export function unnumber(posts: readonly string[]): string[] {
  return posts.map((post, at) => {
    const [number, index, count] = NUMBER.exec(post) ?? [""];
    return Number(index) === at + 1 && Number(count) === posts.length && posts.length > 1 ? post.slice(0, -number.length) : post;
  });
}

/** The text that was split: NFC, trimmed, and without the run of white space that stood at each cut, if one did. */
export function join(posts: readonly string[]): string {
  return unnumber(posts).join("");
}
