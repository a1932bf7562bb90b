/** HTML only by this tag: whatever is put in is escaped, unless it came from the tag itself. */
class Html {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type { Html };

type Part = Html | string | number | false | undefined | readonly Html[];

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

function render(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.source;
  if (typeof part === "object") return part.map(({ source }) => source).join("");
  return escapeText(String(part));
}

export const html = (literals: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(literals.map((literal, index) => literal + render(index < parts.length ? parts[index] : undefined)).join(""));

/** Takes a constant of ours as it is: the style sheet, the script. Never anything that came from outside. */
export const trusted = (constant: string): Html => new Html(constant);
