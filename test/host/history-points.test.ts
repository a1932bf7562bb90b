import t from "tap";
import { pointsOf, spanOf } from "../../src/host/history-points.ts";
import { COUNTED, noCounts, TOOK } from "../../src/minute-counts.ts";
import type { HistoryStep, StoredMinute } from "../../src/store/store.ts";
import { NOW } from "./stored.ts";

const MINUTE = NOW / 60_000;
const iso = (ms: number) => new Date(ms).toISOString();
const step = (changes: Partial<HistoryStep>): HistoryStep => ({
  ...noCounts(),
  step: MINUTE,
  queuedMost: null,
  queuedLast: null,
  ...changes,
});
const held = (changes: Partial<StoredMinute>): StoredMinute => ({ ...noCounts(), minute: MINUTE, id: "m", queued: null, ...changes });
const ofOneMinute = { since: MINUTE, until: MINUTE + 1, step: 1 };
const latencyOf = (counts: Partial<HistoryStep>) => pointsOf(ofOneMinute, { steps: [step(counts)], queuedBefore: null }, [])[0]?.latency;

t.test("a day by the shortest usual step that makes at most 1,000 points, unless something else is asked for", async (t) => {
  const span = (request: Parameters<typeof spanOf>[0], now = NOW) => {
    const answer = spanOf(request, now);
    return answer.ok ? answer.value : answer.fault;
  };
  t.strictSame(span({}), { since: MINUTE - 1440, until: MINUTE + 1, step: 2 });
  t.strictSame(span({ since: iso(NOW - 3_600_000) }), { since: MINUTE - 60, until: MINUTE + 1, step: 1 });
  t.strictSame(span({ since: iso(NOW - 90 * 86_400_000) }), {
    since: MINUTE - 90 * 1440 - 120,
    until: MINUTE + 1,
    step: 180,
  });
  t.strictSame(span({ until: iso(NOW - 3_600_000) }), { since: MINUTE - 1500, until: MINUTE - 60, step: 2 });
  t.strictSame(
    span({ stepSeconds: 3600 }, NOW + 90_000),
    { since: MINUTE - 1440, until: MINUTE + 2, step: 60 },
    "steps begin at whole hours",
  );
  t.strictSame(span({ until: iso(NOW + 1e12) }), span({}), "what is to come has not happened");
  for (const [request, why] of [
    [{ since: "yesterday" }, /since is not a moment/],
    [{ until: "soon" }, /until is not a moment/],
    [{ since: iso(NOW - 60_000), until: iso(NOW - 60_000) }, /since is not before until/],
    [{ since: iso(NOW + 60_000), until: iso(NOW + 120_000) }, /or not before now/],
    [{ since: "-271821-04-20T00:00:00Z", until: "-271821-04-21T00:00:00Z" }, /since is not before until/],
    [{ until: "-271821-04-21T00:00:00Z" }, /since is not before until/],
    [{ stepSeconds: 60 }, /more than 1000 points/],
    [{ since: "1970-01-01T00:00:00Z" }, /more than 1000 points/],
  ] as const)
    t.match(span(request), { reason: "bad-input", cause: why });
});

t.test("steps in which nothing happened are points, too, and the queue stays as it was", async (t) => {
  const at = (index: number, changes: Partial<HistoryStep>) => step({ step: MINUTE / 10 + index, ...changes });
  const steps = [at(1, { accepted: 3, queuedMost: 9, queuedLast: 4 }), at(3, { failed: 1 })];
  const points = pointsOf({ since: MINUTE, until: MINUTE + 41, step: 10 }, { steps, queuedBefore: 2 }, []);
  t.strictSame(
    points.map(({ accepted, failed, queued }) => [accepted, failed, queued]),
    [
      [0, 0, 2],
      [3, 0, 9],
      [0, 0, 4],
      [0, 1, 4],
      [0, 0, 4],
    ],
  );
  t.strictSame(
    points.map((point) => point.at),
    [0, 10, 20, 30, 40].map((minutes) => iso(NOW + minutes * 60_000)),
  );
});

t.test("what the store does not have yet is added, where it falls into the span", async (t) => {
  const rows = [held({ accepted: 1, queued: 5 }), held({ minute: MINUTE + 1, accepted: 2 }), held({ minute: MINUTE + 2, accepted: 99 })];
  const span = { since: MINUTE, until: MINUTE + 2, step: 2 };
  t.match(pointsOf(span, { steps: [], queuedBefore: null }, rows), [{ accepted: 3, queued: 5 }]);
  const stored = [step({ step: MINUTE / 2, accepted: 10, queuedMost: 4, queuedLast: 4 })];
  t.match(pointsOf(span, { steps: stored, queuedBefore: null }, rows), [{ accepted: 13, queued: 5 }]);
});

t.test("latency: half and nineteen of twenty, even within a column; nothing where nothing was delivered", async (t) => {
  t.equal(latencyOf({ accepted: 5 }), null);
  t.strictSame(latencyOf({ took_500: 100, latency_ms: 30_000 }), { p50: 0.375, p95: 0.488, mean: 0.3 });
  t.strictSame(latencyOf({ took_100: 90, took_10000: 10, latency_ms: 90_000 }), { p50: 0.056, p95: 7.5, mean: 0.9 });
  t.match(latencyOf({ took_100: 1, took_longer: 99 }), { p50: 86_400, p95: 86_400 });
});

t.test("the columns of latency stand in the order of their bounds", async (t) => {
  const bounds = Object.values(TOOK);
  t.strictSame(
    [...bounds].sort((one, other) => one - other),
    bounds,
  );
  for (const [name, bound] of Object.entries(TOOK)) t.equal(name, Number.isFinite(bound) ? `took_${bound * 1000}` : "took_longer");
  t.equal(new Set(COUNTED).size, COUNTED.length);
});
