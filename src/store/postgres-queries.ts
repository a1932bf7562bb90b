/** Reads that may take a while. */
import type { DeliveryState } from "../shapes.ts";
import type { Query } from "./postgres-database.ts";
import { type DeliveryRow, LISTED, LIVE, OPEN_POST } from "./postgres-rows.ts";
import type { Glance, ListQuery, StoredDelivery, Tallies } from "./store.ts";

const BY_STATE = `SELECT state, sum(count)::bigint AS count FROM
  (SELECT state, count FROM tallies UNION ALL SELECT state, delta FROM tally_moves) AS moves GROUP BY state HAVING sum(count) > 0`;
const BY_LANE = `SELECT lane, count(*) AS count FROM deliveries WHERE ${LIVE} GROUP BY lane`;

const BACKLOG = `SELECT lane, count(*) AS live, min(accepted_at) AS oldest FROM deliveries WHERE ${LIVE} GROUP BY lane`;

const OWN = "(SELECT seq FROM deliveries WHERE id = $2)";
const OWNED = `SELECT id FROM posts WHERE lane = $1 AND state = 'posted' AND id IS NOT NULL AND delivery_seq IS DISTINCT FROM ${OWN}
  ORDER BY length(id) DESC, id COLLATE "C" DESC LIMIT 1000`;
const HIGHEST = `SELECT id FROM posts WHERE lane = $1 AND state = 'posted' AND id IS NOT NULL
  ORDER BY length(id) DESC, id COLLATE "C" DESC LIMIT 1`;
const SAME_TEXT = `SELECT count(*) AS count FROM posts WHERE lane = $1 AND text = $3 AND (state = 'posted' OR ${OPEN_POST})
  AND NOT (idx = $4 AND delivery_seq IS NOT DISTINCT FROM ${OWN})`;

/** One condition for each filter that is given; `$` stands for the number of its value. */
const CONDITIONS: Record<Exclude<keyof ListQuery, "limit">, string> = {
  states: "state = ANY ($::text[])",
  accountName: "lower(account_name) = lower($)",
  entryId: "entry_id = $",
  since: "accepted_at >= $",
  until: "accepted_at < $",
  text: "strpos(lower(text), lower($)) > 0",
  beforeSeq: "seq < $",
};

export function queryOperations(query: Query) {
  const tallies = async (): Promise<Tallies> => {
    const states = await query<{ state: DeliveryState; count: number }>(BY_STATE);
    return Object.fromEntries(states.map(({ state, count }) => [state, count]));
  };
  return {
    tallies,
    async glance(): Promise<Glance> {
      const byState = await tallies();
      const lanes = await query<{ lane: string; live: number; oldest: number }>(BACKLOG);
      return {
        byState,
        lanes: Object.fromEntries(lanes.map(({ lane, live, oldest }) => [lane, { live, oldestAcceptedAt: oldest }])),
      };
    },
    async counts(): Promise<{ byState: Tallies; liveByLane: Record<string, number> }> {
      const byState = await tallies();
      const lanes = await query<{ lane: string; count: number }>(BY_LANE);
      return { byState, liveByLane: Object.fromEntries(lanes.map(({ lane, count }) => [lane, count])) };
    },
    async list({ limit, ...filters }: ListQuery): Promise<StoredDelivery[]> {
      const given = Object.entries(filters).filter(([, value]) => value !== undefined);
      const where = given.map(([name], index) => CONDITIONS[name as keyof typeof CONDITIONS].replace("$", `$${index + 2}`));
      const sql = `SELECT ${LISTED} FROM deliveries WHERE ${where.join(" AND ") || "true"} ORDER BY seq DESC LIMIT $1`;
      return query<DeliveryRow>(sql, [limit, ...given.map(([, value]) => value)]);
    },
    async knownPosts(lane: string, except: string): Promise<{ ownedIds: string[]; highestId: string | undefined }> {
      const owned = await query<{ id: string }>(OWNED, [lane, except]);
      const [highest] = await query<{ id: string }>(HIGHEST, [lane]);
      return { ownedIds: owned.map(({ id }) => id), highestId: highest?.id };
    },
    async countSameText(lane: string, text: string, except: string, index: number): Promise<number> {
      const [found] = await query<{ count: number }>(SAME_TEXT, [lane, except, text, index]);
      return found?.count ?? 0;
    },
  };
}
