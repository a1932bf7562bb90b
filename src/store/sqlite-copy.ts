/** One side of a copy in SQLite: the file is locked as a host locks it, and all is one transaction. */
import { existsSync } from "node:fs";
import type Database from "better-sqlite3";
import { CopyRefused, type CopySide, type LastSeqs, type Rows, type StoredRepeat, type Table } from "./copy.ts";
import { createFile, lockStore, named, newestVersion, openForReading, openForWriting, schemaVersion } from "./sqlite-database.ts";
import { ADD_MINUTE, MINUTE } from "./sqlite-history.ts";
import { registrationOperations } from "./sqlite-registrations.ts";
import {
  ACCOUNT,
  type AccountRow,
  DELIVERY,
  type DeliveryRow,
  deliveryReader,
  REGISTRATION,
  type RegistrationRow,
  readAccount,
  readRegistration,
  toJson,
} from "./sqlite-rows.ts";
import type { StoredAuditEntry, StoredDelivery, StoredMinute } from "./store.ts";

const PORTION = 1000;

export function openSqliteCopy(path: string, role: "from" | "to"): CopySide {
  if (role === "from" && !existsSync(path)) throw new CopyRefused(`${path} does not exist: give FROM the store that a host has used.`);
  const file = createFile(path);
  const lock = lockStore(file);
  try {
    const db = named(file, () => (role === "from" ? openForReading(file) : openForWriting(file)));
    const version = schemaVersion(db);
    if (version !== newestVersion()) {
      db.close();
      throw new CopyRefused(
        `${file} has schema version ${version}, and this Perch copies ${newestVersion()}: start this Perch on it once, then stop it.`,
      );
    }
    db.exec(role === "from" ? "BEGIN" : "BEGIN IMMEDIATE");
    return sideOf(file, db, () => lock.close());
  } catch (cause) {
    lock.close();
    throw cause;
  }
}

function sideOf(file: string, db: Database.Database, unlock: () => void): CopySide {
  const readers = readersOf(db);
  const writers = db.readonly ? undefined : writersOf(db);
  const last = db.prepare<[string], number>("SELECT seq FROM sqlite_sequence WHERE name = ?").pluck();
  return {
    name: `sqlite:${file}`,
    count: async (table) => db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0,
    async *read<T extends Table>(table: T) {
      const next: (after: Rows[T] | undefined) => Rows[T][] = readers[table];
      for (let portion = next(undefined); portion.length > 0; portion = next(portion.at(-1))) yield portion;
    },
    async write<T extends Table>(table: T, rows: Rows[T][]) {
      const write: ((row: Rows[T]) => void) | undefined = writers?.[table];
      for (const row of rows) write?.(row);
    },
    lastSeqs: async () => ({ deliveries: last.get("deliveries") ?? 0, audit: last.get("audit") ?? 0 }),
    setLastSeqs: async (seqs: LastSeqs) => {
      db.exec("DELETE FROM sqlite_sequence WHERE name IN ('deliveries', 'audit')");
      const set = db.prepare<[string, number]>("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)");
      for (const [table, seq] of Object.entries(seqs)) set.run(table, seq);
    },
    commit: async () => void db.exec("COMMIT"),
    // What was not committed is undone with it.
    close: async () => {
      db.close();
      unlock();
    },
  };
}

type Readers = { [T in Table]: (after: Rows[T] | undefined) => Rows[T][] };
type RepeatRow = Omit<StoredRepeat, "seqs"> & { firstSeq: number; lastSeq: number; seqs: string | null };
type AuditRow = Omit<StoredAuditEntry, "detail"> & { detail: string };

