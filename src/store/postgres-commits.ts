/** Changes that come while a commit runs share the next one. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeadlock, isOfTheData } from "./postgres-database.ts";
import type { Commit } from "./store.ts";

export type CommitOptions<Change, Result> = {
  /** Does all of them in one transaction, or none; an error stands for one that is refused by itself. */
  together(changes: Change[]): Promise<(Result | Error)[]>;
  onCommit(commit: Commit): void;
};
type Waiting<Change, Result> = { change: Change; resolve(result: Result): void; reject(cause: unknown): void };

/** So many share a commit at most. */
const MAX_BATCH = 500;
/**
 * Under load a commit waits so long for more to share it: those who were answered by the last one are about to come
 * again, and what each commit costs all hosts of a group pay.
 */
const GATHER_MS = 2;

export function shareCommits<Change, Result>({ together, onCommit }: CommitOptions<Change, Result>): (change: Change) => Promise<Result> {
  type Batch = Waiting<Change, Result>[];
  let waiting: Batch = [];
  let running = false;

  const settle = ({ resolve, reject }: Batch[number], result: Result | Error): void =>
    result instanceof Error ? reject(result) : resolve(result);

  /** One that PostgreSQL can't take fails alone. */
  async function each(batch: Batch): Promise<void> {
    for (const one of batch) await together([one.change]).then(([result]) => settle(one, result as Result | Error), one.reject);
  }

  async function commit(batch: Batch): Promise<void> {
    const startedAt = performance.now();
    const told = (kept: boolean) => onCommit({ changes: batch.length, ms: performance.now() - startedAt, kept });
    try {
      const results = await together(batch.map(({ change }) => change));
      told(true);
      for (const [index, one] of batch.entries()) settle(one, results[index] as Result | Error);
    } catch (cause) {
      told(false);
      if (isDeadlock(cause)) await commit(batch);
      else if (batch.length > 1 && isOfTheData(cause)) await each(batch);
      else for (const { reject } of batch) reject(cause);
    }
  }

  async function work(): Promise<void> {
    for (let last = 1; waiting.length > 0; ) {
      if (last > 1) await sleep(GATHER_MS);
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      last = batch.length;
      await commit(batch);
    }
    running = false;
  }

  return (change) =>
    new Promise((resolve, reject) => {
      waiting.push({ change, resolve, reject });
      // What comes in the same turn of the event loop shares the first commit, too.
      if (!running) {
        running = true;
        setImmediate(() => void work());
      }
    });
}
