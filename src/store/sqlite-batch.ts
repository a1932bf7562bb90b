/** Runs what arrived together: reads at once, changes in one transaction in which one bad change fails alone. */
import type Database from "better-sqlite3";
import { type Call, mayPass, type PlainError, plainError, type Reply } from "./sqlite-protocol.ts";

type Operation = (...args: unknown[]) => unknown;
export type OperationTable = Record<string, Operation>;

export function answerCall(operations: OperationTable, { id, name, args }: Call): Reply {
  try {
    const operation = operations[name];
    if (operation === undefined) throw new Error(`the store has no operation ${name}`);
    return { id, value: operation(...args) };
  } catch (error) {
    return { id, error: plainError(error) };
  }
}

/**
 * After some faults of the machine SQLite has rolled back by itself (https://www.sqlite.org/lang_transaction.html,
 * section 3.2), so nothing of the batch is kept.
 */
const isMachineFault = (db: Database.Database, error: PlainError) => !db.inTransaction || mayPass(error);

export type BatchOutcome = { replies: Reply[]; committed: boolean; fatal: PlainError | undefined };

/**
 * Answers how a batch of changes goes. `fatal` is set when the commit itself failed to reach the disk: the kernel may
 * have dropped the pages that it could not write, and a second fsync would claim that all is well (PostgreSQL's
 * "fsyncgate", https://wiki.postgresql.org/wiki/Fsync_Errors), so whoever holds the store must stop.
 *
 * A savepoint around each change costs a sixth of a `put`, and hardly any change fails. So the first try goes without;
 * when one fails, all is rolled back and done again with savepoints, which a change does not notice: it depends on
 * nothing but the database and its arguments. `onRollback` is told when what they have seen so far does not stand.
 */
export function batchRunner(
  db: Database.Database,
  operations: OperationTable,
  onRollback: () => void = () => {},
): (calls: Call[]) => BatchOutcome {
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  const rollback = db.prepare("ROLLBACK");
  const alone = singleRunner(db, operations);

  function changeTogether(calls: Call[]): Reply[] | undefined {
    const replies: Reply[] = [];
    for (const call of calls) {
      const reply = answerCall(operations, call);
      if ("error" in reply) {
        throwMachineFault(db, reply.error);
        return undefined;
      }
      replies.push(reply);
    }
    return replies;
  }

  function changeAlone(calls: Call[]): Reply[] {
    rollback.run();
    onRollback();
    begin.run();
    return calls.map(alone);
  }

  function nothingKept(calls: Call[], cause: unknown, committing: boolean): BatchOutcome {
    if (db.inTransaction) rollback.run();
    onRollback();
    const error = plainError(cause);
    const fatal = committing && error.code?.startsWith("SQLITE_IOERR") ? error : undefined;
    return { replies: calls.map(({ id }) => ({ id, error })), committed: false, fatal };
  }

  return (calls) => {
    let committing = false;
    try {
      begin.run();
      const replies = changeTogether(calls) ?? changeAlone(calls);
      committing = true;
      commit.run();
      return { replies, committed: true, fatal: undefined };
    } catch (error) {
      return nothingKept(calls, error, committing);
    }
  };
}

/** Runs one change inside the open transaction; when it fails, nothing of it is left. */
function singleRunner(db: Database.Database, operations: OperationTable): (call: Call) => Reply {
  const savepoint = db.prepare("SAVEPOINT change");
  const release = db.prepare("RELEASE change");
  const undo = db.prepare("ROLLBACK TO change");
  return (call) => {
    savepoint.run();
    const reply = answerCall(operations, call);
    if ("error" in reply) {
      throwMachineFault(db, reply.error);
      undo.run();
    }
    release.run();
    return reply;
  };
}

function throwMachineFault(db: Database.Database, error: PlainError): void {
  if (isMachineFault(db, error)) throw errorWithCode(error);
}

const errorWithCode = ({ message, code }: PlainError): Error => Object.assign(new Error(message), { code });
