/** One worker thread and the calls that are under way in it. Runs in the main thread and knows nothing of SQLite. */
import { Worker } from "node:worker_threads";
import { workerEnvironment } from "../worker-environment.ts";
import { type Call, CLOSE, errorOf, mayPass, plainError, type Reply, type Report, THREAD_ARGV } from "./sqlite-protocol.ts";
import { type Commit, StoreUnavailable } from "./store.ts";

type Operations = Record<string, (...args: never[]) => unknown>;
type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void };

/** V8 would let it grow to 134 MB in each thread before it collects. */
const MAX_YOUNG_MB = 16;

export class SqliteThread<O extends Operations> {
  /** Rejects when the thread can't open its file. */
  readonly ready: Promise<void>;
  /** Resolves with the cause when what it holds can no longer be trusted, or it died. */
  readonly broken: Promise<Error>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #unsent: Call[] = [];
  #lastId = 0;
  #onCommit: ((commit: Commit) => void) | undefined;
  /** Why nothing is taken any more. */
  #refusal: Error | undefined;

  constructor(module: URL, workerData: unknown) {
    const ready = Promise.withResolvers<void>();
    const broken = Promise.withResolvers<Error>();
    const ended = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.broken = broken.promise;
    this.#ended = ended.promise;
    // The caller awaits `ready` when it can; until then a refusal is not "unhandled".
    this.ready.catch(() => {});
    this.#worker = new Worker(module, {
      workerData,
      execArgv: THREAD_ARGV,
      env: workerEnvironment(),
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    const fail = (cause: Error) => {
      ready.reject(cause);
      if (this.#refusal === undefined) broken.resolve(cause);
      this.#refuse(cause);
    };
    this.#worker.on("message", (report: Report) => {
      if (report.kind === "replies") {
        if (report.commit) this.#onCommit?.(report.commit);
        for (const reply of report.replies) this.#answer(reply);
      } else if (report.kind === "ready") ready.resolve();
      else if (report.kind === "broken") {
        // Also of a thread that is closing: what it could not keep is known nowhere else.
        broken.resolve(errorOf(report.error));
        fail(errorOf(report.error));
      } else ready.reject(errorOf(report.error));
    });
    this.#worker.on("error", fail);
    this.#worker.on("exit", (code) => {
      fail(new Error(`a thread of the store ended with ${code}`));
      ended.resolve();
    });
  }

  call<N extends keyof O & string>(name: N, ...args: Parameters<O[N]>): Promise<ReturnType<O[N]>> {
    // The reply of an operation is what the operation returns; a structured clone keeps plain data as it is.
    return this.#send(name, args) as Promise<ReturnType<O[N]>>;
  }

  watchCommits(listener: (commit: Commit) => void): void {
    this.#onCommit = listener;
  }

  /** Ends the thread after what was asked before; later calls are refused. */
  async close(): Promise<void> {
    if (this.#refusal === undefined) {
      this.#send(CLOSE, []).catch(() => {});
      this.#refusal = new Error("the store is closed");
    }
    await this.#ended;
  }

  #send(name: string, args: unknown[]): Promise<unknown> {
    if (this.#refusal !== undefined) return Promise.reject(unavailable(this.#refusal, false));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, { resolve, reject });
    // One message for all calls of this turn of the event loop: a message costs more than what most of them carry.
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push({ id: this.#lastId, name, args });
    return promise;
  }

  #flush(): void {
    const calls = this.#unsent;
    this.#unsent = [];
    try {
      this.#worker.postMessage(calls);
    } catch (error) {
      // Something among the arguments is not plain data; nothing of the message has left.
      for (const { id } of calls) this.#answer({ id, error: plainError(error) });
    }
  }

  #answer(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(unavailable(errorOf(reply.error), mayPass(reply.error)));
    else waiting?.resolve(reply.value);
  }

  #refuse(cause: Error): void {
    this.#refusal ??= cause;
    for (const { reject } of this.#waiting.values()) reject(unavailable(cause, false));
    this.#waiting.clear();
  }
}

const unavailable = (cause: Error, mayPass: boolean) =>
  new StoreUnavailable(`the store is not available: ${cause.message}`, { cause, mayPass });
