/** The host's time under a test's hand: it flows like the machine's, and can be turned forward or set wrong. */
import { machineTime, type Time } from "../host/time.ts";

export type TurnedTime = Time & {
  /**
   * So much time passes at once: what was due within it is called now, in the order in which it was due, and once each.
   * What is begun by it (the next back-off, for example) waits for the next turn. Milliseconds, not negative.
   */
  turn(ms: number): void;
  /** Sets the machine's clock wrong by so many milliseconds (0: right again). Nothing becomes due by it. */
  setWrong(ms: number): void;
};

type Timer = { at: number; call: () => void; cancel: () => void };

export function turnedTime(machine: Time = machineTime()): TurnedTime {
  let turnedMs = 0;
  let wrongByMs = 0;
  const timers = new Set<Timer>();
  const monotonic = () => machine.monotonic() + turnedMs;
  const ring = (timer: Timer): void => {
    if (!timers.delete(timer)) return;
    timer.cancel();
    timer.call();
  };
  const arm = (timer: Timer): void => {
    timer.cancel();
    timer.cancel = machine.after(timer.at - monotonic(), () => ring(timer));
  };
  return {
    wall: () => machine.wall() + turnedMs + wrongByMs,
    monotonic,
    random: machine.random,
    after(ms, call) {
      const timer: Timer = { at: monotonic() + Math.max(ms, 0), call, cancel: () => {} };
      timers.add(timer);
      arm(timer);
      return () => {
        timers.delete(timer);
        timer.cancel();
      };
    },
    turn(ms) {
      if (!(ms >= 0)) throw new RangeError(`time can't be turned by ${ms} ms; turn it forward`);
      turnedMs += ms;
      const now = monotonic();
      for (const timer of [...timers].sort((one, other) => one.at - other.at)) {
        if (timer.at <= now) ring(timer);
        else if (timers.has(timer)) arm(timer);
      }
    },
    setWrong(ms) {
      wrongByMs = ms;
    },
  };
}
