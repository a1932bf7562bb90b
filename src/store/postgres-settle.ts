/** Steps of deliveries, many lanes' in one commit; each is refused by itself when its lane has gone to another host. */
import { applyStep } from "./apply-step.ts";
import { shareCommits } from "./postgres-commits.ts";
import type { PostgresDatabase, Query } from "./postgres-database.ts";
import { DELIVERY, type DeliveryRow } from "./postgres-rows.ts";
import { type Commit, type Lease, LeaseLost, type Settlement, type StoredDelivery, StoreUnavailable } from "./store.ts";

type Change = { step: Settlement; lease: Lease | undefined };
type Changed = { before: StoredDelivery; after: StoredDelivery };

// Keeps out a host that takes the lane (FOR UPDATE) and nobody else, above all no heartbeat.
const HELD = `SELECT lane, token FROM lanes WHERE lane = ANY ($1::text[]) ORDER BY lane FOR KEY SHARE`;
const FIND = `SELECT ${DELIVERY} FROM deliveries WHERE id = ANY ($1::text[]) ORDER BY seq FOR NO KEY UPDATE`;
// `$3` says it once more, so that PostgreSQL never reads all deliveries to join them with a few.
const WRITE = `WITH written AS (
    INSERT INTO posts (delivery_seq, idx, lane, state, text, reply, id, url, begun_at, doubt_at, looks, blind)
    SELECT seq, index, lane, state, text, reply, id, url, "begunAt", "doubtAt", looks, blind FROM jsonb_to_recordset($1::jsonb)
      AS given (seq bigint, index integer, lane text, state text, text text, reply boolean, id text, url text,
        "begunAt" double precision, "doubtAt" double precision, looks integer, blind boolean)
    ON CONFLICT (delivery_seq, idx) DO UPDATE SET state = excluded.state, id = excluded.id, url = excluded.url,
      begun_at = excluded.begun_at, doubt_at = excluded.doubt_at, looks = excluded.looks, blind = excluded.blind)
  UPDATE deliveries SET state = given.state, begun = given.begun, attempts = given.attempts, next_attempt_at = "nextAttemptAt",
    delivered_at = "deliveredAt", last_fault = "lastFault"
  FROM jsonb_to_recordset($2::jsonb) AS given (seq bigint, state text, begun boolean, attempts integer,
    "nextAttemptAt" double precision, "deliveredAt" double precision, "lastFault" jsonb)
  WHERE deliveries.seq = given.seq AND deliveries.seq = ANY ($3::bigint[])`;

export function settleOperations(database: PostgresDatabase, onCommit: (commit: Commit) => void) {
  const settle = shareCommits<Change, StoredDelivery>({
    together: (changes) => database.transaction((query) => settleAll(query, changes)),
    onCommit,
  });
  return { settle: (step: Settlement, lease?: Lease): Promise<StoredDelivery> => settle({ step, lease }) };
}

async function settleAll(query: Query, changes: Change[]): Promise<(StoredDelivery | Error)[]> {
  const lanes = query<Lease>(HELD, [changes.flatMap(({ lease }) => lease?.lane ?? [])]);
  const found = await query<DeliveryRow>(FIND, [changes.map(({ step }) => step.deliveryId)]);
  const tokens = new Map((await lanes).map(({ lane, token }) => [lane, token]));
  const changed = new Map(found.map((row): [string, Changed] => [row.id, { before: row, after: row }]));
  const results = changes.map(({ step, lease }): StoredDelivery | Error => {
    if (lease && tokens.get(lease.lane) !== lease.token) return new LeaseLost(`the lane ${lease.lane} is not held any more`);
    const delivery = changed.get(step.deliveryId);
    if (!delivery) return refused(new Error(`there is no delivery ${step.deliveryId}`));
    const after = applied(delivery.after, step);
    if (!(after instanceof Error)) delivery.after = after;
    return after;
  });
  write(
    query,
    [...changed.values()].filter(({ before, after }) => after !== before),
  );
  return results;
}

function applied(before: StoredDelivery, step: Settlement): StoredDelivery | Error {
  try {
    return applyStep(before, step);
  } catch (cause) {
    return refused(cause instanceof Error ? cause : new Error(String(cause)));
  }
}

const refused = (cause: Error): StoreUnavailable => new StoreUnavailable(cause.message, { cause, mayPass: false });

function write(query: Query, changed: Changed[]): void {
  if (changed.length === 0) return;
  const posts = changed.flatMap(({ before, after: { seq, lane, posts } }) =>
    posts.filter((post, index) => post !== before.posts[index]).map((post) => ({ ...post, seq, lane })),
  );
  const deliveries = changed.map(({ after: { seq, state, begun, attempts, nextAttemptAt, deliveredAt, lastFault } }) => {
    return { seq, state, begun, attempts, nextAttemptAt, deliveredAt, lastFault };
  });
  void query(WRITE, [JSON.stringify(posts), JSON.stringify(deliveries), deliveries.map(({ seq }) => seq)]);
}
