/** Values under keys that name a secret never show, whether the value is known as a secret or not. */
import { SCRUBBED } from "./scrub.ts";

const SECRET_KEYS = ["password", "token", "secret", "accessToken", "accessTokenSecret", "consumerSecret", "authorization", "pin"];
/** A key in JSON; inside a text the quotes would be escaped. */
const SECRET_KEY = new RegExp(`"(?:${SECRET_KEYS.join("|")})":`);
/** At the top, and so many levels below. */
const LEVELS_BELOW = 2;

/**
 * One line of JSON without such values. pino's own `redact` walks through every record for each of its paths, which is
 * most of what a line costs; nearly no line has such a key.
 */
export const redactLine = (line: string): string =>
  SECRET_KEY.test(line) ? `${JSON.stringify(redacted(JSON.parse(line), LEVELS_BELOW))}\n` : line;

function redacted(value: unknown, levelsBelow: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  const below = (one: unknown) => (levelsBelow > 0 ? redacted(one, levelsBelow - 1) : one);
  if (Array.isArray(value)) return value.map(below);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, SECRET_KEYS.includes(key) ? SCRUBBED : below(one)]));
}
