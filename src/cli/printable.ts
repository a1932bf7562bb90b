/**
 * Texts come from tickets, so they may hold anything; what a terminal would obey is shown as it is written instead:
 * C0 and C1 controls (ECMA-48), and the marks that reverse the order of letters (Unicode UAX #9).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: to find control characters is what it is for
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
const AS_WRITTEN: Readonly<Record<string, string>> = { "\n": "⏎", "\t": " ", "\r": "" };

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** One line of text, safe to print. */
export const printable = (text: string): string => text.replace(OBEYED, (found) => AS_WRITTEN[found] ?? escaped(found));

/** Lines of text, each safe to print. */
export const printableLines = (text: string): string[] => text.split(/\r?\n/).map(printable);

/** JSON for people and pipes: `JSON.stringify` leaves C1 controls as they are. */
export const printableJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, escaped);
