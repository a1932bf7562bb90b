/** The host's end of one worker thread: calls with time-outs, watches over its turns and its memory, and its death. */
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { type Answer, done, hostFault, refused } from "../ar.ts";
import { workerEnvironment } from "../worker-environment.ts";
import { inTime } from "./in-time.ts";
import { type MemoryWatch, v8LimitMb, watchMemory } from "./memory-watch.ts";
import { PING_MISSED_MS, type PingWatch, watchPings } from "./ping-watch.ts";
import type { CallAbout, ClockReport, FromWorker, LogLevel, Manifest, Reply, ToWorker, Verb, Verbs } from "./protocol.ts";
import { sayCause } from "./say-cause.ts";
import type { SteadyClock } from "./steady-clock.ts";
import { machineTime, type Time } from "./time.ts";
import { followOutput } from "./worker-output.ts";

export type WorkerOptions = {
  plugin: string;
  moduleUrl: string;
  maxMemoryMb: number;
  time: Time;
  clock: SteadyClock;
  onLog(level: LogLevel, fields: Record<string, unknown>, sentence: string): void;
  /** Once, whatever ended it; `cause` is undefined when it was asked to end. */
  onDeath(cause: string | undefined): void;
};

/** V8 would let it grow to 134 MB in each worker before it collects. */
const MAX_YOUNG_MB = 16;
const LOAD_TIMEOUT_MS = 10_000;
/** V8 ends a loop in milliseconds, but a thread inside a system call (`execSync`, a pipe that nobody writes) not at all. */
const ABANDON_AFTER_MS = 1_000;
/** A thread lives in the machine's time, whatever time the host is given: a turned clock must not look like a loop. */
const MACHINE = machineTime();

// A worker is asked to throw its garbage away, for which V8 must let it; the flag holds for threads that start later.
setFlagsFromString("--expose-gc");

/** A call under way, and what the clocks said when it left. */
type Pending = { answer: (answer: Answer<unknown>) => void; hear?: (said: unknown) => void; wall: number; monotonic: number };

