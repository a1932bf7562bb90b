/** The reader's thread: a read-only connection, so that a long search keeps nobody from accepting or posting. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type Database from "better-sqlite3";
import { answerCall, type OperationTable } from "./sqlite-batch.ts";
import { openForReading, readPragmas } from "./sqlite-database.ts";
import { type Call, CLOSE, plainError, type Reply, type Report } from "./sqlite-protocol.ts";
import { queryOperations } from "./sqlite-queries.ts";

export type ReaderData = { path: string };

const operations = (db: Database.Database) => ({ ...queryOperations(db), inspect: () => readPragmas(db) });
export type ReaderOperations = ReturnType<typeof operations>;

function start(port: MessagePort, { path }: ReaderData): void {
  let opened: { db: Database.Database; table: OperationTable } | undefined;
  /** The writer creates the file and its tables first. */
  const open = () => {
    const db = openForReading(path);
    return { db, table: operations(db) as unknown as OperationTable };
  };
  const answer = (call: Call): Reply => {
    try {
      opened ??= open();
    } catch (error) {
      return { id: call.id, error: plainError(error) };
    }
    return answerCall(opened.table, call);
  };
  port.on("message", (calls: Call[]) => {
    for (const call of calls) {
      if (call.name === CLOSE) {
        opened?.db.close();
        port.close();
      } else port.postMessage({ kind: "replies", replies: [answer(call)] } satisfies Report);
    }
  });
  port.postMessage({ kind: "ready" } satisfies Report);
}

if (parentPort === null) throw new Error("sqlite-reader.ts is the code of a worker thread");
start(parentPort, workerData);
