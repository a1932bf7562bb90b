/** From what was counted to the points of a chart: which steps are asked for, and what each comes to. Pure. */
import { type Answer, done, hostFault, refused } from "../ar.ts";
import { COUNTED, type Counts, noCounts, TOOK, TOOK_COLUMNS } from "../minute-counts.ts";
import { type HistoryPoint, type HistoryRequest, MAX_POINTS, USUAL_STEPS } from "../shapes.ts";
import type { HistorySums, StoredMinute } from "../store/store.ts";
import { momentOf } from "./deliveries.ts";

export const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** In minutes since 1970: from the begin of a step to before `until`. */
export type Span = { since: number; until: number; step: number };

/** Steps are counted from 1970, so that an hour is an hour of the day, and the same points come again as time goes on. */
export function spanOf(request: HistoryRequest, now: number): Answer<Span> {
  const asked = { until: momentOf(request.until), since: momentOf(request.since) };
  for (const [name, moment] of Object.entries(asked))
    if (Number.isNaN(moment)) return refused(hostFault("bad-input", `${name} is not a moment in ISO 8601, such as 2026-11-24T08:00:00Z`));
  // The minute that runs is the last.
  const running = Math.floor(now / MINUTE_MS);
  const until = Math.min(Math.ceil((asked.until ?? Number.POSITIVE_INFINITY) / MINUTE_MS), running + 1);
  const wanted = asked.since === undefined ? Math.min(until, running) - DAY_MINUTES : Math.floor(asked.since / MINUTE_MS);
  // Nothing was counted before 1970, and PostgreSQL's numbers of minutes don't go back for ever.
  const since = Math.max(wanted, 0);
  if (since >= until) return refused(hostFault("bad-input", "since is not before until, or not before now"));
  const given = request.stepSeconds === undefined ? undefined : request.stepSeconds / 60;
  const step = given ?? USUAL_STEPS.find((minutes) => pointsIn({ since, until, step: minutes }) <= MAX_POINTS);
  if (step === undefined || pointsIn({ since, until, step }) > MAX_POINTS)
    return refused(hostFault("bad-input", `that is more than ${MAX_POINTS} points; ask for longer steps (stepSeconds) or for less time`));
  return done({ since: Math.floor(since / step) * step, until, step });
}

const pointsIn = ({ since, until, step }: Span): number => Math.ceil(until / step) - Math.floor(since / step);

/** `held`: what the store does not have yet. */
export function pointsOf({ since, until, step }: Span, sums: HistorySums, held: readonly StoredMinute[]): HistoryPoint[] {
  const bySteps = new Map(sums.steps.map((sum) => [sum.step, { ...sum }]));
  for (const { minute, queued, ...counts } of held) {
    if (minute < since || minute >= until) continue;
    const at = Math.floor(minute / step);
    const sum = bySteps.get(at) ?? { ...noCounts(), step: at, queuedMost: null, queuedLast: null };
    for (const name of COUNTED) sum[name] += counts[name];
    bySteps.set(at, { ...sum, queuedMost: most(sum.queuedMost, queued), queuedLast: queued ?? sum.queuedLast });
  }
  let queued = sums.queuedBefore;
  return Array.from({ length: pointsIn({ since, until, step }) }, (_, index) => {
    const at = since / step + index;
    const sum = bySteps.get(at);
    // Where nothing was counted nothing has changed.
    const point = pointOf(at * step, sum ?? noCounts(), sum?.queuedMost ?? queued);
    queued = sum?.queuedLast ?? queued;
    return point;
  });
}

const most = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

const pointOf = (minute: number, counts: Counts, queued: number | null): HistoryPoint => ({
  at: new Date(minute * MINUTE_MS).toISOString(),
  accepted: counts.accepted,
  delivered: counts.delivered,
  failed: counts.failed,
  expired: counts.expired,
  cancelled: counts.cancelled,
  retried: counts.retried,
  latency: latencyOf(counts),
  queued,
});

function latencyOf(counts: Counts): HistoryPoint["latency"] {
  const all = TOOK_COLUMNS.reduce((sum, name) => sum + counts[name], 0);
  if (all === 0) return null;
  return { p50: quantile(counts, all * 0.5), p95: quantile(counts, all * 0.95), mean: toMs(counts.latency_ms / all / 1000) };
}

/**
 * In seconds; even within its column, as Prometheus reckons (`histogram_quantile`), so that a dashboard of /metrics shows
 * the same. What took longer than the last bound is told as that bound.
 */
function quantile(counts: Counts, rank: number): number {
  let before = 0;
  let lower = 0;
  for (const name of TOOK_COLUMNS) {
    const upper = TOOK[name];
    if (before + counts[name] >= rank && counts[name] > 0)
      return Number.isFinite(upper) ? toMs(lower + ((upper - lower) * (rank - before)) / counts[name]) : lower;
    before += counts[name];
    lower = upper;
  }
  return lower;
}

const toMs = (seconds: number): number => Math.round(seconds * 1000) / 1000;
