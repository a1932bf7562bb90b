/**
 * How the store does with ten million rows against hardly any. Run by hand, it asserts nothing:
 *
 *   node test/store/ten-million.ts [ROWS] [FOLDER]
 *
 * It needs about 1 KB of disk for each row. Both stores are open in one process and measured in turns, so that what the
 * machine does besides falls on both; what counts is the ratio.
 */
import { existsSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import { openSqlite, type SqliteStore } from "../../src/store/sqlite.ts";
import { openForWriting } from "../../src/store/sqlite-database.ts";
import { newDelivery, newRegistration, putRequest } from "./store.contract.ts";

const rows = Number(process.argv[2] ?? 10_000_000);
const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), "perch-ten-million-"));
const FEW = 1000;
const CHUNK = 100_000;
const LANES = 64;
const DAYS_KEPT = 90;
const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;
const BYTES_A_ROW = 1500;
const ROUNDS = 15;
/** Long enough for hundreds of commits. */
const TURN_MS = 1000;

const say = (line: string) => process.stdout.write(`${line}\n`);
const idOf = (n: number) => `01900000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

/**
 * Rows as years of work would leave them: spread over the days that are kept, one in a hundred failed, one post each,
 * the last day's repeats remembered.
 */
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

function fill(path: string, count: number): void {
  const db: Database = openForWriting(path);
  db.pragma("journal_mode = OFF");
  db.pragma("synchronous = OFF");
  db.pragma("cache_size = -1000000");
  const step = (DAYS_KEPT * DAY_MS) / count;
  const start = NOW - DAYS_KEPT * DAY_MS;
  const statements = [DELIVERIES, POSTS, REPEATS].map((sql) => db.prepare<[object]>(sql));
  const began = performance.now();
  for (let from = 0; from < count; from += CHUNK) {
    const to = Math.min(count, from + CHUNK);
    db.transaction(() => {
      for (const statement of statements) statement.run({ from, to, start, step });
    })();
    if ((to / CHUNK) % 5 === 0) say(`filled ${to} of ${count} (${Math.round((performance.now() - began) / 1000)} s)`);
  }
  db.close();
}

type Side = { name: string; store: SqliteStore; count: number };
/** Answers how many a second. */
type Measure = (side: Side) => Promise<number>;

async function rate(callers: number, once: (turn: number) => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let done = 0;
  const caller = async () => {
    for (; performance.now() - began < TURN_MS; done += 1) await once(done);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (done * 1000) / (performance.now() - began);
}

/** Steps through all rows in no order, so that the pages that it needs are not the last ones. */
const scattered = (turn: number, count: number) => (turn * 7_368_787 + 13) % count;

const lane = (turn: number) => `twitter:${turn % LANES}`;
const accept = (store: SqliteStore, turn: number, repeat: boolean) => {
  const delivery = newDelivery({
    lane: lane(turn),
    entryId: `INC${turn}`,
    acceptedAt: NOW,
    expiresAt: NOW + DAY_MS,
    text: "x".repeat(120),
  });
  const request = putRequest([delivery], { maxQueued: 1e9 });
  return store.put(repeat ? { ...request, repeat: { kind: "content", digest: delivery.id } } : request);
};

const MEASURES: Record<string, Measure> = {
  // The reads first: accepting adds live deliveries to both, and would make them alike.
  "get, scattered, 16 callers": ({ store, count }) => rate(16, (turn) => store.get(idOf(scattered(turn, count)))),
  "list, newest 50": ({ store }) => rate(1, () => store.list({ limit: 50 })),
  "list, 50 from a scattered place": ({ store, count }) =>
    rate(1, (turn) => store.list({ limit: 50, beforeSeq: 51 + scattered(turn, count - 50) })),
  "list, newest 10 failed": ({ store }) => rate(1, () => store.list({ states: ["failed"], limit: 10 })),
  "list, one entry": ({ store, count }) =>
    rate(1, (turn) => store.list({ entryId: `INC${String(scattered(turn, count)).padStart(12, "0")}`, limit: 50 })),
  counts: ({ store }) => rate(1, () => store.counts()),
  "known posts of a lane": ({ store, count }) => rate(1, (turn) => store.knownPosts(lane(turn), idOf(scattered(turn, count)))),
  "accept, 64 callers": ({ store }) => rate(64, (turn) => accept(store, turn, false)),
  "accept with a repeat key, 64 callers": ({ store }) => rate(64, (turn) => accept(store, turn, true)),
  "accept, 1 caller": ({ store }) => rate(1, (turn) => accept(store, turn, false)),
  "claim, 16 callers": ({ store }) => rate(16, (turn) => store.claim(lane(turn), NOW, { by: null, since: 0 })),
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function measure(name: string, run: Measure, few: Side, many: Side): Promise<void> {
  const ratios: number[] = [];
  const rates: Record<string, number[]> = { few: [], many: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // In turns, and each goes first as often as the other.
    const order: Side[] = round % 2 === 0 ? [few, many] : [many, few];
    const result = new Map<Side, number>();
    for (const side of order) result.set(side, await run(side));
    ratios.push((result.get(many) ?? 0) / (result.get(few) ?? 1));
    rates.few?.push(result.get(few) ?? 0);
    rates.many?.push(result.get(many) ?? 0);
  }
  const show = (value: number) => value.toFixed(2);
  const absolute = `${Math.round(median(rates.many ?? []))}/s : ${Math.round(median(rates.few ?? []))}/s`;
  say(`${name.padEnd(38)} ${show(median(ratios))} (${show(Math.min(...ratios))} to ${show(Math.max(...ratios))})   ${absolute}`);
}

/** One that was filled before may be measured again. */
async function open(name: string, count: number): Promise<Side> {
  const path = join(folder, `${name}.db`);
  if (!existsSync(path)) fill(path, count);
  const store = await openSqlite(path);
  await store.saveRegistration(newRegistration());
  return { name, store, count };
}

const { bavail, bsize } = statfsSync(folder);
if (bavail * bsize < rows * BYTES_A_ROW) throw new Error(`${folder} has no room for ${rows} rows; give fewer, or another folder`);
const few = await open("few", FEW);
const many = await open("many", rows);
say(`${rows} rows are ${Math.round(statSync(join(folder, "many.db")).size / 1e6)} MB; ratio many : few, median of ${ROUNDS} (min to max)`);
for (const [name, run] of Object.entries(MEASURES)) await measure(name, run, few, many);
await few.store.close();
await many.store.close();
if (process.argv[3] === undefined) rmSync(folder, { recursive: true });
