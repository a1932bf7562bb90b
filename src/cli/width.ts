import { stripVTControlCharacters } from "node:util";

/** Characters that take two columns (Unicode UAX #11: wide and fullwidth; emoji shown as pictures). */
const WIDE = /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
let graphemes: Intl.Segmenter | undefined;

/** The segmenter is made for the first text: what it reads of Unicode takes 10 ms, and most commands measure none. */
function segmentsOf(text: string): Intl.Segments {
  graphemes ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return graphemes.segment(text);
}

/** Columns that a text takes on a terminal; colour takes none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segmentsOf(stripVTControlCharacters(text))) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Cuts a text without colour to so many columns; what was cut shows as `…`. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let cut = "";
  let width = 1;
  for (const { segment } of segmentsOf(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width > columns) break;
    cut += segment;
  }
  return `${cut}…`;
}
