/** Time and chance, given from outside so that a test can turn them by hand. */
export type Time = {
  /** What the machine's clock says, in milliseconds since 1970; it may jump. */
  wall(): number;
  /** Milliseconds since any fixed moment; it never jumps. */
  monotonic(): number;
  /** Calls back once after so many milliseconds; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
  /** 0 ≤ x < 1 */
  random(): number;
};

/** Longer delays overflow Node's 32-bit timer and would fire at once (Node.js documentation, `setTimeout`). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real one. `wall` may be replaced, to show what a wrong clock does. */
export const machineTime = (wall: () => number = Date.now): Time => ({
  wall,
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
  random: Math.random,
});
