/**
 * Steps of deliveries, and what follows them, many lanes' in one commit; each is refused by itself when its lane has gone
 * to another host.
 */
import { applyStep } from "./apply-step.ts";
import { shareCommits } from "./postgres-commits.ts";
import type { PostgresDatabase, Query } from "./postgres-database.ts";
import { DELIVERY, type DeliveryRow, LIVE } from "./postgres-rows.ts";
import {
  type Advanced,
  type Ahead,
  type Commit,
  type Lease,
  LeaseLost,
  type Settlement,
  type StoredDelivery,
  StoreUnavailable,
} from "./store.ts";

type Change = { step: Settlement; lease: Lease | undefined; ahead?: Ahead };
type Changed = { before: StoredDelivery; after: StoredDelivery };
type Asked = { ahead: Ahead; advanced: Advanced };
type LaneHead = { asked: string; busy: boolean; next: StoredDelivery[] };

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
    delivered_at = "deliveredAt", last_fault = "lastFault", history = given.history
  FROM jsonb_to_recordset($2::jsonb) AS given (seq bigint, state text, begun boolean, attempts integer,
    "nextAttemptAt" double precision, "deliveredAt" double precision, "lastFault" jsonb, history jsonb)
  WHERE deliveries.seq = given.seq AND deliveries.seq = ANY ($3::bigint[])`;

/** By lane: whether something has begun in it, and the first two that have not. */
const HEADS = `SELECT asked, EXISTS (SELECT 1 FROM deliveries WHERE lane = asked AND begun AND ${LIVE}) AS busy,
    (SELECT coalesce(jsonb_agg(to_jsonb(next) ORDER BY next.priority, next.seq), '[]') FROM
      (SELECT ${DELIVERY} FROM deliveries WHERE seq IN (SELECT perch_next(asked, moment, since, clock, 2))) AS next) AS next
  FROM unnest($1::text[], $2::double precision[], $3::double precision[], $4::text[]) AS given (asked, moment, since, clock)`;

export function settleOperations(database: PostgresDatabase, onCommit: (commit: Commit) => void) {
  const change = shareCommits<Change, Advanced>({
    together: (changes) => database.transaction((query) => changeAll(query, changes)),
    onCommit,
  });
  return {
    settle: async (step: Settlement, lease?: Lease): Promise<StoredDelivery> => (await change({ step, lease })).settled,
    advance: (step: Settlement, ahead: Ahead, lease?: Lease): Promise<Advanced> => change({ step, lease, ahead }),
  };
}

async function changeAll(query: Query, changes: Change[]): Promise<(Advanced | Error)[]> {
  const lanes = query<Lease>(HELD, [changes.flatMap(({ lease }) => lease?.lane ?? [])]);
  const found = await query<DeliveryRow>(FIND, [changes.flatMap(idsIn)]);
  const tokens = new Map((await lanes).map(({ lane, token }) => [lane, token]));
  const known = new Map(found.map((row): [string, Changed] => [row.id, { before: row, after: row }]));
  const results = changes.map(({ step, lease }): Advanced | Error => {
    if (lease && tokens.get(lease.lane) !== lease.token) return new LeaseLost(`the lane ${lease.lane} is not held any more`);
    const settled = applied(known.get(step.deliveryId), step);
    return settled instanceof Error ? settled : { settled };
  });
  write(query, known);
  const asked = results.flatMap((advanced, index): Asked[] => {
    const { ahead } = changes[index] as Change;
    return ahead && !(advanced instanceof Error) ? [{ ahead, advanced }] : [];
  });
  if (asked.length > 0) await goOn(query, asked, known);
  return results;
}

const idsIn = ({ step, ahead }: Change): string[] => (ahead?.begin ? [step.deliveryId, ahead.begin.deliveryId] : [step.deliveryId]);

/** Begins what may, and says what follows: the head of each lane as it is after the steps. */
async function goOn(query: Query, asked: Asked[], known: Map<string, Changed>): Promise<void> {
  const columns = [
    asked.map(({ advanced }) => advanced.settled.lane),
    asked.map(({ ahead }) => ahead.now),
    asked.map(({ ahead }) => ahead.judge.since),
    asked.map(({ ahead }) => ahead.judge.by),
  ];
  const heads = new Map((await query<LaneHead>(HEADS, columns)).map((head) => [head.asked, head]));
  const begun = new Map<string, Changed>();
  for (const { ahead, advanced } of asked) {
    const head = heads.get(advanced.settled.lane);
    const begins = beginHead(head, ahead.begin, known);
    if (begins) {
      begun.set(begins.before.id, begins);
      Object.assign(advanced, { begun: begins.after });
      Object.assign(head as LaneHead, { busy: true, next: head?.next.slice(1) });
    }
    const [next] = head?.next ?? [];
    if (next && (advanced.begun ?? advanced.settled).state === "sending") Object.assign(advanced, { next });
  }
  write(query, begun);
}

/** Locked since it was found, so that it is still what the head says it is. */
function beginHead(head: LaneHead | undefined, begin: Settlement | undefined, known: Map<string, Changed>): Changed | undefined {
  const [first] = head?.next ?? [];
  const delivery = begin && known.get(begin.deliveryId);
  if (!delivery || head?.busy || first?.id !== begin.deliveryId || first.nextAttemptAt !== null) return undefined;
  const before = delivery.after;
  return { before, after: applyStep(before, begin) };
}

function applied(delivery: Changed | undefined, step: Settlement): StoredDelivery | Error {
  if (!delivery) return refused(new Error(`there is no delivery ${step.deliveryId}`));
  try {
    delivery.after = applyStep(delivery.after, step);
    return delivery.after;
  } catch (cause) {
    return refused(cause instanceof Error ? cause : new Error(String(cause)));
  }
}

const refused = (cause: Error): StoreUnavailable => new StoreUnavailable(cause.message, { cause, mayPass: false });

function write(query: Query, known: Map<string, Changed>): void {
  const changed = [...known.values()].filter(({ before, after }) => after !== before);
  if (changed.length === 0) return;
  const posts = changed.flatMap(({ before, after: { seq, lane, posts } }) =>
    posts.filter((post, index) => post !== before.posts[index]).map((post) => ({ ...post, seq, lane })),
  );
  const deliveries = changed.map(({ after: { seq, state, begun, attempts, nextAttemptAt, deliveredAt, lastFault, history } }) => {
    return { seq, state, begun, attempts, nextAttemptAt, deliveredAt, lastFault, history };
  });
  void query(WRITE, [JSON.stringify(posts), JSON.stringify(deliveries), deliveries.map(({ seq }) => seq)]);
}
