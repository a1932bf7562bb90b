/** The pieces of a text that are never cut, and how good it is to cut after each. */
import { findUrls } from "./urls.ts";
import { weigh } from "./weigh.ts";

/** How well a text can be cut behind an atom; more is better. `inside` is the middle of a word. */
export const RANKS = { inside: 0, word: 1, sentence: 2, line: 3, paragraph: 4 } as const;
export type Rank = (typeof RANKS)[keyof typeof RANKS];

/** UTF-16 indices into the text; `gap` is the weight of the white space behind it. */
export type Atom = { start: number; end: number; weight: number; gap: number; rank: Rank };

type Span = { start: number; end: number };

/** White space at which a line may break (UAX #14): not the no-break spaces U+00A0, U+2007 and U+202F. */
const SPACE = "\\t-\\r \\u0085\\u1680\\u2000-\\u2006\\u2008-\\u200a\\u2028\\u2029\\u205f\\u3000";
/** A space that carries a combining mark is a character of its own (UAX #29, rule GB9). */
const MARKED = "[ \\u1680\\u2000-\\u2006\\u2008-\\u200a\\u205f\\u3000](?=[\\p{Grapheme_Extend}\\p{Mc}\\p{Emoji_Modifier}\\u200d])";
const WORD = new RegExp(`(?:[^${SPACE}]|${MARKED})+`, "gu");

/** Scripts that are written without blanks between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3001\u3002\uff00-\uff65]/u;
/** What must not begin a line, and what must not end one, in those scripts. */
const NOT_FIRST = /^[\p{Pe}\p{Pf}\p{Po}\p{M}\p{Lm}ぁぃぅぇぉっゃゅょァィゥェォッャュョ々ー\u200c\u200d]/u;
const NOT_LAST = /[\p{Ps}\p{Pi}$€£¥#@＃＠]$/u;

/** RFC 5321, section 4.5.3.1 bounds both sides of the sign. */
const EMAIL = /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g;

const sentences = new Intl.Segmenter("en", { granularity: "sentence" });
const words = new Intl.Segmenter("en", { granularity: "word" });
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * The atoms of an NFC text. A word is one atom; an unspaced script's run has one for each of its words; a word that
 * weighs more than `widest` has one for each grapheme, and for each address in it. Only a grapheme that is heavier
 * than `widest` (hundreds of combining marks) is cut.
 */
export function atomsOf(text: string, widest: number): Atom[] {
  const found = [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ start: index, end: index + word.length }));
  const begins = new Set(Array.from(sentences.segment(text), (sentence) => sentence.index));
  return found.flatMap((word, position) => {
    const pieces = piecesOf(text, word, widest);
    const next = found[position + 1]?.start ?? text.length;
    return pieces.map((piece, at): Atom => {
      const last = at === pieces.length - 1;
      const gap = last ? text.slice(word.end, next) : "";
      const rank = last ? rankOf(gap, begins.has(next)) : piece.rank;
      return { ...piece, gap: weigh(gap), rank: rank === RANKS.word && begins.has(piece.end) ? RANKS.sentence : rank };
    });
  });
}

function rankOf(gap: string, sentenceEnds: boolean): Rank {
  if (/\n[^\S\n]*\n/.test(gap)) return RANKS.paragraph;
  if (gap.includes("\n")) return RANKS.line;
  return sentenceEnds ? RANKS.sentence : RANKS.word;
}

type Piece = Span & { weight: number; rank: Rank };
type Part = { part: string; weight: number; rank: Rank };

function piecesOf(text: string, word: Span, widest: number): Piece[] {
  const whole = text.slice(word.start, word.end);
  const weight = weigh(whole);
  const unspaced = UNSPACED.test(whole);
  if (!unspaced && weight <= widest) return [{ ...word, weight, rank: RANKS.word }];
  const fixed = [...findUrls(whole), ...emailsOf(whole)];
  const parts = unspaced ? cut(whole, wordStarts(whole), fixed) : [whole];
  return place(
    parts.flatMap((part) => crumble(part, widest)),
    word.start,
  );
}

function place(parts: Part[], start: number): Piece[] {
  let at = start;
  return parts.map(({ part, weight, rank }) => {
    const from = at;
    at += part.length;
    return { start: from, end: at, weight, rank };
  });
}

/** Where an unspaced script's words begin, by the dictionary of ICU. */
function wordStarts(text: string): number[] {
  let before = "";
  return Array.from(words.segment(text)).flatMap(({ segment, index }) => {
    const allowed = index > 0 && breakable(before, segment);
    before = segment;
    return allowed ? [index] : [];
  });
}

function breakable(before: string, after: string): boolean {
  return (UNSPACED.test(before) || UNSPACED.test(after)) && !NOT_FIRST.test(after) && !NOT_LAST.test(before);
}

/** A part that no post can hold: by graphemes, and by code points where even those are too heavy. */
function crumble(part: string, widest: number): Part[] {
  const weight = weigh(part);
  if (weight <= widest) return [{ part, weight, rank: RANKS.word }];
  const starts = Array.from(graphemes.segment(part), (grapheme) => grapheme.index);
  const crumbs = cut(part, starts, [...findUrls(part), ...emailsOf(part)])
    .map((crumb) => ({ part: crumb, weight: weigh(crumb), rank: RANKS.inside }))
    .flatMap((crumb) =>
      crumb.weight <= widest ? [crumb] : [...crumb.part].map((point) => ({ ...crumb, part: point, weight: weigh(point) })),
    );
  return crumbs.map((crumb, at) => (at === crumbs.length - 1 ? { ...crumb, rank: RANKS.word } : crumb));
}

function emailsOf(text: string): Span[] {
  return Array.from(text.matchAll(EMAIL), ({ 0: email, index }) => ({ start: index, end: index + email.length }));
}

/** The text cut at those of the indices (ascending) that lie in none of the spans. */
function cut(text: string, indices: number[], fixed: Span[]): string[] {
  const spans = fixed.toSorted((a, b) => a.start - b.start);
  const parts: string[] = [];
  let from = 0;
  let span = 0;
  for (const index of indices) {
    while ((spans[span]?.end ?? text.length) <= index && span < spans.length) span += 1;
    const inside = (spans[span]?.start ?? text.length) < index;
    if (index === from || inside) continue;
    parts.push(text.slice(from, index));
    from = index;
  }
  parts.push(text.slice(from));
  return parts;
}
