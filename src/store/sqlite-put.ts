/** Accepting: repeats and the bound are decided inside the transaction that inserts. */
import type Database from "better-sqlite3";
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

export function putOperations(db: Database.Database) {
  const read = deliveryReader(db);
  const repeatSince = db.prepare<[string, string, string, number], Repeat>(
    "SELECT digest, first_seq AS firstSeq, last_seq AS lastSeq, seqs FROM repeats WHERE kind = +? AND scope = +? AND key = +? AND at >= +?",
  );
  const between = db.prepare<[number, number], DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries WHERE seq BETWEEN ? AND ? ORDER BY seq`);
  const these = db.prepare<[string], DeliveryRow>(
    `SELECT ${DELIVERY} FROM deliveries WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq`,
  );
  const live = db.prepare<[], number>("SELECT sum(count) FROM tallies WHERE live = 1").pluck();
  const insert = db.prepare<[NewDelivery]>(`INSERT INTO deliveries
    (id, plugin, lane, registration_id, functional_user, account_name, content, entry_id, text, priority, client, accepted_at, expires_at,
      dated_by)
    VALUES (@id, @plugin, @lane, @registrationId, @functionalUser, @accountName, @content, @entryId, @text, @priority, @client,
      @acceptedAt, @expiresAt, @datedBy)`);
  const remember = db.prepare<[RepeatAddress & { at: number; firstSeq: number; lastSeq: number }]>(`INSERT INTO repeats
    (kind, scope, key, digest, at, first_seq, last_seq) VALUES (@kind, @scope, @key, @digest, @at, @firstSeq, @lastSeq)
    ON CONFLICT (kind, scope, key) DO UPDATE SET digest = excluded.digest, at = excluded.at, first_seq = excluded.first_seq,
      last_seq = excluded.last_seq, seqs = NULL`);

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
    for (const delivery of deliveries) lastSeq = Number(insert.run(delivery).lastInsertRowid);
    const firstSeq = lastSeq - deliveries.length + 1;
    const [first] = deliveries;
    if (address !== undefined && first !== undefined) remember.run({ ...address, at: first.acceptedAt, firstSeq, lastSeq });
    return { outcome: "accepted", firstSeq };
  }

  return {
    recall: (repeat: RepeatKey, since: number): Recalled | undefined => recognise(addressOf(repeat), since),
    put(request: PutRequest): PutAnswer {
      const address = request.repeat && addressOf(request.repeat);
      const known = address && recognise(address, request.repeatSince);
      if (known !== undefined) return known;
      const queued = live.get() ?? 0;
      if (queued + request.deliveries.length > request.maxQueued) return { outcome: "full", queued };
      return accept(request.deliveries, address);
    },
  };
}
