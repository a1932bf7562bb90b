/** HTML that escapes: whatever is put into a template is text, unless a template made it. */

/** Only {@link html} makes one. */
export class Html {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

/** Nothing is shown of `undefined` and `false`, so that a part can hang on a condition. */
export type Fill = string | number | Html | undefined | false | readonly Fill[];

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** Controls that HTML does not know, and the marks that turn the direction of all that follows (Unicode, UAX 9). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach the page
const UNSHOWABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

const escapeText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(UNSHOWABLE, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

/** Attributes must stand in quotes: an unquoted one ends at a blank. */
export function html(parts: TemplateStringsArray, ...fills: readonly Fill[]): Html {
  return new Html(parts.map((part, index) => part + write(fills[index])).join(""));
}

function write(fill: Fill): string {
  if (fill === undefined || fill === false) return "";
  if (fill instanceof Html) return fill.toString();
  if (typeof fill === "string" || typeof fill === "number") return escapeText(String(fill));
  return fill.map(write).join("");
}
