/** One plug-in: its workers, its life cycle, and the replacement of workers that die. */
import { pathToFileURL } from "node:url";
import { type Answer, done, type Fault, HOST_FAULTS, hostFault, refused, reportFault } from "../ar.ts";
import type { PluginContext } from "../contract.ts";
import type { PluginReport } from "../shapes.ts";
import type { HostLog, LevelLog } from "./log.ts";
import { filterNamesOf } from "./manifest.ts";
import type { CallAbout, Manifest, PluginPart, Verb, Verbs } from "./protocol.ts";
import { checkReply } from "./reply-check.ts";
import { scrubFault } from "./scrub-fault.ts";
import type { SteadyClock } from "./steady-clock.ts";
import type { Time } from "./time.ts";
import { isFault, isRecord } from "./verdict-check.ts";
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
};

/** `initialize` has a time-out of its own: BMC's server never comes up behind a stuck one. */
const INITIALIZE_TIMEOUT_MS = 10_000;
const TERMINATE_TIMEOUT_MS = 5_000;
/** Five deaths within a minute stop the plug-in; armonitor gives up after more than four in 30 s (BMC docs, armonitor). */
const CRASH_LOOP = { deaths: 5, withinMs: 60_000 };
const RETIRE_LOOK_MS = 50;
const FIRST_RESTART_MS = 200;

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
  #restarts = 0;
  #deaths: number[] = [];
  #cancelRestarts: (() => void)[] = [];
  #restarting = Promise.resolve();
  #changed = Promise.withResolvers<void>();

  constructor(options: PluginOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.clock = options.clock;
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

  /** Starts the workers and reads the manifest. Never rejects. */
  async load(): Promise<Answer<Manifest>> {
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
    await Promise.all(this.#slots.map((slot) => this.#initialise(slot, part)));
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

  async call<V extends Verb>(verb: V, request: Verbs[V][0], about?: CallAbout, timeoutMs?: number): Promise<Answer<Verbs[V][1]>> {
    const limit = timeoutMs ?? this.settings.filterApiTimeoutSeconds * 1000;
    const slot = await this.#readySlot(limit);
    if ("reason" in slot) return refused(slot);
    return scrubbed(checkReply(this.name, verb, await slot.link.call(verb, request, limit, about)), this.#options.log);
  }

  /** Why no worker can be called within the time-out; undefined when one can. */
  async whenReady(): Promise<Fault | undefined> {
    const slot = await this.#readySlot(this.settings.filterApiTimeoutSeconds * 1000);
    return "reason" in slot ? slot : undefined;
  }

  /** One after the other: two at once would open the workers twice. */
  restart(): Promise<void> {
    this.#restarting = this.#restarting.then(() => this.#restartNow());
    return this.#restarting;
  }

  async #restartNow(): Promise<void> {
    await this.stop();
    this.#deaths = [];
    this.#become("starting");
    const loaded = await this.load();
    if (loaded.ok && this.#part) await this.begin(this.#part);
  }

  /** Another one has taken its place: what is in flight may end, at most so long. */
  async retire(timeoutMs: number): Promise<void> {
    const { time } = this.#options;
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

  report(): PluginReport {
    const manifest = this.#manifest;
    return {
      name: this.name,
      module: this.settings.module,
      state: this.#state,
      filters: filterNamesOf(manifest),
      ...(manifest?.mechanism && { mechanism: manifest.mechanism.name }),
      workers: this.#slots.length,
      restarts: this.#restarts,
      callsInFlight: this.#slots.reduce((sum, { link }) => sum + link.inFlight, 0),
      ...(this.#cause && { cause: this.#cause.cause }),
      ...clockReport(this.clock),
    };
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
      // It was never begun, so there is nothing that a new one could be begun with.
      this.#fail(hostFault("init-failed", `${this.name}: the worker ended: ${why}`));
      return;
    }
    this.#log.error({ plugin: this.name, cause: why }, "plug-in worker ended");
    const now = this.#options.time.monotonic();
    this.#deaths = [...this.#deaths.filter((at) => now - at < CRASH_LOOP.withinMs), now];
    if (this.#deaths.length >= CRASH_LOOP.deaths) {
      this.#fail(hostFault("init-failed", `${this.name}: stopped after ${CRASH_LOOP.deaths} deaths in a minute; the last: ${why}`));
      return;
    }
    if (!this.#slots.some((other) => other.ready)) this.#become("restarting");
    const wait = FIRST_RESTART_MS * 2 ** (this.#deaths.length - 1);
    this.#cancelRestarts.push(this.#options.time.after(wait, () => void this.#replace()));
  }

  /** Nothing is to be started any more. */
  get #over(): boolean {
    return this.#state === "stopped" || this.#state === "failed";
  }

  async #replace(): Promise<void> {
    if (this.#over || !this.#part) return;
    this.#restarts += 1;
    const slot = this.#openSlot();
    const loaded = await slot.link.loaded;
    if (loaded.ok) await this.#initialise(slot, this.#part);
    else if (this.#slots.includes(slot)) this.#fail(loaded.fault);
  }

  async #initialise(slot: Slot, part: PluginPart): Promise<void> {
    const request = { ...part, proxy: this.#options.proxy };
    const answer = await slot.link.call("initialize", request, INITIALIZE_TIMEOUT_MS);
    if (!this.#slots.includes(slot)) return;
    if (!answer.ok) {
      this.#fail(hostFault("init-failed", `${this.name}: ${answer.fault.cause}`));
      return;
    }
    slot.ready = true;
    // The configuration may have changed while it was being initialised.
    if (this.#part && this.#part !== part) await this.configure(this.#part);
    if (this.#state === "ready") return;
    this.#log.info({ plugin: this.name, filters: filterNamesOf(this.#manifest) }, "plug-in ready");
    this.#become("ready");
  }

  /** Ends all workers and remembers why; nothing but `restart` brings it back. */
  #fail(fault: Fault): void {
    if (this.#over) return;
    const arerr = reportFault(fault, HOST_FAULTS).statusList[0]?.messageNum;
    this.#log.error({ plugin: this.name, arerr, cause: fault.cause }, "plug-in failed");
    this.#become("failed", scrubFault(fault, this.#options.log.scrub));
    void this.#endWorkers();
  }

  async #endWorkers(): Promise<void> {
    for (const cancel of this.#cancelRestarts) cancel();
    this.#cancelRestarts = [];
    const ending = this.#slots;
    this.#slots = [];
    await Promise.all(ending.map(({ link }) => link.terminate()));
  }

  /** The ready worker with the least to do; waits for one while it is starting or being replaced. */
  async #readySlot(timeoutMs: number): Promise<Slot | Fault> {
    const { time } = this.#options;
    const deadline = time.monotonic() + timeoutMs;
    for (;;) {
      const ready = this.#slots.filter((slot) => slot.ready);
      if (ready.length > 0) return ready.reduce((least, slot) => (slot.link.inFlight < least.link.inFlight ? slot : least));
      if (this.#state === "failed" || this.#state === "stopped")
        return this.#cause ? { ...this.#cause, reason: "init-failed" } : hostFault("init-failed", `${this.name}: stopped`);
      const left = deadline - time.monotonic();
      if (left <= 0) return hostFault("time-out", `${this.name}: no worker was ready within ${timeoutMs / 1000} s`);
      await either(this.#changed.promise, left, time);
    }
  }
}

/** What a plug-in says of a failure is shown to people, so the secrets that it was given are taken out first. */
function scrubbed<T>(answer: Answer<T>, log: HostLog): Answer<T> {
  if (!answer.ok) return refused(scrubFault(answer.fault, log.scrub));
  const value: unknown = answer.value;
  if (!isRecord(value) || !isFault(value.fault)) return answer;
  return done({ ...value, fault: scrubFault(value.fault, log.scrub) } as T);
}

function clockReport(clock: SteadyClock): Pick<PluginReport, "clock"> {
  const last = clock.measurement();
  return last ? { clock: { offsetSeconds: Math.round(last.offsetMs / 1000), measuredAt: new Date(last.measuredAt).toISOString() } } : {};
}

async function either(happened: Promise<void>, ms: number, time: Time): Promise<void> {
  let cancel = () => {};
  await Promise.race([
    happened,
    new Promise<void>((resolve) => {
      cancel = time.after(ms, resolve);
    }),
  ]);
  cancel();
}
