/** One step of one delivery, refused when its lane has gone to another host. */
import { applyStep } from "./apply-step.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { DELIVERY, type DeliveryRow } from "./postgres-rows.ts";
import { type Lease, LeaseLost, type Settlement, type StoredDelivery } from "./store.ts";

// Shared, so that settling waits for nobody but a host that is just taking the lane.
const HELD = "SELECT 1 FROM lanes WHERE lane = $1 AND token = $2 FOR SHARE";
const FIND = `SELECT ${DELIVERY} FROM deliveries WHERE id = $1 FOR NO KEY UPDATE`;
const WRITE = `WITH written AS (
    INSERT INTO posts (delivery_seq, idx, lane, state, text, reply, id, url, begun_at, doubt_at, looks, blind)
    SELECT $1, index, $2, state, text, reply, id, url, "begunAt", "doubtAt", looks, blind FROM jsonb_to_recordset($3::jsonb)
      AS given (index integer, state text, text text, reply boolean, id text, url text, "begunAt" double precision,
        "doubtAt" double precision, looks integer, blind boolean)
    ON CONFLICT (delivery_seq, idx) DO UPDATE SET state = excluded.state, id = excluded.id, url = excluded.url,
      begun_at = excluded.begun_at, doubt_at = excluded.doubt_at, looks = excluded.looks, blind = excluded.blind)
  UPDATE deliveries SET state = $4, begun = $5, attempts = $6, next_attempt_at = $7, delivered_at = $8, last_fault = $9 WHERE seq = $1`;

export function settleOperations(database: PostgresDatabase) {
  return {
    settle: (step: Settlement, lease?: Lease): Promise<StoredDelivery> =>
      database.transaction(async (query) => {
        const held = lease && query(HELD, [lease.lane, lease.token]);
        const [before] = await query<DeliveryRow>(FIND, [step.deliveryId]);
        if (held && (await held).length === 0) throw new LeaseLost(`the lane ${lease.lane} is not held any more`);
        if (!before) throw new Error(`there is no delivery ${step.deliveryId}`);
        const after = applyStep(before, step);
        if (after === before) return before;
        const posts = after.posts.filter((post, index) => post !== before.posts[index]);
        const fault = after.lastFault && JSON.stringify(after.lastFault);
        const { seq, lane, state, begun, attempts, nextAttemptAt, deliveredAt } = after;
        void query(WRITE, [seq, lane, JSON.stringify(posts), state, begun, attempts, nextAttemptAt, deliveredAt, fault]);
        return after;
      }),
  };
}
