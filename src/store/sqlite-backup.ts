/** One backup under way, as the main thread sees it: a thread and a connection of its own, so that nobody waits for it. */
import { Worker } from "node:worker_threads";
import { workerEnvironment } from "../worker-environment.ts";
import { errorOf, type PlainError, THREAD_ARGV } from "./sqlite-protocol.ts";
import { type BackupProgress, BackupRefused, StoreUnavailable } from "./store.ts";

export type BackupData = { path: string; file: string };
export type BackupMessage =
  | ({ kind: "progress" } & BackupProgress)
  | { kind: "done"; bytes: number }
  | { kind: "refused"; message: string }
  | { kind: "failed"; error: PlainError };

export class SqliteBackup {
  /** Rejects with {@link BackupRefused} or {@link StoreUnavailable}. */
  readonly done: Promise<{ bytes: number }>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;

  constructor(workerData: BackupData, onProgress: (progress: BackupProgress) => void = () => {}) {
    const done = Promise.withResolvers<{ bytes: number }>();
    const ended = Promise.withResolvers<void>();
    this.done = done.promise;
    this.#ended = ended.promise;
    const fail = (cause: Error) => done.reject(new StoreUnavailable(`the backup failed: ${cause.message}`, { cause, mayPass: true }));
    this.#worker = new Worker(new URL("./sqlite-backup-thread.ts", import.meta.url), {
      workerData,
      execArgv: THREAD_ARGV,
      env: workerEnvironment(),
    });
    this.#worker.on("message", (report: BackupMessage) => {
      if (report.kind === "progress") onProgress({ bytes: report.bytes, totalBytes: report.totalBytes });
      else if (report.kind === "done") done.resolve({ bytes: report.bytes });
      else if (report.kind === "refused") done.reject(new BackupRefused(report.message));
      else fail(errorOf(report.error));
    });
    this.#worker.on("error", fail);
    this.#worker.on("exit", (code) => {
      fail(new Error(`its thread ended with ${code}`));
      ended.resolve();
    });
  }

  /** Gives it up where it is not done; resolves when nothing half is left. */
  async abort(): Promise<void> {
    this.#worker.postMessage("abort");
    await this.#ended;
  }
}
