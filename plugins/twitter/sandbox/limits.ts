/** X's rate limits and the headers that tell of them (docs.x.com, Rate limits). */
import type { Settings } from "./settings.ts";
import type { State } from "./state.ts";

export type LimitName = "posts" | "me" | "timeline" | "deletes";
type Limit = { header: string; key: string; max: number; seconds: number };

const DAY_SECONDS = 86_400;

const TABLE: Record<LimitName, (limits: Settings["limits"], accountId: string) => Limit[]> = {
  posts: (limits, id) => [
    { header: "x-rate-limit", key: `posts ${id}`, max: limits.postsPerUser, seconds: limits.windowSeconds },
    { header: "x-user-limit-24hour", key: `posts-day ${id}`, max: limits.postsPerUserDay, seconds: DAY_SECONDS },
    { header: "x-app-limit-24hour", key: "posts-day app", max: limits.postsPerAppDay, seconds: DAY_SECONDS },
  ],
  me: (limits, id) => [{ header: "x-rate-limit", key: `me ${id}`, max: limits.me, seconds: limits.windowSeconds }],
  timeline: (limits, id) => [{ header: "x-rate-limit", key: `timeline ${id}`, max: limits.timeline, seconds: limits.windowSeconds }],
  deletes: (limits, id) => [{ header: "x-rate-limit", key: `deletes ${id}`, max: limits.deletes, seconds: limits.windowSeconds }],
};

/**
 * Takes one request from each window, or from none when one is used up. So a 429 for the day's limit comes with
 * `x-rate-limit-remaining` well above zero, as X's does.
 */
export function takeLimit(state: State, name: LimitName, accountId: string): { allowed: boolean; headers: Record<string, string> } {
  const limits = TABLE[name](state.settings.limits, accountId).map((limit) => ({ limit, window: openWindow(state, limit) }));
  const allowed = limits.every(({ limit, window }) => window.used < limit.max);
  if (allowed) for (const { window } of limits) window.used += 1;
  const headers = limits.flatMap(({ limit, window }) => [
    [`${limit.header}-limit`, String(limit.max)],
    [`${limit.header}-remaining`, String(Math.max(0, limit.max - window.used))],
    [`${limit.header}-reset`, String(resetAt(state, limit, window.startedMs))],
  ]);
  return { allowed, headers: Object.fromEntries(headers) };
}

/** Windows run on the machine's clock, so that a sandbox clock that jumps neither ends nor stretches them. */
function openWindow(state: State, { key, seconds }: Limit): { startedMs: number; used: number } {
  const known = state.windows.get(key);
  if (known && state.now() < known.startedMs + seconds * 1000) return known;
  const fresh = { startedMs: state.now(), used: 0 };
  state.windows.set(key, fresh);
  return fresh;
}

/** Seconds since 1970 on the sandbox clock, as X tells its own. */
const resetAt = (state: State, { seconds }: Limit, startedMs: number): number =>
  Math.ceil((startedMs + state.settings.clockOffsetSeconds * 1000) / 1000) + seconds;
