/** One side of a copy in PostgreSQL: hosts are kept away by the lock of migrations, and all is one transaction. */
import pg from "pg";
import { CopyRefused, type CopySide, type LastSeqs, type Rows, type Table } from "./copy.ts";
import { readPostgresAddress } from "./postgres-address.ts";
import { APPLICATION, connectionOptions } from "./postgres-database.ts";
import { ADD_MINUTES, MINUTE } from "./postgres-history.ts";
import { MIGRATION_LOCK, migrateAt, newestVersion, readSchema } from "./postgres-migrate.ts";
import { ACCOUNT, DELIVERY, REGISTRATION } from "./postgres-rows.ts";
import { troubleOf } from "./postgres-trouble.ts";
import { uniqueNames } from "./unique-names.ts";

const PORTION = 1000;
/** A copy of millions of rows takes its time. */
const PATIENT = "-c statement_timeout=0 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=0";

const LOCK = "SELECT pg_try_advisory_lock($1) AS held";
/** Whoever is connected as a host is one, and so is one that was heard of lately: it may only be cut off. */
const HOSTS = `SELECT 'one connected from ' || coalesce(host(client_addr), 'this machine') AS name FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = '${APPLICATION}' AND pid <> pg_backend_pid()
  UNION SELECT card->>'name' FROM hosts WHERE seen_at > clock_timestamp() - interval '15 s'
  UNION SELECT 'one that holds a lane' FROM lanes WHERE holder IS NOT NULL AND expires_at > clock_timestamp()`;

/** In the order that {@link CopySide} promises, whatever the database's collation. */
const READ: Record<Table, string> = {
  registrations: `SELECT ${REGISTRATION} FROM registrations ORDER BY id COLLATE "C"`,
  accounts: `SELECT ${ACCOUNT} FROM accounts ORDER BY lane COLLATE "C"`,
  deliveries: `SELECT ${DELIVERY} FROM deliveries ORDER BY seq`,
  repeats: `SELECT kind, scope, key, digest, at, to_jsonb(seqs) AS seqs FROM repeats ORDER BY kind COLLATE "C", scope COLLATE "C", key COLLATE "C"`,
  audit: "SELECT seq, id, at, client, role, address, method, target, detail, outcome, arerr, reason FROM audit ORDER BY seq",
  history: `SELECT ${MINUTE} FROM history ORDER BY minute, id COLLATE "C"`,
};

const DELIVERIES = `INSERT INTO deliveries (seq, id, plugin, lane, registration_id, functional_user, account_name, content, entry_id, text,
    priority, client, accepted_at, expires_at, dated_by, state, begun, attempts, delivered_at, next_attempt_at, last_fault,
    history)
  OVERRIDING SYSTEM VALUE
  SELECT seq, id, plugin, lane, "registrationId", "functionalUser", "accountName", content, "entryId", text, priority, client, "acceptedAt",
    "expiresAt", "datedBy", state, begun, attempts, "deliveredAt", "nextAttemptAt", nullif("lastFault", 'null'),
    nullif(history, 'null')
  FROM jsonb_to_recordset($1::jsonb) AS (seq bigint, id text, plugin text, lane text, "registrationId" text, "functionalUser" text,
    "accountName" text, content text, "entryId" text, text text, priority integer, client text, "acceptedAt" double precision,
    "expiresAt" double precision, "datedBy" text, state text, begun boolean, attempts integer, "deliveredAt" double precision,
    "nextAttemptAt" double precision, "lastFault" jsonb, history jsonb)`;
const POSTS = `INSERT INTO posts (delivery_seq, idx, lane, state, text, reply, id, url, begun_at, doubt_at, looks, blind)
  SELECT given.seq, index, lane, state, text, reply, id, url, "begunAt", "doubtAt", looks, blind
  FROM jsonb_to_recordset($1::jsonb) AS given (seq bigint, lane text, posts jsonb),
    jsonb_to_recordset(given.posts) AS post (index integer, state text, text text, reply boolean, id text, url text,
      "begunAt" double precision, "doubtAt" double precision, looks integer, blind boolean)`;
const REGISTRATIONS = `INSERT INTO registrations (id, unique_names, company, content, functional_user, mechanism, account_name, enabled, lane,
    authorized_at, pending, created_at, updated_at)
  SELECT id, "uniqueNames", company, content, "functionalUser", mechanism, "accountName", enabled, lane, "authorizedAt", pending, "createdAt",
    "updatedAt" FROM jsonb_to_recordset($1::jsonb) AS (id text, "uniqueNames" text, company text, content text, "functionalUser" text,
    mechanism text, "accountName" text, enabled boolean, lane text, "authorizedAt" double precision, pending text,
    "createdAt" double precision, "updatedAt" double precision)`;
