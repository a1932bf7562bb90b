/** Why more than one delivery waits, on the monotonic clock: for one lane, or for all lanes of a plug-in. */
import type { Fault } from "../ar.ts";
import type { Hold } from "./consequence.ts";

export type ActiveHold = { fault: Fault; since: number; untilMonotonic: number; waitMs: number; probe: boolean };

export const holdFrom = (hold: Pick<Hold, "fault" | "waitMs" | "probe">, now: number, monotonic: number): ActiveHold => ({
  fault: hold.fault,
  since: now,
  untilMonotonic: monotonic + hold.waitMs,
  waitMs: hold.waitMs,
  probe: hold.probe,
});

/** The hold that all lanes of one plug-in share (one application key). */
export type KeyHold = { current: ActiveHold | undefined };
