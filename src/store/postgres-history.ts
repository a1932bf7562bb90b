/** What happened in each minute: rows are added, summed and pruned; nothing changes them. */
import { COUNTED } from "../minute-counts.ts";
import type { Query } from "./postgres-database.ts";
import type { HistoryQuery, HistoryStep, HistorySums, StoredMinute } from "./store.ts";

/** {@link StoredMinute} as it is. */
export const MINUTE = ["minute", "id", "queued", ...COUNTED].join(", ");
/** Of a JSON list. */
export const ADD_MINUTES = `INSERT INTO history (${MINUTE}) SELECT ${MINUTE} FROM jsonb_to_recordset($1::jsonb)
  AS (minute integer, id text, queued integer, ${COUNTED.map((name) => `${name} double precision`).join(", ")}) ON CONFLICT DO NOTHING`;

const NAMES = COUNTED.join(", ");
const SUMS = COUNTED.map((name) => `sum(${name}) AS ${name}`).join(", ");
const STEPS = `SELECT step, "queuedMost", ${NAMES}, (SELECT max(queued) FROM history WHERE minute = "lastTold") AS "queuedLast"
  FROM (SELECT minute / $3::integer AS step, max(queued) AS "queuedMost", max(minute) FILTER (WHERE queued IS NOT NULL) AS "lastTold", ${SUMS}
    FROM history WHERE minute >= $1 AND minute < $2 AND id <> ALL ($4::text[]) GROUP BY 1) AS summed ORDER BY step`;
const BEFORE = "SELECT queued FROM history WHERE minute < $1 AND queued IS NOT NULL ORDER BY minute DESC LIMIT 1";
const PRUNE = "DELETE FROM history WHERE (minute, id) IN (SELECT minute, id FROM history WHERE minute < $1 LIMIT $2) RETURNING 1";
const PRUNE_AT_ONCE = 500;

export function historyOperations(query: Query) {
  return {
    async addMinutes(minutes: readonly StoredMinute[]): Promise<void> {
      await query(ADD_MINUTES, [JSON.stringify(minutes)]);
    },
    async sumMinutes({ since, until, step, except }: HistoryQuery): Promise<HistorySums> {
      const steps = await query<HistoryStep>(STEPS, [since, until, step, except]);
      const [before] = await query<{ queued: number }>(BEFORE, [since]);
      return { steps, queuedBefore: before?.queued ?? null };
    },
    async pruneMinutes(before: number): Promise<number> {
      let pruned = 0;
      for (let last = PRUNE_AT_ONCE; last === PRUNE_AT_ONCE; pruned += last) last = (await query(PRUNE, [before, PRUNE_AT_ONCE])).length;
      return pruned;
    },
  };
}