const ACCOUNTS = `INSERT INTO accounts (lane, plugin, account_id, account_name, token, protected, access_level, checked_at, revoked, paused, hold)
  SELECT lane, plugin, "accountId", "accountName", token, protected, "accessLevel", "checkedAt", revoked, paused, nullif(hold, 'null')
  FROM jsonb_to_recordset($1::jsonb) AS (lane text, plugin text, "accountId" text, "accountName" text, token text, protected boolean,
    "accessLevel" text, "checkedAt" double precision, revoked boolean, paused boolean, hold jsonb)`;
const REPEATS = `INSERT INTO repeats (kind, scope, key, digest, seqs, at) SELECT kind, scope, key, digest, seqs, at
  FROM jsonb_to_recordset($1::jsonb) AS (kind text, scope text, key text, digest text, seqs bigint[], at double precision)`;
const AUDIT = `INSERT INTO audit (seq, id, at, client, role, address, method, target, detail, outcome, arerr, reason) OVERRIDING SYSTEM VALUE
  SELECT seq, id, at, client, role, address, method, target, detail, outcome, arerr, reason FROM jsonb_to_recordset($1::jsonb)
    AS (seq bigint, id text, at double precision, client text, role text, address text, method text, target text, detail jsonb,
      outcome text, arerr integer, reason text)`;
const WRITE: Record<Table, readonly string[]> = {
  registrations: [REGISTRATIONS],
  accounts: [ACCOUNTS],
  deliveries: [DELIVERIES, POSTS],
  repeats: [REPEATS],
  audit: [AUDIT],
  history: [ADD_MINUTES],
};
/** The column by itself is filled in the order of acceptance. */
const LAST = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS seq FROM";

export async function openPostgresCopy(url: string, role: "from" | "to", password: () => string | undefined): Promise<CopySide> {
  const { name } = readPostgresAddress(url);
  const options = { password, applicationName: "perch-copy" };
  const client = new pg.Client({ ...connectionOptions(url, options), query_timeout: 0, options: PATIENT });
  // What breaks the connection fails the statement that is under way, or the next.
  client.on("error", () => {});
  try {
    if (role === "to") await migrateAt(url, options);
    await client.connect();
    await keepHostsAway(client, name, role);
    await client.query(role === "from" ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN");
    return sideOf(name, client);
  } catch (cause) {
    await client.end().catch(() => {});
    throw cause instanceof CopyRefused ? cause : new CopyRefused(`${name} can't be opened as a store: ${troubleOf(cause)}`, { cause });
  }
}

/** Until the connection ends: each host takes the lock at its start. */
async function keepHostsAway(client: pg.Client, name: string, role: "from" | "to"): Promise<void> {
  const query = async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
    (await client.query<Row>(sql, [...values])).rows;
  const [lock] = await query<{ held: boolean }>(LOCK, [MIGRATION_LOCK]);
  if (!lock?.held) throw new CopyRefused(`${name} is being copied, or a host is just starting on it. Wait until that is done.`);
  const { version } = await readSchema(query);
  if (version === 0)
    throw new CopyRefused(`${name} holds no store: give ${role === "from" ? "FROM" : "TO"} the database that hosts have used.`);
  if (version !== newestVersion())
    throw new CopyRefused(
      `${name} has schema version ${version}, and this Perch copies ${newestVersion()}: start this Perch on it once, then stop it.`,
    );
  const hosts = await query<{ name: string }>(HOSTS);
  if (hosts.length === 0) return;
  throw new CopyRefused(
    `${name} is in use by hosts (${hosts.map((host) => host.name).join(", ")}). Stop all of them first; one that was killed is forgotten after 15 s.`,
  );
}

function sideOf(name: string, client: pg.Client): CopySide {
  const lastOf = async (table: "deliveries" | "audit") =>
    (await client.query<{ seq: number }>(`${LAST} ${table}_seq_seq`)).rows[0]?.seq ?? 0;
  return {
    name,
    count: async (table) => (await client.query<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)).rows[0]?.count ?? 0,
    async *read<T extends Table>(table: T) {
      await client.query(`DECLARE copied NO SCROLL CURSOR FOR ${READ[table]}`);
      for (;;) {
        // The columns are those of the table's shape.
        const { rows } = await client.query<Rows[T]>(`FETCH ${PORTION} FROM copied`);
        if (rows.length === 0) break;
        yield rows;
      }
      await client.query("CLOSE copied");
    },
    async write<T extends Table>(table: T, rows: Rows[T][]) {
      const given = JSON.stringify(
        rows.map((row) => ("functionalUser" in row && "mechanism" in row ? { ...row, uniqueNames: uniqueNames(row) } : row)),
      );
      for (const statement of WRITE[table]) await client.query(statement, [given]);
    },
    lastSeqs: async () => ({ deliveries: await lastOf("deliveries"), audit: await lastOf("audit") }),
    async setLastSeqs(seqs: LastSeqs) {
      for (const [table, seq] of Object.entries(seqs)) if (seq > 0) await client.query("SELECT setval($1, $2)", [`${table}_seq_seq`, seq]);
    },
    async commit() {
      await client.query("COMMIT");
      // The first plans should know how much there is.
      await client.query("ANALYZE");
    },
    // What was not committed is undone with it.
    close: () => client.end(),
  };
}
