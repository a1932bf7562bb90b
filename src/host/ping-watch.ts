/** Notices a worker that does nothing any more but run in a circle. */
import type { Time } from "./time.ts";

const PING_EVERY_MS = 500;
/** A worker that does not answer for so long is in a loop: nothing else in it makes progress either. */
export const PING_MISSED_MS = 2_000;

/** `roundTripMs`: how long the last ping took; undefined before the first answer. */
export type PingWatch = { start(): void; pong(): void; stop(): void; roundTripMs(): number | undefined };

/**
 * Pings while the worker lives. A stalled host must not blame the worker: before judging, what the worker has already
 * said is read (two turns of the event loop).
 */
export function watchPings(ping: () => void, time: Pick<Time, "monotonic" | "after">, onMissed: () => void): PingWatch {
  let answeredAt = 0;
  let pingedAt = 0;
  let roundTripMs: number | undefined;
  let pinged = false;
  let started = false;
  let cancel = () => {};
  const judge = () => {
    if (time.monotonic() - answeredAt > PING_MISSED_MS) onMissed();
  };
  const tick = () => {
    if (pinged && time.monotonic() - answeredAt > PING_MISSED_MS) setImmediate(() => setImmediate(judge));
    pinged = true;
    pingedAt = time.monotonic();
    ping();
    cancel = time.after(PING_EVERY_MS, tick);
  };
  return {
    start() {
      if (started) return;
      started = true;
      answeredAt = time.monotonic();
      tick();
    },
    pong() {
      answeredAt = time.monotonic();
      roundTripMs = answeredAt - pingedAt;
    },
    stop: () => cancel(),
    roundTripMs: () => roundTripMs,
  };
}
