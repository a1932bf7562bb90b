/** Which host may work which lane, in the database's own time. */
import type { PostgresDatabase, Query } from "./postgres-database.ts";
import { DELIVERY, type DeliveryRow, LIVE, OPEN_POST } from "./postgres-rows.ts";
import type { GroupHost, HostCard, Lease, StoredDelivery, Taken } from "./store.ts";

type LaneRow = { holder: string | null; token: number; ended_ms: number };

/** Asked first, since every delivery that another host accepts asks for the lane: it costs its holder nothing. */
const ELSEWHERE = "SELECT 1 FROM lanes WHERE lane = $1 AND holder <> $2 AND expires_at > clock_timestamp()";
const ADD = "INSERT INTO lanes (lane, token, expires_at) VALUES ($1, 0, '-infinity') ON CONFLICT DO NOTHING";
// A lane that another host is just taking is that host's: nobody waits for it.
const LOCK = `SELECT holder, token, extract(epoch FROM clock_timestamp() - greatest(expires_at, 'epoch'))::double precision * 1000 AS ended_ms
  FROM lanes WHERE lane = $1 FOR UPDATE SKIP LOCKED`;
const TAKE = `UPDATE lanes SET holder = $2, token = $3, expires_at = clock_timestamp() + $4 * interval '1 ms' WHERE lane = $1`;
const DOUBT = `UPDATE posts SET state = 'in-doubt', doubt_at = $2, looks = 0 WHERE lane = $1 AND ${OPEN_POST} AND state = 'begun'
  RETURNING delivery_seq`;
const SENDING = `SELECT seq FROM deliveries WHERE lane = $1 AND ${LIVE} AND state = 'sending'`;
const RESUME = `UPDATE deliveries SET begun = now.begun,
    state = CASE WHEN NOT ${LIVE} THEN state WHEN now.doubt THEN 'in-doubt' WHEN state = 'sending' THEN 'queued' ELSE state END,
    next_attempt_at = CASE WHEN now.doubt THEN coalesce($2, next_attempt_at) ELSE next_attempt_at END
  FROM (SELECT touched, EXISTS (SELECT 1 FROM posts WHERE delivery_seq = touched AND posts.state <> 'queued') AS begun,
      EXISTS (SELECT 1 FROM posts WHERE delivery_seq = touched AND posts.state = 'in-doubt') AS doubt
    FROM unnest($1::bigint[]) AS touched) AS now
  WHERE seq = touched`;
const THESE = `SELECT ${DELIVERY} FROM deliveries WHERE seq = ANY ($1::bigint[]) ORDER BY seq`;
/** Also of what was in doubt before: whoever held the lane meanwhile need not have waited to the end. */
const FIRST_LOOK = `SELECT max(next_attempt_at) AS at FROM deliveries WHERE state = 'in-doubt'
  AND seq IN (SELECT delivery_seq FROM posts WHERE lane = $1 AND ${OPEN_POST} AND state = 'in-doubt' AND looks = 0)`;
const BEAT = `UPDATE lanes SET expires_at = clock_timestamp() + $2 * interval '1 ms'
  WHERE holder = $1 AND expires_at > clock_timestamp()
    AND (lane, token) IN (SELECT * FROM unnest($3::text[], $4::bigint[])) RETURNING lane, token`;
const TELL = `INSERT INTO hosts (id, card, ahead_ms, seen_at)
    VALUES ($1, $2, $3 - extract(epoch FROM clock_timestamp())::double precision * 1000, clock_timestamp())
  ON CONFLICT (id) DO UPDATE SET card = excluded.card, ahead_ms = excluded.ahead_ms, seen_at = excluded.seen_at`;
const LEAVE = "DELETE FROM hosts WHERE id = ANY ($1::text[])";
const FORGET = "DELETE FROM hosts WHERE seen_at < clock_timestamp() - interval '1 day'";
const RELEASE =
  "UPDATE lanes SET holder = NULL, expires_at = '-infinity' WHERE (lane, token) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))";
/** From one lane to the next through the index, since many deliveries of few lanes may wait. */
const UNHELD = `WITH RECURSIVE waiting AS (
    (SELECT lane FROM deliveries WHERE ${LIVE} ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT lane FROM deliveries WHERE ${LIVE} AND lane > waiting.lane ORDER BY lane LIMIT 1) FROM waiting WHERE lane IS NOT NULL)
  SELECT lane FROM waiting WHERE lane IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM lanes WHERE lanes.lane = waiting.lane AND expires_at > clock_timestamp())`;
