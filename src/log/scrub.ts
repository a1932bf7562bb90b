/** Takes secrets out of texts, in every form in which they may have been written. */

/** What stands in place of a secret. */
export const SCRUBBED = "[secret]";
/** Shorter ones would take innocent words with them. */
const MIN_LENGTH = 6;

export type Scrubber = {
  /** Also takes what may be the beginning of a secret from the end of a text, which somebody may have cut. */
  scrub(text: string): string;
  /** For one line of JSON, which stays JSON. */
  scrubRecord(line: string): string;
};

/**
 * Credentials of a request, known or not: X answers a request token with an access token that the host has not seen yet.
 * OAuth 1.0 parameters (RFC 5849, section 3.1; in a header quoted, in a form or a base string encoded), and Basic and
 * Bearer (RFC 7617, RFC 6750) after the header's name.
 */
const CREDENTIALS = [
  /(\boauth_(?:token|token_secret|verifier|signature|consumer_key)(?:=|%3D|%253D)(?:%22|\\*")?)(?:[\w.~+/-]|%(?!22|2C|26)[0-9A-F]{2})+/gi,
  /(authorization(?:\\*["'])?\s*[:=]\s*(?:\\*["'])?(?:basic|bearer)\s+)[\w.~+/-]+=*/gi,
];

/** `secrets` is asked each time; as long as it answers the same, that costs a comparison. */
export function createScrubber(secrets: () => readonly string[]): Scrubber {
  let known: readonly string[] = [];
  let forms: readonly string[] = [];
  let pattern: RegExp | undefined;
  const follow = (): void => {
    const now = secrets();
    if (sameList(now, known)) return;
    known = [...now];
    forms = allForms(now);
    pattern = forms.length === 0 ? undefined : new RegExp(forms.map(literal).join("|"), "g");
  };
  const replace = (text: string): string => {
    follow();
    const cleaned = pattern ? text.replace(pattern, SCRUBBED) : text;
    // most lines hold none, and this is cheaper than to look for both
    if (!cleaned.includes("oauth_") && !cleaned.includes("uthorization")) return cleaned;
    return CREDENTIALS.reduce((rest, credential) => rest.replace(credential, `$1${SCRUBBED}`), cleaned);
  };
  return { scrub: (text) => cutTail(replace(text), forms), scrubRecord: (line) => scrubRecord(line, replace) };
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((entry, index) => entry === b[index]);

/** The longest first: an alternation takes the first that fits, and a rest of a secret is a secret too. */
function allForms(secrets: readonly string[]): string[] {
  const forms = new Set(secrets.filter((secret) => secret.length >= MIN_LENGTH).flatMap(formsOf));
  return [...forms].sort((a, b) => b.length - a.length);
}

/** Less than half of a secret tells little, and may be a word that is meant. */
const MIN_TAIL = 8;

function cutTail(text: string, forms: readonly string[]): string {
  for (const form of forms)
    for (let length = Math.min(form.length - 1, text.length); length >= Math.max(MIN_TAIL, form.length / 2); length -= 1)
      if (text.endsWith(form.slice(0, length))) return text.slice(0, -length) + SCRUBBED;
  return text;
}

/** Plain, in JSON once and twice, percent-encoded once and twice (OAuth's base string, RFC 5849 3.4.1.1), in a form, base64. */
function formsOf(secret: string): string[] {
  const json = jsonEscaped(secret);
  const percent = [encodeURIComponent(secret.toWellFormed()), oauthEncoded(secret)];
  const twice = percent.map(encodeURIComponent);
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const lower = [...percent, ...twice, form].map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  return [secret, json, jsonEscaped(json), ...percent, ...twice, form, ...lower, ...base64Of(secret)];
}

/** Alone, and inside something longer (`name:password`), where it may begin at any of three places (RFC 4648, section 4). */
function base64Of(secret: string): string[] {
  const inside = [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    // without the digits that also hold bits of what stands before or after
    return bytes.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });
  const whole = [Buffer.from(secret).toString("base64"), ...inside.filter((text) => text.length >= MIN_LENGTH)];
  return [...whole, ...whole.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))];
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
