/** Takes secrets out of texts, in every form in which they may have been written. */

/** What stands in place of a secret. */
export const SCRUBBED = "[secret]";
/** Shorter ones would take innocent words with them. */
const MIN_LENGTH = 6;

export type Scrubber = {
  scrub(text: string): string;
  /** For one line of JSON, which stays JSON. */
  scrubRecord(line: string): string;
};

/** `secrets` is asked each time; as long as it answers the same, that costs a comparison. */
export function createScrubber(secrets: () => readonly string[]): Scrubber {
  let known: readonly string[] = [];
  let pattern: RegExp | undefined;
  const current = (): RegExp | undefined => {
    const now = secrets();
    if (now !== known && !sameList(now, known)) pattern = patternOf(now);
    known = now === known ? known : [...now];
    return pattern;
  };
  const scrub = (text: string): string => {
    const search = current();
    return search ? text.replace(search, SCRUBBED) : text;
  };
  return { scrub, scrubRecord: (line) => scrubRecord(line, scrub) };
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((entry, index) => entry === b[index]);

function patternOf(secrets: readonly string[]): RegExp | undefined {
  const forms = new Set(secrets.filter((secret) => secret.length >= MIN_LENGTH).flatMap(formsOf));
  // the longest first: an alternation takes the first that fits, and a rest of a secret is a secret too
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return sorted.length === 0 ? undefined : new RegExp(sorted.map(literal).join("|"), "g");
}

/** Plain, in JSON once and twice, percent-encoded once and twice (OAuth's base string, RFC 5849 3.4.1.1), in a form, base64. */
function formsOf(secret: string): string[] {
  const json = jsonEscaped(secret);
  const percent = [encodeURIComponent(secret.toWellFormed()), oauthEncoded(secret)];
  const twice = percent.map(encodeURIComponent);
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const lower = [...percent, ...twice, form].map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  return [secret, json, jsonEscaped(json), ...percent, ...twice, form, ...lower, Buffer.from(secret).toString("base64")];
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

const jsonEscaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** RFC 3986 in full, as OAuth encodes (RFC 5849, section 3.6). */
const oauthEncoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

function scrubRecord(line: string, scrub: (text: string) => string): string {
  const scrubbed = scrub(line);
  // a secret of digits can stand where a number does, and one with quotes across two keys
  return scrubbed === line || isJson(scrubbed) ? scrubbed : `${JSON.stringify(scrubValue(JSON.parse(line), scrub))}\n`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function scrubValue(value: unknown, scrub: (text: string) => string): unknown {
  if (typeof value === "string") return scrub(value);
  if (typeof value === "number") return scrub(String(value)) === String(value) ? value : SCRUBBED;
  if (Array.isArray(value)) return value.map((entry) => scrubValue(entry, scrub));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [scrub(key), scrubValue(entry, scrub)]));
}
