/** What changes many deliveries at once: expire, redate, retry, cancel, prune; and the head of a lane. */
import type { PostgresDatabase, Query } from "./postgres-database.ts";
import { DELIVERY, type DeliveryRow, inOrder, judged, LIVE, UNDELIVERED } from "./postgres-rows.ts";
import type { ConfirmedClock, Judge, StoredDelivery } from "./store.ts";

const HEAD = `SELECT ${DELIVERY} FROM deliveries WHERE seq = perch_head($1, $2, $3, $4)`;
const FIND = `SELECT ${DELIVERY} FROM deliveries WHERE id = $1`;
const EXPIRABLE = `plugin = $1 AND NOT begun AND ${LIVE} AND expires_at <= $2 AND ${judged(3)}`;
const EXPIRED = `SELECT 1 FROM deliveries WHERE ${EXPIRABLE} LIMIT 1`;
const EXPIRE = `UPDATE deliveries SET state = 'expired', next_attempt_at = NULL WHERE ${EXPIRABLE} RETURNING ${DELIVERY}`;
const CANCEL = `UPDATE deliveries SET state = 'cancelled', next_attempt_at = NULL
  WHERE id = ANY ($1::text[]) AND NOT begun AND ${LIVE} RETURNING ${DELIVERY}`;
const REQUEUE = `UPDATE deliveries SET state = 'queued', expires_at = $2, next_attempt_at = NULL
  WHERE id = ANY ($1::text[]) AND ${UNDELIVERED}
    AND EXISTS (SELECT 1 FROM registrations WHERE registrations.id = deliveries.registration_id) RETURNING ${DELIVERY}`;
const HURRY = `UPDATE deliveries SET next_attempt_at = NULL
  WHERE id = ANY ($1::text[]) AND state = 'waiting' AND next_attempt_at IS NOT NULL RETURNING ${DELIVERY}`;

const MOVE_REPEATS = `UPDATE repeats SET at = CASE WHEN dated_by = $2 THEN at + $3 ELSE $4 END
  FROM deliveries WHERE plugin = $1 AND dated_by IS NOT NULL AND deliveries.seq = seqs[1]`;
const MOVE = `UPDATE deliveries SET
    accepted_at = CASE WHEN dated_by = $2 THEN accepted_at + $3 ELSE accepted_at END,
    expires_at = CASE WHEN dated_by = $2 THEN expires_at + $3 ELSE $4 + expires_at - accepted_at END,
    next_attempt_at = CASE WHEN dated_by = $2 THEN next_attempt_at + $3 ELSE next_attempt_at END,
    dated_by = NULL
  WHERE plugin = $1 AND dated_by IS NOT NULL`;
const UNDATED = "SELECT 1 FROM deliveries WHERE plugin = $1 AND dated_by IS NOT NULL LIMIT 1";

// What an unconfirmed clock dated is not as old as it looks: it waits until its moments are right.
const PRUNE_REPEATS = `DELETE FROM repeats WHERE at < $1
  AND NOT EXISTS (SELECT 1 FROM deliveries WHERE seq = seqs[1] AND dated_by IS NOT NULL)`;
const PRUNE = `DELETE FROM deliveries WHERE seq IN
  (SELECT seq FROM deliveries WHERE accepted_at < $1 AND dated_by IS NULL AND NOT ${LIVE} LIMIT $2) RETURNING 1`;
// The token of an account that nobody is registered for has no business here, unless something still waits to be posted with it.
const PRUNE_ACCOUNTS = `DELETE FROM accounts WHERE coalesce(checked_at, 0) < $1
  AND NOT EXISTS (SELECT 1 FROM registrations WHERE registrations.lane = accounts.lane)
  AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.lane = accounts.lane AND ${LIVE})`;
/** Deletions share a transaction up to this number, so that they hold nothing for long. */
const PRUNE_AT_ONCE = 500;

/** Called inside the transaction that changes deliveries: the host that holds their lane may wait for one of them. */
type OnChanged = (query: Query, lanes: string[]) => void;

export function stateOperations({ query, transaction }: Pick<PostgresDatabase, "query" | "transaction">, onChanged: OnChanged) {
  const changing = (change: (query: Query) => Promise<StoredDelivery[]>): Promise<StoredDelivery[]> =>
    transaction(async (query) => {
      const changed = inOrder(await change(query));
      if (changed.length > 0) onChanged(query, [...new Set(changed.map(({ lane }) => lane))]);
      return changed;
    });
  return {
    async get(id: string): Promise<StoredDelivery | undefined> {
      return (await query<DeliveryRow>(FIND, [id]))[0];
    },
    async claim(lane: string, now: number, { since, by }: Judge): Promise<StoredDelivery | undefined> {
      return (await query<DeliveryRow>(HEAD, [lane, now, since, by]))[0];
    },
    async expire(plugin: string, now: number, { since, by }: Judge): Promise<StoredDelivery[]> {
      // Every host looks every second, and hardly ever finds any.
      if ((await query(EXPIRED, [plugin, now, since, by])).length === 0) return [];
      return changing((query) => query<DeliveryRow>(EXPIRE, [plugin, now, since, by]));
    },
    cancel: (ids: string[]) => changing((query) => query<DeliveryRow>(CANCEL, [ids])),
    retry: (ids: string[], _now: number, expiresAt: number) =>
      changing(async (query) => {
        const hurried = await query<DeliveryRow>(HURRY, [ids]);
        return [...hurried, ...(await query<DeliveryRow>(REQUEUE, [ids, expiresAt]))];
      }),
    async redate(plugin: string, { id, shiftMs }: ConfirmedClock, now: number): Promise<void> {
      if ((await query(UNDATED, [plugin])).length === 0) return;
      await transaction(async (query) => {
        await query(MOVE_REPEATS, [plugin, id, shiftMs, now]);
        await query(MOVE, [plugin, id, shiftMs, now]);
      });
    },
    async prune(endedBefore: number, repeatsBefore: number, orphansBefore: number): Promise<number> {
      await query(PRUNE_REPEATS, [repeatsBefore]);
      let pruned = 0;
      for (let last = PRUNE_AT_ONCE; last === PRUNE_AT_ONCE; pruned += last)
        last = (await query(PRUNE, [endedBefore, PRUNE_AT_ONCE])).length;
      await query(PRUNE_ACCOUNTS, [orphansBefore]);
      return pruned;
    },
  };
}