export class WorkerLink {
  /** The module's manifest, or why there is none. Never rejects. */
  readonly loaded: Promise<Answer<Manifest>>;
  readonly #options: WorkerOptions;
  readonly #worker: Worker;
  readonly #pings: PingWatch;
  readonly #memory: MemoryWatch;
  readonly #pending = new Map<number, Pending>();
  readonly #resolveLoaded: (answer: Answer<Manifest>) => void;
  #cancelLoad: () => void;
  #lastId = 0;
  #deathCause: string | undefined;
  #ended = false;
  #hasLoaded = false;
  #asked = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL("./plugin-worker.ts", import.meta.url), {
      name: `perch ${options.plugin}`,
      env: workerEnvironment(),
      // A diagnostic report of a worker lists the environment of the whole process, whatever `env` is here.
      execArgv: ["--report-exclude-env"],
      workerData: { moduleUrl: options.moduleUrl },
      resourceLimits: { maxOldGenerationSizeMb: v8LimitMb(options.maxMemoryMb), maxYoungGenerationSizeMb: MAX_YOUNG_MB },
      // Else it would go to the host's own, between the lines of the log and with whatever secrets it holds.
      stdout: true,
      stderr: true,
    });
    this.#followOutput();
    const { promise, resolve } = Promise.withResolvers<Answer<Manifest>>();
    this.loaded = promise;
    this.#resolveLoaded = resolve;
    this.#cancelLoad = MACHINE.after(LOAD_TIMEOUT_MS, () => this.#end(`the module did not load within ${LOAD_TIMEOUT_MS / 1000} s`));
    this.#pings = watchPings(
      () => this.#post({ type: "ping", id: 0 }),
      MACHINE,
      () => this.#end(`it did not answer a ping for ${PING_MISSED_MS / 1000} s (an endless loop?)`),
    );
    this.#memory = watchMemory(this.#worker, MACHINE, options.maxMemoryMb, {
      collect: () => this.#post({ type: "collect" }),
      over: (heldMb) => this.#end(`it held ${heldMb} MB, over its memory limit of ${options.maxMemoryMb} MB (maxMemoryMb)`),
    });
    this.#worker.on("message", (message: unknown) => this.#hear(message));
    this.#worker.on("messageerror", (cause) => this.#outOfTurn(cause));
    this.#worker.on("error", (cause: unknown) => {
      this.#deathCause ??= sayCause(cause);
    });
    this.#worker.on("exit", (status) => this.#bury(status));
  }

  get hasLoaded(): boolean {
    return this.#hasLoaded;
  }

  get pingMs(): number | undefined {
    return this.#pings.roundTripMs();
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  /** A call that passes its time-out is aborted and answered `time-out`; one whose worker dies, `plugin-error`. */
  call<V extends Verb>(
    verb: V,
    request: Verbs[V][0],
    timeoutMs: number,
    { hear, lease, ...about }: CallAbout = {},
  ): Promise<Answer<Verbs[V][1]>> {
    const { plugin, time, clock } = this.#options;
    if (this.#ended) return Promise.resolve(refused(hostFault("worker-ended", `${plugin}: the worker has ended`)));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const cancel = time.after(timeoutMs, () => {
        this.#post({ type: "abort", id });
        answer(refused(hostFault("time-out", `${plugin}: ${verb} passed its ${timeoutMs / 1000} s`)));
      });
      const lost = () => {
        this.#post({ type: "abort", id });
        answer(refused(hostFault("time-out", `${plugin}: the lane went to another host during ${verb}`)));
      };
      lease?.signal.addEventListener("abort", lost, { once: true });
      const answer: Pending["answer"] = (value) => {
        cancel();
        lease?.signal.removeEventListener("abort", lost);
        this.#pending.delete(id);
        resolve(value as Answer<Verbs[V][1]>);
      };
      const wall = clock.wall();
      this.#pending.set(id, { answer, ...(hear && { hear }), wall, monotonic: time.monotonic() });
      const untilMs = lease && Number(process.hrtime.bigint()) / 1e6 + lease.remainingMs();
      this.#post({ type: "call", id, verb, request, now: clock.now(), wall, ...about, ...(untilMs !== undefined && { untilMs }) });
    });
  }

  /** Resolves when it has ended, or been given up. */
  terminate(): Promise<void> {
    this.#asked = true;
    return this.#kill();
  }

  async #kill(): Promise<void> {
    await inTime(MACHINE, ABANDON_AFTER_MS, this.#worker.terminate());
    if (this.#ended) return;
    this.#options.onLog("error", {}, "plug-in worker is stuck in a system call and was given up; its thread remains");
    this.#worker.unref();
    this.#bury(1);
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** The port is the plug-in's too: what makes no sense on it must not bring the host down. */
  #hear(message: unknown): void {
    try {
      this.#understand(message as FromWorker);
    } catch (cause) {
      this.#outOfTurn(cause);
    }
  }

  #outOfTurn(cause: unknown): void {
    this.#options.onLog("warn", { cause: sayCause(cause) }, "plug-in spoke out of turn");
  }

  #understand(message: FromWorker): void {
    if (this.#ended) return;
    if (message.type === "reply") this.#settle(message);
    else if (message.type === "line") this.#pending.get(message.id)?.hear?.(message.line);
    else if (message.type === "pong") this.#pings.pong();
    else if (message.type === "collected") this.#memory.collected();
    else if (message.type === "log") this.#options.onLog(message.level, message.fields, message.sentence);
    else if (message.type === "load-failed") {
      this.#cancelLoad();
      this.#refuseLoad(message.cause);
    } else if (message.type === "loaded" && message.manifest) {
      this.#cancelLoad();
      this.#hasLoaded = true;
      this.#pings.start();
      this.#resolveLoaded(done(message.manifest));
    } else throw new Error("a message of no known type");
  }

  #followOutput(): void {
    const { time, onLog } = this.#options;
    const line = (level: LogLevel, sentence: string) => (output: string, dropped: number) =>
      onLog(level, { output, ...(dropped > 0 && { droppedLines: dropped }) }, sentence);
    followOutput(this.#worker.stdout, time, line("info", "plug-in wrote to standard output"));
    followOutput(this.#worker.stderr, time, line("warn", "plug-in wrote to standard error"));
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    if (reply.clock) this.#tellClock(reply.clock, pending);
    pending.answer(reply.ok ? done(reply.value) : refused(hostFault("plugin-error", sayCause(reply.message))));
  }

  /** The worker measured against the wall clock of the call; it may have jumped since. */
  #tellClock({ offsetMs, serverDate }: ClockReport, { wall, monotonic }: Pending): void {
    const { time, clock } = this.#options;
    const expected = wall + time.monotonic() - monotonic;
    clock.report(expected + offsetMs - clock.wall(), serverDate);
  }

  #refuseLoad(cause: string): void {
    this.#resolveLoaded(refused(hostFault("load-failed", `${this.#options.plugin}: ${cause}`)));
  }

  #end(cause: string): void {
    this.#deathCause ??= cause;
    void this.#kill();
  }

  #bury(status: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#pings.stop();
    this.#memory.stop();
    this.#cancelLoad();
    const cause = this.#deathCause ?? (this.#asked ? undefined : `it ended by itself with status ${status}`);
    const said = cause ?? "it was stopped";
    this.#refuseLoad(said);
    const fault = hostFault("worker-ended", `${this.#options.plugin}: the worker ended: ${said}`);
    for (const { answer } of this.#pending.values()) answer(refused(fault));
    this.#options.onDeath(cause);
  }
}
