/**
 * The clock that the host keeps for a plug-in: it runs on monotonic time, so a jump of the machine's clock moves
 * nothing, and it is set by what the service says, so a wrong clock costs nothing.
 */
import type { Time } from "./time.ts";

export type Measurement = { offsetMs: number; serverDate: string; measuredAt: number };

export type SteadyClock = {
  /** Corrected time, in milliseconds since 1970. */
  now(): number;
  wall(): number;
  /** Takes a measurement: service − machine, in milliseconds. */
  report(offsetMs: number, serverDate: string): void;
  /** The service answered and says nothing of the time: the machine's clock is taken for right. */
  confirm(): void;
  measurement(): Measurement | undefined;
  /**
   * Moments before it can't be compared with `now()`: they were written by an earlier host, and this one has not
   * learned yet whether its clock is right; or by this one, before it learned that its clock is slow. Else 0.
   */
  trustedSince(): number;
  /**
   * What time it was by the slowest clock that a moment before `trustedSince` may have been written by: by then nothing
   * is expired too early. Undefined until a first measurement or confirmation.
   */
  earlier(): number | undefined;
};

/** A Date header has whole seconds; smaller differences than this are its grain, and following them would only jitter. */
const GRAIN_MS = 2_000;

export function createSteadyClock(time: Pick<Time, "wall" | "monotonic">): SteadyClock {
  const startedAt = time.wall();
  let anchor = { at: startedAt, monotonic: time.monotonic() };
  let last: Measurement | undefined;
  let confirmed = false;
  let lagMs = 0;
  let forwardAt = 0;
  const now = () => Math.round(anchor.at + time.monotonic() - anchor.monotonic);
  return {
    now,
    wall: time.wall,
    report(offsetMs, serverDate) {
      if (!Number.isFinite(offsetMs)) return;
      const truth = time.wall() + offsetMs;
      const shift = truth - now();
      if (Math.abs(shift) > GRAIN_MS) {
        anchor = { at: truth, monotonic: time.monotonic() };
        lagMs = Math.max(0, lagMs + shift);
        if (shift > 0) forwardAt = truth;
      }
      confirmed = true;
      last = { offsetMs, serverDate, measuredAt: now() };
    },
    confirm: () => {
      confirmed = true;
    },
    measurement: () => last,
    trustedSince: () => (!confirmed ? startedAt : lagMs > 0 ? forwardAt : 0),
    earlier: () => (confirmed ? now() - lagMs : undefined),
  };
}
