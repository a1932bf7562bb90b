/**
 * X's limits, read from the headers of an answer.
 *
 * `x-rate-limit-*` counts the account's requests of 15 minutes, `x-user-limit-24hour-*` its posts of a day,
 * `x-app-limit-24hour-*` those of the whole app (docs.x.com, rate-limits; node-twitter-api-v2, request-handler.helper.ts).
 */
import type { LimitState } from "../../src/contract.ts";
import { parseDate } from "./clock.ts";

export type Limit = { holds: "lane" | "key"; waitMs: number };
type Headers = Readonly<Record<string, string>>;

/** `name` is what operators see. */
const WINDOWS = [
  { prefix: "x-rate-limit", holds: "lane", name: "posts-15-minutes" },
  { prefix: "x-user-limit-24hour", holds: "lane", name: "posts-24-hours" },
  { prefix: "x-app-limit-24hour", holds: "key", name: "app-posts-24-hours" },
] as const;

/** X's own window, for a 429 that names no other; X also limits accounts by half hours, which no header shows. */
export const DEFAULT_WAIT_MS = 15 * 60_000;
/** No window of X is longer. A header that says more is wrong, or the answer's Date is. */
const LONGEST_WAIT_MS = 24 * 3600_000;
/** So that lanes that were refused together don't come back together. */
const JITTER_MS = 2000;

/** `now` is the corrected time in ms, for an answer without a Date; `random` answers 0 … 1. */
export type LimitClock = { now: number; random: () => number };

/** The limit that the answer says is used up: the one that lasts longest. Undefined where none is. */
export function usedUp(headers: Headers, clock: LimitClock): Limit | undefined {
  return longest(
    WINDOWS.filter(({ prefix }) => numberIn(headers[`${prefix}-remaining`]) === 0),
    headers,
    clock,
  );
}

/** How long to wait after a refusal for a limit. */
export function limitOf(headers: Headers, clock: LimitClock): Limit {
  const known = usedUp(headers, clock);
  if (known) return known;
  const retryAfter = numberIn(headers["retry-after"]);
  if (retryAfter !== undefined) return { holds: "lane", waitMs: bound(retryAfter * 1000) + jitter(clock) };
  // A refusal may name only the reset. A window with requests left is not the one that refused: X answers 429 for
  // limits of the account that it shows nowhere (python-twitter issue 349).
  const unnamed = WINDOWS.filter(({ prefix }) => headers[`${prefix}-remaining`] === undefined);
  return longest(unnamed, headers, clock) ?? { holds: "lane", waitMs: DEFAULT_WAIT_MS + jitter(clock) };
}

/** What the answer to a post says is left of each window. */
export function limitsIn(headers: Headers, { now }: Pick<LimitClock, "now">): LimitState[] {
  return WINDOWS.flatMap(({ prefix, holds: scope, name }) => {
    const remaining = numberIn(headers[`${prefix}-remaining`]);
    if (remaining === undefined) return [];
    const size = numberIn(headers[`${prefix}-limit`]);
    const reset = numberIn(headers[`${prefix}-reset`]);
    const resetsInMs = reset === undefined ? undefined : bound(reset * 1000 - (parseDate(headers.date) ?? now));
    return [{ name, scope, remaining, ...(size !== undefined && { size }), ...(resetsInMs !== undefined && { resetsInMs }) }];
  });
}

function longest(windows: readonly (typeof WINDOWS)[number][], headers: Headers, clock: LimitClock): Limit | undefined {
  let found: Limit | undefined;
  for (const { prefix, holds } of windows) {
    const reset = numberIn(headers[`${prefix}-reset`]);
    if (reset === undefined) continue;
    // Against the same answer's Date, so that no clock of this host has a part in it.
    const waitMs = bound(reset * 1000 - (parseDate(headers.date) ?? clock.now));
    if (found === undefined || waitMs > found.waitMs) found = { holds, waitMs };
  }
  return found && { ...found, waitMs: found.waitMs + jitter(clock) };
}

const numberIn = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
const bound = (ms: number): number => Math.min(Math.max(ms, 0), LONGEST_WAIT_MS);
const jitter = ({ random }: LimitClock): number => Math.round(random() * JITTER_MS);
