/** Accepting: repeats and the bound are decided inside the transaction that inserts. */
import type Database from "better-sqlite3";
import type { LiveCount } from "./sqlite-live-count.ts";
import { DELIVERY, type DeliveryRow, deliveryReader } from "./sqlite-rows.ts";
import type { NewDelivery, PutRequest, PutResult, RepeatKey } from "./store.ts";

/** The main thread still has the deliveries; it only needs to learn their numbers, which follow each other. */
export type PutAnswer = Exclude<PutResult, { outcome: "accepted" }> | { outcome: "accepted"; firstSeq: number };

type Recalled = Extract<PutResult, { outcome: "duplicate" | "conflict" }>;

/** `seqs`: a JSON list, where the numbers do not follow each other. */
type Repeat = { digest: string; firstSeq: number; lastSeq: number; seqs: string | null };
type RepeatAddress = { kind: string; scope: string; key: string; digest: string };

const addressOf = (repeat: RepeatKey): RepeatAddress =>
  repeat.kind === "key" ? repeat : { kind: "content", scope: "", key: repeat.digest, digest: repeat.digest };

/*
 * Parameters by position, since a name is looked up in the object for each. OR FAIL, since a trigger else makes SQLite copy
 * each page before it is changed, so that the row could be taken back alone; here the whole batch is, or its savepoint
 * (https://www.sqlite.org/lang_conflict.html).
 */
const INSERT = `INSERT OR FAIL INTO deliveries (id, plugin, lane, registration_id, functional_user, account_name, content, entry_id, text,
  priority, client, accepted_at, expires_at, dated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const REMEMBER = `INSERT INTO repeats (kind, scope, key, digest, at, first_seq, last_seq) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (kind, scope, key) DO UPDATE SET digest = excluded.digest, at = excluded.at, first_seq = excluded.first_seq,
    last_seq = excluded.last_seq, seqs = NULL`;

/** In the order of {@link INSERT}. */
const valuesOf = (one: NewDelivery) => [
  ...[one.id, one.plugin, one.lane, one.registrationId, one.functionalUser, one.accountName, one.content, one.entryId],
  ...[one.text, one.priority, one.client, one.acceptedAt, one.expiresAt, one.datedBy],
];

export function putOperations(db: Database.Database, live: LiveCount) {
  const read = deliveryReader(db);
  const repeatSince = db.prepare<[string, string, string, number], Repeat>(
    "SELECT digest, first_seq AS firstSeq, last_seq AS lastSeq, seqs FROM repeats WHERE kind = +? AND scope = +? AND key = +? AND at >= +?",
  );
  const between = db.prepare<[number, number], DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries WHERE seq BETWEEN ? AND ? ORDER BY seq`);
  const these = db.prepare<[string], DeliveryRow>(
    `SELECT ${DELIVERY} FROM deliveries WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq`,
  );
  const insert = db.prepare(INSERT);
  const remember = db.prepare(REMEMBER);

  function recognise(address: RepeatAddress, since: number): Recalled | undefined {
    const repeat = repeatSince.get(address.kind, address.scope, address.key, since);
    if (repeat === undefined) return undefined;
    if (repeat.digest !== address.digest) return { outcome: "conflict" };
    const rows = repeat.seqs === null ? between.all(repeat.firstSeq, repeat.lastSeq) : these.all(repeat.seqs);
    const deliveries = rows.map(read);
    // The caller's own key holds whatever became of the deliveries; the content only while one of them can still be read.
    const endedBadly = deliveries.every(({ state }) => state === "failed" || state === "expired" || state === "cancelled");
    if (address.kind === "content" && endedBadly) return undefined;
    return { outcome: "duplicate", deliveries };
  }

  function accept(deliveries: NewDelivery[], address: RepeatAddress | undefined): PutAnswer {
    let lastSeq = 0;
    for (const delivery of deliveries) lastSeq = Number(insert.run(valuesOf(delivery)).lastInsertRowid);
    const firstSeq = lastSeq - deliveries.length + 1;
    const [first] = deliveries;
    if (address !== undefined && first !== undefined) {
      const { kind, scope, key, digest } = address;
      remember.run(kind, scope, key, digest, first.acceptedAt, firstSeq, lastSeq);
    }
    live.add(deliveries.length);
    return { outcome: "accepted", firstSeq };
  }

  return {
    recall: (repeat: RepeatKey, since: number): Recalled | undefined => recognise(addressOf(repeat), since),
    put(request: PutRequest): PutAnswer {
      const address = request.repeat && addressOf(request.repeat);
      const known = address && recognise(address, request.repeatSince);
      if (known !== undefined) return known;
      const queued = live.tooMany(request.deliveries.length, request.maxQueued);
      if (queued !== undefined) return { outcome: "full", queued };
      return accept(request.deliveries, address);
    },
  };
}
