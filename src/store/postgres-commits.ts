/** Changes that come while a commit runs share the next one. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeadlock, isOfTheData } from "./postgres-database.ts";
import type { Commit } from "./store.ts";

export type CommitOptions<Change, Result extends object> = {
  /**
   * Does them in one transaction. Rejects only where none was done, since they may then be done again. An error stands
   * for one that is refused by itself, undefined for one that is to be tried once more, since it was not done.
   */
  together(changes: Change[]): Promise<(Result | Error | undefined)[]>;
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

export function shareCommits<Change, Result extends object>({
  together,
  onCommit,
}: CommitOptions<Change, Result>): (change: Change) => Promise<Result> {
  type Batch = Waiting<Change, Result>[];
  let waiting: Batch = [];
  let running = false;

  async function commit(batch: Batch): Promise<void> {
    const startedAt = performance.now();
    const told = (kept: boolean) => onCommit({ changes: batch.length, ms: performance.now() - startedAt, kept });
    let results: (Result | Error | undefined)[];
    try {
      results = await together(batch.map(({ change }) => change));
    } catch (cause) {
      told(false);
      return failed(batch, cause);
    }
    told(true);
    const left = batch.filter((one, index) => !settled(one, results[index]));
    if (left.length > 0) await commit(left);
  }

  async function failed(batch: Batch, cause: unknown): Promise<void> {
    if (isDeadlock(cause)) return commit(batch);
    // One that PostgreSQL can't take fails alone.
    if (batch.length > 1 && isOfTheData(cause)) for (const one of batch) await commit([one]);
    else for (const { reject } of batch) reject(cause);
  }

  function settled({ resolve, reject }: Batch[number], result: Result | Error | undefined): boolean {
    if (result instanceof Error) reject(result);
    else if (result !== undefined) resolve(result);
    return result !== undefined;
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
