/** A SQLite store as years of work would leave it, made in minutes. */
import type { Database } from "better-sqlite3";
import { openForWriting } from "../src/store/sqlite-database.ts";

/** The lanes of what is filled, and of what is then added. */
export const LANES = 64;
/** The moment at which all that was filled has ended: milliseconds since 1970. */
export const NOW = 1_800_000_000_000;
export const DAY_MS = 86_400_000;
const DAYS_KEPT = 90;
const CHUNK = 100_000;
/** Changes of a statement that so many rows share are fewer than those of so many statements. */
const CACHE_KB = 1_000_000;

/** The id of the row of this number, from 0. */
export const idOf = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
export const entryOf = (n: number): string => `INC${String(n).padStart(12, "0")}`;

/** Rows spread over the days that are kept, one in a hundred failed, one post each, the last day's repeats remembered. */
const DELIVERIES = `WITH RECURSIVE n(i) AS (SELECT @from UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @to)
  INSERT INTO deliveries (id, plugin, lane, registration_id, functional_user, account_name, content, entry_id, text, priority, client,
    accepted_at, expires_at, state, begun, attempts, delivered_at)
  SELECT printf('01900000-0000-7000-8000-%012x', i), 'twitter', 'twitter:' || (i % ${LANES}), 'r1', 'Broadcast User',
    'Account_' || (i % ${LANES}), 'Broadcast', printf('INC%012d', i),
    'E-mail is down in Paris, we are on it. Number ' || i || ' of those that the service desk has sent; more follows within the hour.',
    5, 'ar-server', @start + i * @step, @start + i * @step + ${DAY_MS}, iif(i % 100 = 0, 'failed', 'delivered'), i % 100 <> 0, 1,
    iif(i % 100 = 0, NULL, @start + i * @step + 900) FROM n`;
const POSTS = `INSERT INTO posts (delivery_seq, idx, lane, state, text, reply, id, url, begun_at)
  SELECT seq, 0, lane, 'posted', text, 0, 2000000000000000000 + seq, 'https://x.com/' || account_name || '/status/' ||
    (2000000000000000000 + seq), accepted_at + 100 FROM deliveries WHERE seq > @from AND seq <= @to AND state = 'delivered'`;
const REPEATS = `INSERT INTO repeats (first_seq, last_seq, at, kind, scope, key, digest)
  SELECT seq, seq, accepted_at, 'content', '', lower(hex(randomblob(32))), '' FROM deliveries WHERE seq > @from AND seq <= @to
    AND accepted_at >= ${NOW - DAY_MS}`;

/** Creates the file with its tables and so many ended deliveries. It may be lost while this runs, so nothing is synced. */
export function fillStore(path: string, rows: number, onFilled: (rows: number) => void): void {
  const db: Database = openForWriting(path);
  db.pragma("journal_mode = OFF");
  db.pragma("synchronous = OFF");
  db.pragma(`cache_size = -${CACHE_KB}`);
  const step = (DAYS_KEPT * DAY_MS) / rows;
  const start = NOW - DAYS_KEPT * DAY_MS;
  const statements = [DELIVERIES, POSTS, REPEATS].map((sql) => db.prepare<[object]>(sql));
  for (let from = 0; from < rows; from += CHUNK) {
    const to = Math.min(rows, from + CHUNK);
    db.transaction(() => {
      for (const statement of statements) statement.run({ from, to, start, step });
    })();
    onFilled(to);
  }
  db.pragma("journal_mode = WAL");
  db.close();
}
