/** One plug-in: its workers, its life cycle, and the replacement of workers that die. */
import { pathToFileURL } from "node:url";
import { type Answer, type Fault, HOST_FAULTS, hostFault, refused, reportFault } from "../ar.ts";
import type { PluginContext } from "../contract.ts";
import type { PluginReport } from "../shapes.ts";
import { confirmsClock } from "./confirms-clock.ts";
import { inTime } from "./in-time.ts";
import type { HostLog, LevelLog } from "./log.ts";
import { filterNamesOf } from "./manifest.ts";
import { reportPlugin } from "./plugin-report.ts";
import type { CallAbout, Called, Manifest, PluginPart, Verb, Verbs } from "./protocol.ts";
import { checkReply } from "./reply-check.ts";
import { CRASH_LOOP, Restarts } from "./restarts.ts";
import { scrubAnswer, scrubFault } from "./scrub-fault.ts";
import type { SteadyClock } from "./steady-clock.ts";
import type { Time } from "./time.ts";
import { WorkerLink } from "./worker-link.ts";

export type PluginSettings = {
  name: string;
  module: string;
  moduleFile: string;
  filterApiTimeoutSeconds: number;
  threads: number;
  maxMemoryMb: number;
};

export type PluginOptions = {
  settings: PluginSettings;
  clock: SteadyClock;
  time: Time;
  log: HostLog;
  proxy: PluginContext["proxy"];
  /** A worker came back: what waited for it may go on. */
  onReady(): void;
  /** Whose place it takes: what people are told of its workers goes on. */
  predecessor?: Plugin | undefined;
};

/** `initialize` has a time-out of its own: BMC's server never comes up behind a stuck one. */
const INITIALIZE_TIMEOUT_MS = 10_000;
const TERMINATE_TIMEOUT_MS = 5_000;
const RETIRE_LOOK_MS = 50;

type State = PluginReport["state"];
type Slot = { link: WorkerLink; ready: boolean };

export class Plugin {
  readonly clock: SteadyClock;
  settings: PluginSettings;
  readonly #options: PluginOptions;
  #slots: Slot[] = [];
  #state: State = "starting";
  #cause: Fault | undefined;
  #manifest: Manifest | undefined;
  #part: PluginPart | undefined;
  readonly #restarts: Restarts;
  #successor: Plugin | undefined;
  #loading: Promise<Answer<Manifest>> = Promise.resolve(refused(hostFault("load-failed", "not loaded yet")));
  #changed = Promise.withResolvers<void>();

  constructor(options: PluginOptions) {
    const { settings, clock, time, predecessor } = options;
    this.#options = options;
    this.settings = settings;
    this.clock = clock;
    this.#restarts = new Restarts(time, predecessor ? predecessor.#restarts : undefined);
  }

