/**
 * The writer's thread. What arrives while a commit runs goes into the next one, so the number of fsyncs follows the
 * disk and not the number of callers. Nothing is answered before its commit.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type Database from "better-sqlite3";
import { auditOperations } from "./sqlite-audit.ts";
import { answerCall, batchRunner, type OperationTable } from "./sqlite-batch.ts";
import { createFile, lockStore, openForWriting, readPragmas } from "./sqlite-database.ts";
import { historyOperations } from "./sqlite-history.ts";
import { type LiveCount, openLiveCount } from "./sqlite-live-count.ts";
import { lookupOperations } from "./sqlite-lookups.ts";
import { type Call, CLOSE, plainError, type Report } from "./sqlite-protocol.ts";
import { putOperations } from "./sqlite-put.ts";
import { registrationOperations } from "./sqlite-registrations.ts";
import { settleOperations } from "./sqlite-settle.ts";
import { stateOperations } from "./sqlite-states.ts";

export type WriterData = { path: string; maxPages: number | undefined };

/** So many changes share a commit at most; more would let the first of them wait too long. */
const MAX_BATCH = 1000;
/** SQLite's own threshold for a checkpoint, in pages (https://www.sqlite.org/wal.html, section 2.1). */
const CHECKPOINT_PAGES = 1000;

const changes = (db: Database.Database, live: LiveCount) => ({
  ...putOperations(db, live),
  ...settleOperations(db),
  ...stateOperations(db, live),
  ...registrationOperations(db),
  ...auditOperations(db),
  ...historyOperations(db),
});
const lookups = (db: Database.Database, tally: { commits: number }) => ({
  ...lookupOperations(db),
  inspect: () => ({ ...readPragmas(db), commits: tally.commits }),
});
export type WriterOperations = ReturnType<typeof changes> & ReturnType<typeof lookups>;

function start(port: MessagePort, { path, maxPages }: WriterData): void {
  const report = (message: Report) => port.postMessage(message);
  const file = createFile(path);
  const lock = lockStore(file);
  const db = openOr(() => lock.close(), file);
  if (maxPages !== undefined) db.pragma(`max_page_count = ${maxPages}`);
  // A checkpoint inside COMMIT would keep the answers waiting, and SQLite ignores how it went.
  db.pragma("wal_autocheckpoint = 0");

  const tally = { commits: 0 };
  const lookAtWal = db.prepare<[], { log: number }>("PRAGMA wal_checkpoint(NOOP)");
  const rowsChanged = db.prepare<[], number>("SELECT total_changes()").pluck();
  let rows = rowsChanged.get() ?? 0;
  // Arguments come from the main thread's typed calls; what crosses is plain data.
  const reads = lookups(db, tally) as unknown as OperationTable;
  const live = openLiveCount(db);
  const runBatch = batchRunner(db, changes(db, live) as unknown as OperationTable, live.forget);

  /** Answers whether the thread goes on. */
  function work(calls: Call[]): boolean {
    const replies = calls.filter(({ name }) => Object.hasOwn(reads, name)).map((call) => answerCall(reads, call));
    if (replies.length > 0) report({ kind: "replies", replies });
    const batch = calls.filter(({ name }) => !Object.hasOwn(reads, name) && name !== CLOSE);
    if (batch.length > 0 && !commitBatch(batch)) return false;
    if (!calls.some(({ name }) => name === CLOSE)) return true;
    db.close();
    lock.close();
    return false;
  }

  function commitBatch(batch: Call[]): boolean {
    const began = performance.now();
    const outcome = runBatch(batch);
    const ms = performance.now() - began;
    if (outcome.committed) tally.commits += 1;
    const total = rowsChanged.get() ?? 0;
    // A sweep that found nothing commits nothing, and must not make the disk look fast.
    const commit = (total !== rows || !outcome.committed) && { commit: { changes: batch.length, ms, kept: outcome.committed } };
    rows = total;
    report({ kind: "replies", replies: outcome.replies, ...commit });
    if (outcome.fatal === undefined) return !outcome.committed || checkpointWhenDue();
    report({ kind: "broken", error: outcome.fatal });
    return false;
  }

  function checkpointWhenDue(): boolean {
    try {
      const state = lookAtWal.get();
      if (state !== undefined && state.log >= CHECKPOINT_PAGES) db.pragma("wal_checkpoint(PASSIVE)");
      return true;
    } catch (error) {
      const cause = plainError(error);
      // A full disk leaves the pages in the WAL, where they are safe, and the next checkpoint tries again.
      if (!cause.code?.startsWith("SQLITE_IOERR")) return true;
      report({ kind: "broken", error: cause });
      return false;
    }
  }

  serve(port, work);
  report({ kind: "ready" });
}

function openOr(undo: () => void, file: string): Database.Database {
  try {
    return openForWriting(file);
  } catch (error) {
    undo();
    throw error;
  }
}

/** Hands over what has come by now, again and again until nothing is left or the work says that it is over. */
function serve(port: MessagePort, work: (calls: Call[]) => boolean): void {
  port.on("message", (first: Call[]) => {
    let calls = first.concat(takeAll(port));
    while (calls.length > 0) {
      if (!work(calls.slice(0, MAX_BATCH))) {
        port.close();
        return;
      }
      calls = calls.slice(MAX_BATCH).concat(takeAll(port));
    }
  });
}

function takeAll(port: MessagePort): Call[] {
  const messages: Call[][] = [];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) messages.push(next.message);
  return messages.flat();
}

if (parentPort === null) throw new Error("sqlite-writer.ts is the code of a worker thread");
try {
  start(parentPort, workerData);
} catch (error) {
  parentPort.postMessage({ kind: "refused", error: plainError(error) } satisfies Report);
}
