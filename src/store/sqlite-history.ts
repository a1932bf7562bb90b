/** What happened in each minute: rows are added, summed and pruned; nothing changes them. */
import type Database from "better-sqlite3";
import { COUNTED } from "../minute-counts.ts";
import type { HistoryQuery, HistoryStep, HistorySums, StoredMinute } from "./store.ts";

const COLUMNS = ["minute", "id", "queued", ...COUNTED];

/** {@link StoredMinute} as it is. */
export const MINUTE = COLUMNS.join(", ");
export const ADD_MINUTE = `INSERT INTO history (${MINUTE}) VALUES (${COLUMNS.map((name) => `@${name}`).join(", ")}) ON CONFLICT DO NOTHING`;

export function historyOperations(db: Database.Database) {
  const add = db.prepare<[StoredMinute]>(ADD_MINUTE);
  const prune = db.prepare<[number, number]>(
    "DELETE FROM history WHERE (minute, id) IN (SELECT minute, id FROM history WHERE minute < ? LIMIT ?)",
  );
  return {
    addMinutes(minutes: readonly StoredMinute[]): void {
      for (const minute of minutes) add.run(minute);
    },
    /** At most `limit`, so that accepting does not wait behind a long deletion. */
    pruneMinutes: (before: number, limit: number): number => prune.run(before, limit).changes,
  };
}

export function historyQueries(db: Database.Database) {
  const sums = COUNTED.map((name) => `sum(${name}) AS ${name}`).join(", ");
  // A number arrives as a REAL, by which SQLite would not divide to whole steps.
  const steps = db.prepare<[object], HistoryStep>(`SELECT step, queuedMost, ${COUNTED.join(", ")},
      (SELECT max(queued) FROM history WHERE minute = summed.lastTold) AS queuedLast
    FROM (SELECT minute / CAST(@step AS INTEGER) AS step, max(queued) AS queuedMost,
        max(minute) FILTER (WHERE queued IS NOT NULL) AS lastTold, ${sums}
      FROM history WHERE minute >= @since AND minute < @until AND id NOT IN (SELECT value FROM json_each(@except))
      GROUP BY 1) AS summed ORDER BY step`);
  const before = db
    .prepare<[object], number>("SELECT queued FROM history WHERE minute < @since AND queued IS NOT NULL ORDER BY minute DESC LIMIT 1")
    .pluck();
  const read = db.transaction(({ except, ...span }: HistoryQuery): HistorySums => {
    const given = { ...span, except: JSON.stringify(except) };
    return { steps: steps.all(given), queuedBefore: before.get({ since: span.since }) ?? null };
  });
  return { sumMinutes: (query: HistoryQuery): HistorySums => read(query) };
}
