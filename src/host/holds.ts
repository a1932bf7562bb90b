/** Why more than one delivery waits, on the monotonic clock: for one lane, or for all lanes of a plug-in. */
import type { Answer, Fault } from "../ar.ts";
import type { AccountFacts } from "../contract.ts";
import type { StoredHold } from "../store/store.ts";
import type { Pace } from "./back-off.ts";
import type { Hold } from "./consequence.ts";
import type { LevelLog } from "./log.ts";
import type { SteadyClock } from "./steady-clock.ts";
import type { Time } from "./time.ts";

export type ActiveHold = { fault: Fault; since: number; untilMonotonic: number; waitMs: number; probe: boolean };

/** The hold that all lanes of one plug-in share (one application key). */
export type KeyHold = { current: ActiveHold | undefined };

export type HoldOptions = {
  lane: string;
  key: KeyHold;
  clock: SteadyClock;
  time: Time;
  pace: Pace;
  log: LevelLog;
  /** Asks the service whether the account can be used. */
  probe(): Promise<Answer<AccountFacts>>;
  onLearned(facts: AccountFacts): Promise<void>;
  /** The lane's own hold began or ended. */
  onOwn(hold: StoredHold | undefined): Promise<void>;
  /** The key's hold has ended: other lanes may go on. */
  onKeyFree(): void;
};

export class LaneHolds {
  #own: ActiveHold | undefined;
  readonly #options: HoldOptions;

  constructor(options: HoldOptions) {
    this.#options = options;
  }

  get current(): ActiveHold | undefined {
    return this.#own ?? this.#options.key.current;
  }

  /** What an earlier host left. Its moments may be of a wrong clock, so they are followed for one probe's time at most. */
  restore(stored: StoredHold): void {
    const { clock, time, pace } = this.#options;
    const left = stored.probe || stored.until === null ? 0 : stored.until - clock.now();
    const waitMs = Math.min(Math.max(left, 0), pace.probeMs);
    this.#own = { fault: stored.fault, since: stored.since, probe: stored.probe, waitMs, untilMonotonic: time.monotonic() + waitMs };
  }

  /** What the store says now, when the lane has come to this host or another one has changed it. */
  sync(stored: StoredHold | null): void {
    if (stored && stored.since !== this.#own?.since) this.restore(stored);
    else if (!stored) this.#own = undefined;
  }

  /** How long the lane must still wait; asks the service where only that can end it. */
  async heldFor(): Promise<number> {
    const { clock, time, pace } = this.#options;
    const hold = this.current;
    if (!hold) return 0;
    const left = hold.untilMonotonic - time.monotonic();
    if (left > 0) return left;
    if (hold.probe) {
      // Moved on before it is asked, so that other lanes under the same hold do not ask as well.
      hold.untilMonotonic = time.monotonic() + pace.probeMs;
      hold.waitMs = clock.now() - hold.since + pace.probeMs;
      if (!(await this.#probe())) return pace.probeMs;
    }
    await this.#end(hold);
    // Under a hold of the lane there may be one of the key.
    return this.heldFor();
  }

  async set(scope: Hold["scope"], hold: Hold): Promise<void> {
    const { key, clock, time, log, lane } = this.#options;
    const { fault, waitMs, probe } = hold;
    const active = { fault, waitMs, probe, since: clock.now(), untilMonotonic: time.monotonic() + waitMs };
    log.warn({ lane, scope, reason: fault.reason, cause: fault.cause, waitSeconds: Math.round(waitMs / 1000) }, "lane held");
    if (scope === "key") key.current = active;
    else {
      this.#own = active;
      await this.#options.onOwn({ fault, since: active.since, until: active.since + waitMs, probe });
    }
  }

  /** Somebody mended it: new credentials, a new authorisation, an operator's resume. */
  async clear(): Promise<void> {
    const { key } = this.#options;
    if (key.current) await this.#end(key.current);
    if (this.#own) await this.#end(this.#own);
  }

  async #probe(): Promise<boolean> {
    const { log, lane } = this.#options;
    const answer = await this.#options.probe();
    if (!answer.ok) {
      log.warn({ lane, reason: answer.fault.reason, cause: answer.fault.cause }, "lane still held");
      return false;
    }
    await this.#options.onLearned(answer.value);
    return true;
  }

  /** One that somebody else has ended while the service was asked is left alone. */
  async #end(hold: ActiveHold): Promise<void> {
    const { key, log, lane } = this.#options;
    if (key.current !== hold && this.#own !== hold) return;
    log.info({ lane, reason: hold.fault.reason }, "lane free");
    if (key.current === hold) {
      key.current = undefined;
      this.#options.onKeyFree();
    } else {
      this.#own = undefined;
      await this.#options.onOwn(undefined);
    }
  }
}