/** What follows a row, at most a portion of it. */
function readersOf(db: Database.Database): Readers {
  const registrations = db.prepare<[string], RegistrationRow>(
    `SELECT ${REGISTRATION} FROM registrations WHERE id > ? ORDER BY id LIMIT ${PORTION}`,
  );
  const accounts = db.prepare<[string], AccountRow>(`SELECT ${ACCOUNT} FROM accounts WHERE lane > ? ORDER BY lane LIMIT ${PORTION}`);
  const deliveries = db.prepare<[number], DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries WHERE seq > ? ORDER BY seq LIMIT ${PORTION}`);
  const repeats = db.prepare<[string, string, string], RepeatRow>(`SELECT kind, scope, key, digest, at, first_seq AS firstSeq,
    last_seq AS lastSeq, seqs FROM repeats WHERE (kind, scope, key) > (?, ?, ?) ORDER BY kind, scope, key LIMIT ${PORTION}`);
  const audit = db.prepare<[number], AuditRow>(`SELECT seq, id, at, client, role, address, method, target, detail, outcome, arerr, reason
    FROM audit WHERE seq > ? ORDER BY seq LIMIT ${PORTION}`);
  const history = db.prepare<[number, string], StoredMinute>(
    `SELECT ${MINUTE} FROM history WHERE (minute, id) > (?, ?) ORDER BY minute, id LIMIT ${PORTION}`,
  );
  const withPosts = deliveryReader(db);
  return {
    registrations: (after) => registrations.all(after?.id ?? "").map(readRegistration),
    accounts: (after) => accounts.all(after?.lane ?? "").map(readAccount),
    deliveries: (after) => deliveries.all(after?.seq ?? 0).map(withPosts),
    repeats: (after) => repeats.all(after?.kind ?? "", after?.scope ?? "", after?.key ?? "").map(readRepeat),
    audit: (after) => audit.all(after?.seq ?? 0).map((row) => ({ ...row, detail: JSON.parse(row.detail) })),
    history: (after) => history.all(after?.minute ?? Number.MIN_SAFE_INTEGER, after?.id ?? ""),
  };
}

const readRepeat = ({ firstSeq, lastSeq, seqs, ...row }: RepeatRow): StoredRepeat => ({
  ...row,
  seqs: seqs === null ? Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index) : (JSON.parse(seqs) as number[]),
});

type Writers = { [T in Table]: (row: Rows[T]) => void };

function writersOf(db: Database.Database): Writers {
  const { saveRegistration, saveAccount } = registrationOperations(db);
  const repeat = db.prepare<[object]>(`INSERT INTO repeats (first_seq, last_seq, at, kind, scope, key, digest, seqs)
    VALUES (@firstSeq, @lastSeq, @at, @kind, @scope, @key, @digest, @seqs)`);
  const audit = db.prepare<[object]>(`INSERT INTO audit (seq, id, at, client, role, address, method, target, detail, outcome, arerr, reason)
    VALUES (@seq, @id, @at, @client, @role, @address, @method, @target, @detail, @outcome, @arerr, @reason)`);
  const minute = db.prepare<[StoredMinute]>(ADD_MINUTE);
  return {
    registrations: (row) => void saveRegistration(row),
    accounts: saveAccount,
    deliveries: deliveryWriter(db),
    repeats({ seqs, ...row }) {
      const [firstSeq = 0, lastSeq = 0] = [seqs[0], seqs.at(-1)];
      const follow = seqs.every((seq, index) => seq === firstSeq + index);
      repeat.run({ ...row, firstSeq, lastSeq, seqs: follow ? null : JSON.stringify(seqs) });
    },
    audit: (row) => void audit.run({ ...row, detail: JSON.stringify(row.detail) }),
    history: (row) => void minute.run(row),
  };
}

function deliveryWriter(db: Database.Database): (row: StoredDelivery) => void {
  const delivery = db.prepare<[object]>(`INSERT INTO deliveries
    (seq, id, plugin, lane, registration_id, functional_user, account_name, content, entry_id, text, priority, client, accepted_at,
      expires_at, dated_by, state, begun, attempts, delivered_at, next_attempt_at, last_fault, history)
    VALUES (@seq, @id, @plugin, @lane, @registrationId, @functionalUser, @accountName, @content, @entryId, @text, @priority, @client,
      @acceptedAt, @expiresAt, @datedBy, @state, @begun, @attempts, @deliveredAt, @nextAttemptAt, @lastFault, @history)`);
  const post = db.prepare<[object]>(`INSERT INTO posts
    (delivery_seq, idx, lane, state, text, reply, id, url, begun_at, doubt_at, looks, blind)
    VALUES (@seq, @index, @lane, @state, @text, @reply, @id, @url, @begunAt, @doubtAt, @looks, @blind)`);
  return ({ posts, ...row }) => {
    delivery.run({ ...row, begun: Number(row.begun), lastFault: toJson(row.lastFault), history: toJson(row.history) });
    for (const one of posts) post.run({ ...one, seq: row.seq, lane: row.lane, reply: Number(one.reply), blind: Number(one.blind) });
  };
}