const HOSTS = `SELECT card, ahead_ms, extract(epoch FROM clock_timestamp() - seen_at)::double precision * 1000 AS seen_ms,
    (SELECT coalesce(jsonb_agg(lane ORDER BY lane), '[]') FROM lanes WHERE holder = hosts.id AND expires_at > clock_timestamp()) AS lanes
  FROM hosts WHERE seen_at > clock_timestamp() - interval '1 minute' ORDER BY card->>'startedAt', id`;
/** Adds up what triggers appended; one host at a time is enough. */
const TALLY = `WITH mine AS (SELECT pg_try_advisory_xact_lock(7467003) AS held),
    gone AS (DELETE FROM tally_moves WHERE (SELECT held FROM mine) RETURNING state, delta)
  UPDATE tallies SET count = count + moved.delta FROM (SELECT state, sum(delta) AS delta FROM gone GROUP BY state) AS moved
  WHERE tallies.state = moved.state`;

const columnsOf = (leases: Lease[]): [string[], number[]] => [leases.map(({ lane }) => lane), leases.map(({ token }) => token)];

type Taking = { lane: string; host: string; now: number; quietMs: number; leaseMs: number };

async function takeUnheld(query: Query, { lane, host, now, quietMs, leaseMs }: Taking): Promise<Taken | undefined> {
  void query(ADD, [lane]);
  const [row] = await query<LaneRow>(LOCK, [lane]);
  const own = row?.holder === host;
  if (!row || (row.ended_ms < 0 && !own)) return undefined;
  const token = row.token + 1;
  void query(TAKE, [lane, host, token, leaseMs]);
  // A lane that was given back holds nothing begun that may still be on its way.
  const wait = row.holder === null ? 0 : Math.max(quietMs - row.ended_ms, 0);
  const recovered = own ? [] : await recover(query, lane, now, wait);
  const [first] = await query<{ at: number | null }>(FIRST_LOOK, [lane]);
  return { lane, token, recovered, firstLookAt: first?.at ?? null };
}

/** `wait`: how long, in milliseconds, what had begun may still arrive. */
async function recover(query: Query, lane: string, now: number, wait: number): Promise<StoredDelivery[]> {
  const doubted = query<{ delivery_seq: number }>(DOUBT, [lane, now]);
  const sending = await query<{ seq: number }>(SENDING, [lane]);
  const touched = [...new Set([...(await doubted).map((post) => post.delivery_seq), ...sending.map(({ seq }) => seq)])];
  if (touched.length === 0) return [];
  void query(RESUME, [touched, wait > 0 ? now + wait : null]);
  return query<DeliveryRow>(THESE, [touched]);
}

export function leaseOperations({ query, transaction }: Pick<PostgresDatabase, "query" | "transaction">, leaseMs: number) {
  const told = new Set<string>();
  /** Apart from the heartbeat, which must not hold lanes for the sake of it; what fails is done by the next one. */
  const tidy = (): Promise<unknown> => Promise.allSettled([query(FORGET), query(TALLY)]);
  return {
    take: async (lane: string, host: string, now: number, quietMs: number): Promise<Taken | undefined> =>
      (await query(ELSEWHERE, [lane, host])).length > 0
        ? undefined
        : transaction((query) => takeUnheld(query, { lane, host, now, quietMs, leaseMs })),
    async heartbeat(card: HostCard, wall: number, leases: Lease[]): Promise<Lease[]> {
      told.add(card.id);
      const held = await transaction(async (query) => {
        void query(TELL, [card.id, JSON.stringify(card), wall]);
        return query<Lease>(BEAT, [card.id, leaseMs, ...columnsOf(leases)]);
      });
      void tidy();
      return held;
    },
    async release(leases: Lease[]): Promise<void> {
      await query(RELEASE, columnsOf(leases));
    },
    /** The others need not find out that this host has gone. */
    async leave(): Promise<void> {
      if (told.size > 0) await query(LEAVE, [[...told]]);
    },
    unheldLanes: async (): Promise<string[]> => (await query<{ lane: string }>(UNHELD)).map(({ lane }) => lane),
    async hosts(): Promise<GroupHost[]> {
      const rows = await query<{ card: HostCard; ahead_ms: number; seen_ms: number; lanes: string[] }>(HOSTS);
      return rows.map(({ card, ahead_ms, seen_ms, lanes }) => ({ ...card, lanes, seenMs: seen_ms, aheadMs: ahead_ms }));
    },
  };
}
