/** Reads that may take a while; they run on a connection of their own beside the writer. */
import type Database from "better-sqlite3";
import type { DeliveryState } from "../shapes.ts";
import { auditQueries } from "./sqlite-audit.ts";
import { historyQueries } from "./sqlite-history.ts";
import { talliesIn } from "./sqlite-lookups.ts";
import { type DeliveryRow, deliveryReader, LISTED, LIVE, OPEN_POST, UNDELIVERED } from "./sqlite-rows.ts";
import type { Glance, ListQuery, StoredDelivery, Tallies } from "./store.ts";

type Counts = { byState: Tallies; liveByLane: Record<string, number> };

export function queryOperations(db: Database.Database) {
  const byState = talliesIn(db);
  const byLane = db.prepare<[], [string, number]>(`SELECT lane, count(*) FROM deliveries WHERE ${LIVE} GROUP BY lane`).raw();
  const counts = db.transaction((): Counts => ({ byState: byState(), liveByLane: Object.fromEntries(byLane.all()) }));

  // The lowest number stands in the index; the moment is then read of one row for each lane, not of each row.
  const backlog = db
    .prepare<[], [string, number, number]>(`SELECT heads.lane, live, accepted_at
      FROM (SELECT lane, count(*) AS live, min(seq) AS oldest FROM deliveries WHERE ${LIVE} GROUP BY lane) AS heads
      JOIN deliveries ON deliveries.seq = heads.oldest`)
    .raw();
  const glance = db.transaction(
    (): Glance => ({
      byState: byState(),
      lanes: Object.fromEntries(backlog.all().map(([lane, live, oldestAcceptedAt]) => [lane, { live, oldestAcceptedAt }])),
    }),
  );

  return {
    counts: (): Counts => counts(),
    glance: (): Glance => glance(),
    ...postQueries(db),
    ...listQueries(db),
    ...auditQueries(db),
    ...historyQueries(db),
  };
}

function postQueries(db: Database.Database) {
  const own = "(SELECT seq FROM deliveries WHERE id = @except)";
  const owned = db
    .prepare<[object], string>(`SELECT id FROM posts
      WHERE lane = @lane AND state = 'posted' AND id IS NOT NULL AND delivery_seq IS NOT ${own} ORDER BY length(id) DESC, id DESC LIMIT 1000`)
    .pluck();
  const highest = db
    .prepare<[object], string>(`SELECT id FROM posts WHERE lane = @lane AND state = 'posted' AND id IS NOT NULL
      ORDER BY length(id) DESC, id DESC LIMIT 1`)
    .pluck();
  const same = "lane = @lane AND text = @text";
  const other = `NOT (idx = @index AND delivery_seq IS ${own})`;
  const sameText = db
    .prepare<[object], number>(`SELECT (SELECT count(*) FROM posts WHERE ${same} AND state = 'posted' AND ${other})
      + (SELECT count(*) FROM posts WHERE ${same} AND ${OPEN_POST} AND ${other})`)
    .pluck();

  return {
    knownPosts: (lane: string, except: string): { ownedIds: string[]; highestId: string | undefined } => ({
      ownedIds: owned.all({ lane, except }),
      highestId: highest.get({ lane }),
    }),
    countSameText: (lane: string, text: string, except: string, index: number): number => sameText.get({ lane, text, except, index }) ?? 0,
  };
}

/**
 * One condition for each filter that is given. The list walks down from the newest and stops at its limit; so that it
 * does not walk through everything when little matches, states and `since` narrow the walk first. The plus before
 * `accepted_at` keeps the planner from sorting all that it finds by time instead.
 */
const CONDITIONS: Record<Exclude<keyof ListQuery, "limit">, (query: ListQuery) => string> = {
  states: ({ states = [] }) => ofStates(states),
  accountName: () => "account_name = @accountName COLLATE NOCASE",
  entryId: () => "entry_id = @entryId",
  since: () =>
    "seq >= (SELECT min(seq) FROM deliveries INDEXED BY deliveries_accepted WHERE accepted_at >= @since) AND +accepted_at >= @since",
  until: () => "+accepted_at < @until",
  text: () => "instr(lower(text), lower(@text)) > 0",
  beforeSeq: () => "seq < @beforeSeq",
};

function ofStates(states: DeliveryState[]): string {
  const all = "state IN (SELECT value FROM json_each(@states))";
  const within = (condition: string) => states.every((state) => condition.includes(`'${state}'`));
  if (within(UNDELIVERED)) return `${UNDELIVERED} AND ${all}`;
  return within(LIVE) ? `seq IN (SELECT seq FROM deliveries INDEXED BY deliveries_head WHERE ${LIVE} AND ${all})` : all;
}

function listQueries(db: Database.Database) {
  const read = deliveryReader(db);
  const statements = new Map<string, Database.Statement<[object], DeliveryRow>>();
  const prepared = (sql: string) => {
    const statement = statements.get(sql) ?? db.prepare<[object], DeliveryRow>(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    list(query: ListQuery): StoredDelivery[] {
      const filters = Object.entries(CONDITIONS).filter(([name]) => query[name as keyof ListQuery] !== undefined);
      const where = filters.map(([, condition]) => condition(query)).join(" AND ") || "true";
      const rows = prepared(`SELECT ${LISTED} FROM deliveries WHERE ${where} ORDER BY seq DESC LIMIT @limit`);
      return rows.all({ ...query, states: JSON.stringify(query.states ?? []) }).map(read);
    },
  };
}
