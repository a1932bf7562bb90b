/**
 * What happened over time. Each host counts in memory and writes a row a minute; whoever asks is told the sum over all
 * hosts. A host that is killed loses the minute that it counts. One that can't write keeps its rows and tries again.
 */
import { randomUUID } from "node:crypto";
import { type Answer, done } from "../ar.ts";
import { COUNTED, COUNTED_EVENTS, type CountedEvent, type Counts, noCounts, TOOK, TOOK_COLUMNS } from "../minute-counts.ts";
import type { HistoryPoint, History as HistoryReport, HistoryRequest } from "../shapes.ts";
import type { Store, StoredMinute } from "../store/store.ts";
import { cached } from "./cached.ts";
import { MINUTE_MS, pointsOf, type Span, spanOf } from "./history-points.ts";
import type { LevelLog } from "./log.ts";
import type { Meter } from "./meter.ts";
import type { Time } from "./time.ts";

export type HistoryOptions = {
  store: Pick<Store, "addMinutes" | "sumMinutes">;
  time: Pick<Time, "after" | "monotonic">;
  /** Milliseconds since 1970, corrected. */
  now(): number;
  /** Deliveries of the store that have not ended; undefined while it does not say. */
  queued(): Promise<number | undefined>;
  log: LevelLog;
};

export type History = {
  /** Counts what the meter is told, so that both always know the same. */
  counting(meter: Meter): Meter;
  read(request: HistoryRequest): Promise<Answer<HistoryReport>>;
  begin(): void;
  /** Writes what was counted since the last minute. */
  end(): Promise<void>;
};

/** Of rows that can't be written, a day's are kept. */
const MAX_UNWRITTEN = 1_440;

/** `openedAt`: monotonic. */
type Minute = { id: string; openedAt: number; counts: Counts };

export function openHistory({ store, time, now, queued, log }: HistoryOptions): History {
  const newMinute = (): Minute => ({ id: randomUUID(), openedAt: time.monotonic(), counts: noCounts() });
  let current = newMinute();
  let unwritten: StoredMinute[] = [];
  let lastQueued: number | null = null;
  let isFailing = false;
  let cancel = () => {};

  /** In the minute in which it was opened, by what the clock says by now: a clock that was put right has put that right, too. */
  const rowOf = ({ id, openedAt, counts }: Minute): StoredMinute => {
    const minute = Math.floor((now() - (time.monotonic() - openedAt)) / MINUTE_MS);
    return { ...counts, minute, id, queued: null };
  };

  async function close(): Promise<void> {
    const row = rowOf(current);
    current = newMinute();
    unwritten.push(row);
    row.queued = (await queued().catch(() => undefined)) ?? null;
    if (row.queued === lastQueued && COUNTED.every((name) => row[name] === 0)) unwritten = unwritten.filter((one) => one !== row);
    lastQueued = row.queued;
    await write();
  }

  async function write(): Promise<void> {
    // More may come while these are written.
    const rows = [...unwritten];
    if (rows.length === 0) return;
    try {
      await store.addMinutes(rows);
      unwritten = unwritten.filter((row) => !rows.includes(row));
      isFailing = false;
    } catch (cause) {
      if (!isFailing) log.error({ err: cause }, "history not written");
      isFailing = true;
      unwritten = unwritten.slice(-MAX_UNWRITTEN);
    }
  }

  async function sum(span: Span): Promise<HistoryPoint[]> {
    // What is written meanwhile is counted once: as it is here.
    const held = [...unwritten, rowOf(current)];
    const sums = await store.sumMinutes({ ...span, except: held.map(({ id }) => id) });
    return pointsOf(span, sums, held);
  }

  const sumPassed = keepingSums(time, sum);

  function planClose(): void {
    cancel = time.after(MINUTE_MS - (now() % MINUTE_MS), () => {
      planClose();
      void close();
    });
  }

  return {
    counting: (meter) => countingMeter(() => current.counts, meter),
    async read(request) {
      const span = spanOf(request, now());
      if (!span.ok) return span;
      const isPassed = span.value.until * MINUTE_MS <= now();
      return done({ stepSeconds: span.value.step * 60, points: await (isPassed ? sumPassed : sum)(span.value) });
    },
    begin: planClose,
    async end() {
      cancel();
      await close();
    },
  };
}

type Sum = (span: Span) => Promise<HistoryPoint[]>;

/**
 * A span that has passed is summed once in so long, however many look: 90 days of one host take 0.3 s. Other hosts may
 * still write its last minute meanwhile.
 */
const PASSED_KEPT_MS = 10_000;
const MAX_PASSED = 32;

function keepingSums(time: HistoryOptions["time"], sum: Sum): Sum {
  const passed = new Map<string, () => Promise<HistoryPoint[]>>();
  return (span) => {
    const key = JSON.stringify(span);
    if (passed.size >= MAX_PASSED) passed.clear();
    const read = passed.get(key) ?? cached(time, PASSED_KEPT_MS, () => sum(span));
    passed.set(key, read);
    return read();
  };
}

function countingMeter(counts: () => Counts, meter: Meter): Meter {
  return {
    ...meter,
    accepted(plugin) {
      counts().accepted += 1;
      meter.accepted(plugin);
    },
    ended(plugin, state, latencySeconds) {
      const current = counts();
      if (isCounted(state)) current[state] += 1;
      if (state === "delivered") {
        current.latency_ms += latencySeconds * 1000;
        current[TOOK_COLUMNS.find((name) => latencySeconds <= TOOK[name]) ?? "took_longer"] += 1;
      }
      meter.ended(plugin, state, latencySeconds);
    },
    attempted(plugin, verdict, reason) {
      if (verdict === "retry") counts().retried += 1;
      meter.attempted(plugin, verdict, reason);
    },
  };
}

const isCounted = (state: string): state is CountedEvent => (COUNTED_EVENTS as readonly string[]).includes(state);
