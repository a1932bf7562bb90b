/** The reader's thread: a read-only connection, so that a long search keeps nobody from accepting or posting. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type Database from "better-sqlite3";
import { answerCall, type OperationTable } from "./sqlite-batch.ts";
import { openForReading, readPragmas } from "./sqlite-database.ts";
import { type Call, CLOSE, plainError, type Report } from "./sqlite-protocol.ts";
import { queryOperations } from "./sqlite-queries.ts";

export type ReaderData = { path: string };

const operations = (db: Database.Database) => ({ ...queryOperations(db), inspect: () => readPragmas(db) });
export type ReaderOperations = ReturnType<typeof operations>;

function start(port: MessagePort, { path }: ReaderData): void {
  const db = openForReading(path);
  const table = operations(db) as unknown as OperationTable;
  port.on("message", (calls: Call[]) => {
    for (const call of calls) {
      if (call.name === CLOSE) {
        db.close();
        port.close();
      } else port.postMessage({ kind: "replies", replies: [answerCall(table, call)] } satisfies Report);
    }
  });
  port.postMessage({ kind: "ready" } satisfies Report);
}

if (parentPort === null) throw new Error("sqlite-reader.ts is the code of a worker thread");
try {
  start(parentPort, workerData);
} catch (error) {
  parentPort.postMessage({ kind: "refused", error: plainError(error) } satisfies Report);
}