  get name(): string {
    return this.settings.name;
  }
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }
  /** Why its module could not be loaded, as long as nothing is known of it. */
  get loadFailure(): Fault | undefined {
    return this.#manifest ? undefined : this.#cause;
  }

  /** Why it was given up. */
  get failure(): Fault | undefined {
    return this.#state === "failed" ? this.#cause : undefined;
  }

  /** Starts the workers and reads the manifest. Never rejects. */
  load(): Promise<Answer<Manifest>> {
    this.#loading = this.#loadNow();
    return this.#loading;
  }

  /** What `load` answers, for who did not wait for it. */
  get loading(): Promise<Answer<Manifest>> {
    return this.#loading;
  }

  /** Its part of the configuration can't be used: calls are answered `init-failed` until that changes. */
  refuse(fault: Fault): void {
    this.#fail(fault);
  }

  async #loadNow(): Promise<Answer<Manifest>> {
    const opened = Array.from({ length: this.settings.threads }, () => this.#openSlot());
    const answers = await Promise.all(opened.map(({ link }) => link.loaded));
    const answer = answers.find(({ ok }) => !ok) ?? (answers[0] as Answer<Manifest>);
    if (answer.ok) this.#manifest = answer.value;
    else this.#fail(answer.fault);
    return answer;
  }

  /** Initialises with settings and secrets; until then calls wait, and when it fails they are answered `init-failed`. */
  async begin(part: PluginPart): Promise<void> {
    this.#part = part;
    const initialise = async (slot: Slot) => {
      const fault = await this.#initialise(slot, part);
      if (fault) this.#fail(fault);
    };
    await Promise.all(this.#slots.map(initialise));
  }

  /** New settings and secrets for calls from now on; tells the plug-in (AR's event 1). */
  async configure(part: PluginPart): Promise<void> {
    this.#part = part;
    const event = { event: "configuration-changed", number: 1 } as const;
    // One that is being initialised has been given the old part, and is told when it is ready.
    const ready = this.#slots.filter((slot) => slot.ready);
    const told = ready.map(({ link }) => link.call("configure", { ...part, event }, INITIALIZE_TIMEOUT_MS));
    for (const answer of await Promise.all(told))
      if (!answer.ok) this.#log.error({ plugin: this.name, cause: answer.fault.cause }, "plug-in refused its new configuration");
  }

  async call<V extends Verb>(verb: V, request: Verbs[V][0], about?: CallAbout, timeoutMs?: number): Promise<Called<Verbs[V][1]>> {
    const limit = timeoutMs ?? this.settings.filterApiTimeoutSeconds * 1000;
    const slot = await this.#readySlot(limit);
    if ("reason" in slot) return { ...refused(slot), unsent: true };
    const answer = checkReply(this.name, verb, await slot.link.call(verb, request, limit, about));
    if (confirmsClock(verb, answer)) this.clock.confirm();
    return scrubAnswer(answer, this.#options.log.scrub);
  }

  /** A call would be taken at once. */
  isReady = (): boolean => this.#slots.some((slot) => slot.ready);

  /** Why no worker can be called within the time-out; undefined when one can. */
  async whenReady(): Promise<Fault | undefined> {
    const slot = await this.#readySlot(this.settings.filterApiTimeoutSeconds * 1000);
    return "reason" in slot ? slot : undefined;
  }

  /** It is taken away: what is in flight may end, at most so long. Who still comes, or waits, is served by its successor. */
  async retire(timeoutMs: number, successor?: Plugin): Promise<void> {
    const { time } = this.#options;
    this.#successor = successor;
    this.#changed.resolve();
    const deadline = time.monotonic() + timeoutMs;
    while (this.#slots.some(({ link }) => link.inFlight > 0) && time.monotonic() < deadline)
      await new Promise<void>((resolve) => time.after(RETIRE_LOOK_MS, resolve));
    await this.stop();
  }

  async stop(): Promise<void> {
    const ready = this.#slots.filter((slot) => slot.ready);
    await Promise.all(ready.map(({ link }) => link.call("terminate", null, TERMINATE_TIMEOUT_MS)));
    this.#become("stopped");
    await this.#endWorkers();
  }

  /** How long the last ping of each worker took. */
  pingsMs = (): number[] => this.#slots.flatMap(({ link }) => link.pingMs ?? []);

  report(): PluginReport {
    return reportPlugin({
      name: this.name,
      module: this.settings.module,
      state: this.#state,
      manifest: this.#manifest,
      workers: this.#slots.length,
      restarts: this.#restarts,
      callsInFlight: this.#slots.reduce((sum, { link }) => sum + link.inFlight, 0),
      cause: this.#cause?.cause,
      clock: this.clock,
    });
  }

  get #log(): LevelLog {
    return this.#options.log.root;
  }

  #become(next: State, fault?: Fault): void {
    this.#state = next;
    this.#cause = fault;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    if (next === "ready") this.#options.onReady();
  }

  #openSlot(): Slot {
    const { time, log } = this.#options;
    const link = new WorkerLink({
      plugin: this.name,
      moduleUrl: pathToFileURL(this.settings.moduleFile).href,
      maxMemoryMb: this.settings.maxMemoryMb,
      time,
      clock: this.clock,
      onLog: (level, fields, sentence) => log.forPlugin(this.name)[level](fields, sentence),
      onDeath: (why) => this.#buried(slot, why),
    });
    const slot: Slot = { link, ready: false };
    this.#slots.push(slot);
    return slot;
  }

  /** A worker has ended. One that was asked to end needs no replacement. */
  #buried(slot: Slot, why: string | undefined): void {
    const wasOurs = this.#slots.includes(slot);
    this.#slots = this.#slots.filter((other) => other !== slot);
    if (!wasOurs || why === undefined || this.#over) return;
    if (!this.#part) {
      // `load` says what became of a module that never loaded.
      if (!slot.link.hasLoaded) return;
      // It was never begun, so there is nothing that a new one could be begun with.
      this.#fail(hostFault("init-failed", `${this.name}: the worker ended: ${why}`));
      return;
    }
    this.#replaceSoon(why);
  }

  #replaceSoon(why: string): void {
    const cause = this.#options.log.scrub(why);
    const wait = this.#restarts.plan(cause, () => void this.#replace());
    const enough = wait === "too-many";
    this.#log.error({ plugin: this.name, cause, ...(!enough && { restartInMs: wait }) }, "plug-in worker ended");
    if (enough)
      this.#fail(hostFault("init-failed", `${this.name}: stopped after ${CRASH_LOOP.deaths} deaths in a minute; the last: ${cause}`));
    else if (!this.#slots.some((other) => other.ready)) this.#become("restarting");
  }

  /** Nothing is to be started any more. */
  get #over(): boolean {
    return this.#state === "stopped" || this.#state === "failed";
  }

  async #replace(): Promise<void> {
    if (this.#over || !this.#part) return;
    const slot = this.#openSlot();
    const loaded = await slot.link.loaded;
    const fault = loaded.ok ? await this.#initialise(slot, this.#part) : loaded.fault;
    if (!fault || !this.#slots.includes(slot)) return;
    // It could start before, so it may again; and other workers of it may be well.
    this.#slots = this.#slots.filter((other) => other !== slot);
    void slot.link.terminate();
    this.#replaceSoon(fault.cause);
  }

  /** Answers why it is not ready, where it is not gone already. */
  async #initialise(slot: Slot, part: PluginPart): Promise<Fault | undefined> {
    const answer = await slot.link.call("initialize", { ...part, proxy: this.#options.proxy }, INITIALIZE_TIMEOUT_MS);
    if (!this.#slots.includes(slot)) return undefined;
    if (!answer.ok) return hostFault("init-failed", `${this.name}: ${answer.fault.cause}`);
    slot.ready = true;
    // The configuration may have changed while it was being initialised.
    if (this.#part && this.#part !== part) await this.configure(this.#part);
    if (this.#state === "ready") return undefined;
    this.#log.info({ plugin: this.name, filters: filterNamesOf(this.#manifest) }, "plug-in ready");
    this.#become("ready");
    return undefined;
  }

  /** Ends all workers and remembers why, for good: only another one can take its place. */
  #fail(fault: Fault): void {
    if (this.#over) return;
    const arerr = reportFault(fault, HOST_FAULTS).statusList[0]?.messageNum;
    this.#log.error({ plugin: this.name, arerr, cause: fault.cause }, "plug-in failed");
    this.#become("failed", scrubFault(fault, this.#options.log.scrub));
    void this.#endWorkers();
  }

  async #endWorkers(): Promise<void> {
    this.#restarts.cancel();
    const ending = this.#slots;
    this.#slots = [];
    await Promise.all(ending.map(({ link }) => link.terminate()));
  }

  /** The ready worker with the least to do; waits for one while it is starting or being replaced. */
  async #readySlot(timeoutMs: number): Promise<Slot | Fault> {
    const { time } = this.#options;
    const deadline = time.monotonic() + timeoutMs;
    for (;;) {
      if (this.#successor) return this.#successor.#readySlot(deadline - time.monotonic());
      const ready = this.#slots.filter((slot) => slot.ready);
      if (ready.length > 0) return ready.reduce((least, slot) => (slot.link.inFlight < least.link.inFlight ? slot : least));
      if (this.#state === "failed" || this.#state === "stopped")
        return this.#cause ? { ...this.#cause, reason: "init-failed" } : hostFault("init-failed", `${this.name}: stopped`);
      const left = deadline - time.monotonic();
      if (left <= 0) return hostFault("time-out", `${this.name}: no worker was ready within ${timeoutMs / 1000} s`);
      await inTime(time, left, this.#changed.promise);
    }
  }
}
