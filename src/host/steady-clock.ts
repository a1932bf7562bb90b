/**
 * The clock that the host keeps for a plug-in: it runs on monotonic time, so a jump of the machine's clock moves
 * nothing, and it is set by what the service says, so a wrong clock costs nothing.
 */
import { randomUUID } from "node:crypto";
import type { ConfirmedClock, Judge } from "../store/store.ts";
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
  /** What stands beside a moment that it gives: its id, as long as nothing has confirmed it; then null. */
  datedBy(): string | null;
  /** Whose moments can be compared with `now()`. After a later correction, only those given since. */
  judge(): Judge;
  /** Undefined until a first measurement or confirmation. */
  confirmed(): ConfirmedClock | undefined;
  /** The store has put right what was dated before the clock was confirmed: from now on stored moments can be compared. */
  settle(): void;
  settled(): boolean;
  /**
   * What time it is by the slowest that this clock has run since it was confirmed: by then nothing is expired too
   * early. Undefined until a first measurement or confirmation.
   */
  earlier(): number | undefined;
};

/** A Date header has whole seconds; smaller differences than this are its grain, and following them would only jitter. */
const GRAIN_MS = 2_000;

export function createSteadyClock(time: Pick<Time, "wall" | "monotonic">, id: string = randomUUID()): SteadyClock {
  let anchor = { at: time.wall(), monotonic: time.monotonic() };
  let last: Measurement | undefined;
  let confirmed: ConfirmedClock | undefined;
  let settled = false;
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
        // What the first measurement corrects is put right in the store.
        if (confirmed) lagMs = Math.max(0, lagMs + shift);
        if (shift > 0) forwardAt = truth;
      }
      confirmed ??= { id, shiftMs: Math.abs(shift) > GRAIN_MS ? shift : 0 };
      last = { offsetMs, serverDate, measuredAt: now() };
    },
    confirm: () => {
      confirmed ??= { id, shiftMs: 0 };
    },
    measurement: () => last,
    datedBy: () => (confirmed ? null : id),
    judge: () => ({ by: confirmed ? null : id, since: lagMs > 0 ? forwardAt : 0 }),
    confirmed: () => confirmed,
    settle: () => {
      settled = true;
    },
    settled: () => settled,
    earlier: () => (confirmed ? now() - lagMs : undefined),
  };
}
