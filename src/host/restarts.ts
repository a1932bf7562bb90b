/** The deaths of a plug-in's workers, and the tries to replace them: each later than the one before, until it is enough. */
import type { Time } from "./time.ts";

/** Five deaths within a minute stop the plug-in; armonitor gives up after more than four in 30 s (BMC docs, armonitor). */
export const CRASH_LOOP = { deaths: 5, withinMs: 60_000 };
const FIRST_RESTART_MS = 200;

export class Restarts {
  readonly #time: Time;
  #deaths: number[] = [];
  #count: number;
  #last: { at: number; cause: string } | undefined;
  /** What cancels each try that is planned, and when it is due. */
  readonly #planned = new Map<() => void, number>();

  /** `before`: of the workers whose place these take; its deaths are told of, and count no more. */
  constructor(time: Time, before?: Pick<Restarts, "count" | "last">) {
    this.#time = time;
    this.#count = before?.count ?? 0;
    this.#last = before?.last;
  }

  /** Tries so far. */
  get count(): number {
    return this.#count;
  }

  /** The last death: when (milliseconds since 1970) and of what. */
  get last(): { at: number; cause: string } | undefined {
    return this.#last;
  }

  /** When the next try is due, in milliseconds since 1970. */
  get nextAt(): number | undefined {
    return this.#planned.size > 0 ? Math.min(...this.#planned.values()) : undefined;
  }

  /** Records a death and plans the next try; answers in how many milliseconds, or that there were too many. */
  plan(cause: string, again: () => void): number | "too-many" {
    const now = this.#time.monotonic();
    const wall = this.#time.wall();
    this.#last = { at: wall, cause };
    this.#deaths = [...this.#deaths.filter((at) => now - at < CRASH_LOOP.withinMs), now];
    if (this.#deaths.length >= CRASH_LOOP.deaths) return "too-many";
    const wait = FIRST_RESTART_MS * 2 ** (this.#deaths.length - 1);
    const cancel = this.#time.after(wait, () => {
      this.#planned.delete(cancel);
      this.#count += 1;
      again();
    });
    this.#planned.set(cancel, wall + wait);
    return wait;
  }

  cancel(): void {
    for (const cancel of this.#planned.keys()) cancel();
    this.#planned.clear();
  }
}
