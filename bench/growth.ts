/** What a store with millions of rows costs, against one with hardly any. */
import { rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { openSqlite, type SqliteStore } from "../src/store/sqlite.ts";
import { openFolder } from "../test/child-host.ts";
import { newDelivery, newRegistration, putRequest } from "../test/store/store.contract.ts";
import type { Bench, Figure, Rig, Wishes } from "./bench.ts";
import { DAY_MS, entryOf, fillStore, idOf, LANES, NOW } from "./fill-store.ts";
import { hostLife } from "./server-life.ts";

/** As many as the whole suite has time for. */
const ROWS = 1_000_000;
/** Enough for a read to find something. */
const FEW = 1000;
/** With indexes; a little more than what was seen. */
const BYTES_A_ROW = 1000;
/** Of each measure: hundreds of commits. */
const TURN_MS = 800;
const IDLE_SECONDS = 1;
/** No service is asked: nothing waits to be posted while the host runs. */
const NOWHERE = "http://127.0.0.1:9";

const figure = (value: string, unit: Figure["unit"], goal?: Figure["goal"]): Figure => ({
  name: value,
  unit,
  of: { side: "many", value },
  against: { side: "few", value },
  ...(goal && { goal }),
});

export const growth: Bench = {
  name: "growth",
  summary: "a store with --rows rows (a million) ÷ one with a thousand: accept, claim, get, list, and a host's start and memory",
  conditions: {
    load: "closed loop in the store's own process: 64 callers accept, 16 claim, 16 get, 1 lists",
    rows: "ended deliveries of 90 days with their posts, and the repeats of the last day, on 64 lanes",
    durability: "SQLite, WAL, synchronous=FULL",
  },
  sides: ["few", "many"],
  figures: [
    figure("accept", "a second", { atLeast: 0.9 }),
    figure("accept with a repeat key", "a second"),
    figure("claim", "a second"),
    figure("get, scattered", "a second"),
    figure("list, newest 50", "a second"),
    figure("list, one entry", "a second"),
    figure("start", "ms"),
    figure("rss", "MB"),
  ],
  open: openRig,
};

type Side = { folder: string; configFile: string; path: string; rows: number };

async function openRig(progress: (line: string) => void, { rows = ROWS }: Wishes): Promise<Rig> {
  checkRoom(rows);
  const [few, many] = [await openSide(FEW), await openSide(rows)];
  fillStore(few.path, FEW, () => {});
  const began = performance.now();
  fillStore(many.path, rows, (filled) =>
    progress(`${filled} of ${rows} rows are in, after ${Math.round((performance.now() - began) / 1000)} s`),
  );
  const wrong: string[] = [];
  return {
    conditions: { filled: `${rows} rows, ${Math.round(statSync(many.path).size / 1e6)} MB` },
    async turn(side) {
      const { path, rows, ...files } = side === "many" ? many : few;
      const measured = await measureStore({ path, rows }, wrong);
      const { start, rss } = await hostLife(files, IDLE_SECONDS, wrong);
      return { ...measured, start, rss };
    },
    verify: async () => wrong,
    async close() {
      for (const { folder } of [few, many]) rmSync(folder, { recursive: true });
    },
  };
}

function checkRoom(rows: number): void {
  const { bavail, bsize } = statfsSync(tmpdir());
  const [free, needed] = [bavail * bsize, rows * BYTES_A_ROW].map((bytes) => Math.ceil(bytes / 1e9));
  if (bavail * bsize >= rows * BYTES_A_ROW) return;
  throw new Error(`${tmpdir()} has ${free} GB free, and ${rows} rows need ${needed} GB. Give fewer --rows, or another folder in TMPDIR.`);
}

async function openSide(rows: number): Promise<Side> {
  const files = await openFolder(NOWHERE, [], {});
  return { ...files, path: join(files.folder, "perch.db"), rows };
}

type Filled = Pick<Side, "path" | "rows">;

/** Opens the store, measures, and takes away what was added, so that the next turn finds it as this one did. */
async function measureStore({ path, rows }: Filled, wrong: string[]): Promise<Record<string, number>> {
  const store = await openSqlite(path);
  await store.saveRegistration(newRegistration());
  const measured: Record<string, number> = {};
  let accepted = 0;
  for (const [name, { callers, once }] of Object.entries(measuresOf(store, rows))) {
    const { done, aSecond } = await rate(callers, once);
    measured[name] = aSecond;
    if (name.startsWith("accept")) accepted += done;
  }
  const kept = (await store.counts()).byState.queued ?? 0;
  if (kept !== accepted) wrong.push(`${path}: ${accepted} deliveries were accepted, ${kept} are kept`);
  await store.close();
  takeAway(path, rows);
  return measured;
}

type Measure = { callers: number; once(turn: number): Promise<unknown> };

/** The reads first: accepting adds live deliveries to both sides, and would make them alike. */
const measuresOf = (store: SqliteStore, rows: number): Record<string, Measure> => ({
  "get, scattered": { callers: 16, once: (turn) => store.get(idOf(scattered(turn, rows))) },
  "list, newest 50": { callers: 1, once: () => store.list({ limit: 50 }) },
  "list, one entry": { callers: 1, once: (turn) => store.list({ entryId: entryOf(scattered(turn, rows)), limit: 50 }) },
  accept: { callers: 64, once: (turn) => accept(store, turn) },
  "accept with a repeat key": { callers: 64, once: (turn) => accept(store, turn, { repeat: true }) },
  claim: { callers: 16, once: (turn) => store.claim(laneOf(turn), NOW, { by: null, since: 0 }) },
});

/** Steps through all rows in no order, so that the pages that it needs are not the last ones. */
const scattered = (turn: number, rows: number): number => (turn * 7_368_787 + 13) % rows;
const laneOf = (turn: number): string => `twitter:${turn % LANES}`;

async function accept(store: SqliteStore, turn: number, { repeat = false } = {}): Promise<void> {
  const about = { lane: laneOf(turn), entryId: `INC${turn}`, acceptedAt: NOW, expiresAt: NOW + DAY_MS, text: "x".repeat(120) };
  const delivery = newDelivery(about);
  const request = putRequest([delivery], { maxQueued: 1e9 });
  const { outcome } = await store.put(repeat ? { ...request, repeat: { kind: "content", digest: delivery.id } } : request);
  if (outcome !== "accepted") throw new Error(`a delivery was not accepted: ${outcome}`);
}

async function rate(callers: number, once: (turn: number) => Promise<unknown>): Promise<{ done: number; aSecond: number }> {
  const began = performance.now();
  let turns = 0;
  const caller = async () => {
    while (performance.now() - began < TURN_MS) {
      turns += 1;
      await once(turns);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { done: turns, aSecond: (turns * 1000) / (performance.now() - began) };
}

/** All that is live; and of the repeats those that no filled row has. */
function takeAway(path: string, rows: number): void {
  const db = new Database(path);
  db.prepare("DELETE FROM deliveries WHERE seq > ?").run(rows);
  db.prepare("DELETE FROM repeats WHERE first_seq > ?").run(rows);
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
}
