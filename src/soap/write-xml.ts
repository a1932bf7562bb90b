/** Writes XML: whatever a text holds, it stays a text. */

/** Element's name and its text; null leaves it out, as `minOccurs="0"` allows. */
export type XmlField = readonly [name: string, text: string | null];

/** What XML 1.0 can't hold even as a reference (section 2.2, Char), and halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\r": "&#13;",
};

/** With U+FFFD for what XML 1.0 can't hold. */
export const xmlText = (text: string): string => text.toWellFormed().replace(NOT_XML, "\ufffd");

/** Also for the values of attributes. A carriage return would be read as a line feed (section 2.11). */
export const escapeXml = (text: string): string => xmlText(text).replace(/[&<>"'\r]/g, (character) => REFERENCES[character] ?? "");

export const writeFields = (fields: readonly XmlField[]): string =>
  fields.map(([name, text]) => (text === null ? "" : `<${name}>${escapeXml(text)}</${name}>`)).join("");
