/** The backup that is under way, and the last one: a large store takes longer than a call may, so a caller can ask again. */
import { type Answer, done, hostFault, refused } from "../ar.ts";
import { BackupRefused, type Store } from "../store/store.ts";
import type { BackupReport, BackupRequest } from "./verbs.ts";

type Run = { report: BackupReport; end: Promise<Answer<BackupReport>> };

export class Backups {
  readonly #store: Pick<Store, "backup">;
  #last: Run | undefined;

  constructor(store: Pick<Store, "backup">) {
    this.#store = store;
  }

  /** Rejects with `StoreUnavailable` when the store is to blame. */
  async run({ file, mode = "wait" }: BackupRequest): Promise<Answer<BackupReport>> {
    const known = this.#last?.report.file === file ? this.#last : undefined;
    if (mode === "progress") return known ? answerNow(known) : refused(hostFault("not-found", `there is no backup to ${file} under way`));
    const other = this.#last;
    if (other && !known && !other.report.done) {
      return refused(hostFault("bad-input", `file: a backup to ${other.report.file} is under way; wait for its end`));
    }
    const run = known && !known.report.done ? known : this.#start(file);
    return mode === "wait" ? run.end : answerNow(run);
  }

  #start(file: string): Run {
    const report: BackupReport = { file, done: false, bytes: 0, totalBytes: 0 };
    const copying = this.#store.backup(file, (progress) => Object.assign(report, progress));
    const run: Run = { report, end: copying.then(({ bytes }) => done({ file, done: true, bytes, totalBytes: bytes }), refuse) };
    const ended = () => {
      report.done = true;
    };
    run.end.then(ended, ended);
    this.#last = run;
    return run;
  }
}

function answerNow({ report, end }: Run): Promise<Answer<BackupReport>> {
  return report.done ? end : Promise.resolve(done({ ...report }));
}

function refuse(cause: unknown): Answer<never> {
  if (cause instanceof BackupRefused) return refused(hostFault("bad-input", `file: ${cause.message}`));
  throw cause;
}
