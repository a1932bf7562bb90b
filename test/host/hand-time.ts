/** Time that a test turns by hand: nothing passes unless it says so, and a jump of the wall clock moves no timer. */
import type { Time } from "../../src/host/time.ts";
import { NOW } from "./stored.ts";

type Timer = { at: number; call: () => void };

export type HandTime = Time & {
  /** Lets time pass without calling anybody. */
  pass(ms: number): void;
  /** The machine's clock is set, by so much. */
  jump(ms: number): void;
  /** How long until each timer calls, soonest first. */
  timers(): number[];
  /** Goes to the next timer and calls it; answers how long that took, or undefined where there is none. */
  next(): number | undefined;
};

export function handTime(random: () => number = () => 1): HandTime {
  let monotonic = 1_000;
  let wallAhead = NOW - monotonic;
  const timers = new Set<Timer>();
  const sorted = () => [...timers].sort((one, other) => one.at - other.at);
  return {
    wall: () => monotonic + wallAhead,
    monotonic: () => monotonic,
    random,
    after(ms, call) {
      const timer = { at: monotonic + Math.max(ms, 0), call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(ms) {
      monotonic += ms;
    },
    jump(ms) {
      wallAhead += ms;
    },
    timers: () => sorted().map(({ at }) => at - monotonic),
    next() {
      const [first] = sorted();
      if (!first) return undefined;
      timers.delete(first);
      const passed = Math.max(first.at - monotonic, 0);
      monotonic += passed;
      first.call();
      return passed;
    },
  };
}
