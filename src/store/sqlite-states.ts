/** What changes many deliveries at once: expire, redate, retry, cancel, recover, prune. */
import type Database from "better-sqlite3";
import type { LiveCount } from "./sqlite-live-count.ts";
import { DELIVERY, type DeliveryRow, deliveryReader, inOrder, JUDGED, LIVE, OPEN_POST, UNDELIVERED } from "./sqlite-rows.ts";
import type { ConfirmedClock, Judge, StoredDelivery } from "./store.ts";

const REGISTERED = "EXISTS (SELECT 1 FROM registrations WHERE registrations.id = deliveries.registration_id)";
const CHOSEN = "id IN (SELECT value FROM json_each(?))";

export function stateOperations(db: Database.Database, live: LiveCount) {
  const read = deliveryReader(db);
  const expire = db.prepare<[{ plugin: string; now: number } & Judge], DeliveryRow>(`UPDATE deliveries
    SET state = 'expired', next_attempt_at = NULL
    WHERE plugin = @plugin AND begun = 0 AND ${LIVE} AND expires_at <= @now AND ${JUDGED} RETURNING ${DELIVERY}`);
  const cancel = db.prepare<[string], DeliveryRow>(`UPDATE deliveries SET state = 'cancelled', next_attempt_at = NULL
    WHERE ${CHOSEN} AND begun = 0 AND ${LIVE} RETURNING ${DELIVERY}`);
  const requeue = db.prepare<[number, string], DeliveryRow>(`UPDATE deliveries SET state = 'queued', expires_at = ?, next_attempt_at = NULL
    WHERE ${CHOSEN} AND ${UNDELIVERED} AND ${REGISTERED} RETURNING ${DELIVERY}`);
  const hurry = db.prepare<[string], DeliveryRow>(`UPDATE deliveries SET next_attempt_at = NULL
    WHERE ${CHOSEN} AND state = 'waiting' AND next_attempt_at IS NOT NULL RETURNING ${DELIVERY}`);

  return {
    expire: (plugin: string, now: number, judge: Judge): StoredDelivery[] => inOrder(expire.all({ plugin, now, ...judge }), read),
    cancel: (ids: string[], _now: number): StoredDelivery[] => inOrder(cancel.all(JSON.stringify(ids)), read),
    retry(ids: string[], _now: number, expiresAt: number): StoredDelivery[] {
      const chosen = JSON.stringify(ids);
      live.add(ids.length);
      return inOrder([...hurry.all(chosen), ...requeue.all(expiresAt, chosen)], read);
    },
    ...redateOperations(db),
    ...recoverOperations(db),
    ...pruneOperations(db),
    ...proofOperations(db),
  };
}

/** As much as accepting a delivery writes: where a page is left, one page proves nothing. */
const PROOF_BYTES = 32_768;

/** Random, since SQLite writes no page whose content stays the same. */
function proofOperations(db: Database.Database) {
  const prove = db.prepare(`INSERT OR REPLACE INTO meta (key, value) VALUES ('write-proof', randomblob(${PROOF_BYTES}))`);
  return {
    proveWritable(): void {
      prove.run();
    },
  };
}

function redateOperations(db: Database.Database) {
  const undated = "plugin = @plugin AND dated_by IS NOT NULL";
  const own = "dated_by = @id";
  const moveRepeats = db.prepare<[object]>(`UPDATE repeats SET at = iif((SELECT ${own} FROM deliveries WHERE seq = first_seq),
    at + @shiftMs, @now) WHERE first_seq IN (SELECT seq FROM deliveries INDEXED BY deliveries_undated WHERE ${undated})`);
  const move = db.prepare<[object]>(`UPDATE deliveries SET
    accepted_at = iif(${own}, accepted_at + @shiftMs, accepted_at),
    expires_at = iif(${own}, expires_at + @shiftMs, @now + expires_at - accepted_at),
    next_attempt_at = iif(${own}, next_attempt_at + @shiftMs, next_attempt_at),
    dated_by = NULL WHERE ${undated}`);

  return {
    redate(plugin: string, { id, shiftMs }: ConfirmedClock, now: number): void {
      moveRepeats.run({ plugin, id, shiftMs, now });
      move.run({ plugin, id, shiftMs, now });
    },
  };
}

function recoverOperations(db: Database.Database) {
  const read = deliveryReader(db);
  const doubt = db
    .prepare<[number, string], number>(`UPDATE posts SET state = 'in-doubt', doubt_at = ?, looks = 0
      WHERE ${OPEN_POST} AND state = 'begun' AND lane = ? RETURNING delivery_seq`)
    .pluck();
  const sending = db
    .prepare<[string], number>(`SELECT seq FROM deliveries INDEXED BY deliveries_head WHERE lane = ? AND ${LIVE} AND state = 'sending'`)
    .pluck();
  const resume = db.prepare<[number], DeliveryRow>(`UPDATE deliveries SET
    begun = EXISTS (SELECT 1 FROM posts WHERE delivery_seq = deliveries.seq AND posts.state <> 'queued'),
    state = CASE WHEN NOT ${LIVE} THEN state
      WHEN EXISTS (SELECT 1 FROM posts WHERE delivery_seq = deliveries.seq AND posts.state = 'in-doubt') THEN 'in-doubt'
      WHEN state = 'sending' THEN 'queued' ELSE state END
    WHERE seq = ? RETURNING ${DELIVERY}`);

  return {
    recover(lane: string, now: number): StoredDelivery[] {
      const touched = new Set([...doubt.all(now, lane), ...sending.all(lane)]);
      return inOrder(
        [...touched].flatMap((seq) => resume.all(seq)),
        read,
      );
    },
  };
}

function pruneOperations(db: Database.Database) {
  // Up to the first that is young enough; one that a jump of the clock put behind it goes when its turn comes.
  const deleteRepeats = db.prepare<[{ before: number }]>(`DELETE FROM repeats WHERE at < @before AND first_seq <
    coalesce((SELECT first_seq FROM repeats NOT INDEXED WHERE at >= @before ORDER BY first_seq LIMIT 1), 9223372036854775807)
    AND NOT EXISTS (SELECT 1 FROM deliveries WHERE seq = first_seq AND dated_by IS NOT NULL)`);
  const deleteDeliveries = db.prepare<[number, number]>(`DELETE FROM deliveries WHERE seq IN
    (SELECT seq FROM deliveries WHERE accepted_at < ? AND NOT ${LIVE} AND dated_by IS NULL LIMIT ?)`);
  // The token of an account that nobody is registered for has no business here, unless something still waits to be posted with it.
  const deleteAccounts = db.prepare<
    [number]
  >(`DELETE FROM accounts WHERE coalesce(checked_at, 0) < ? AND lane NOT IN (SELECT lane FROM registrations WHERE lane IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.lane = accounts.lane AND ${LIVE})`);

  return {
    /** At most `limit` deliveries, so that accepting does not wait behind a long deletion. */
    prune(endedBefore: number, repeatsBefore: number, orphansBefore: number, limit: number): number {
      deleteRepeats.run({ before: repeatsBefore });
      const { changes } = deleteDeliveries.run(endedBefore, limit);
      deleteAccounts.run(orphansBefore);
      return changes;
    },
  };
}
