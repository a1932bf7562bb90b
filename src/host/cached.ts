/** One reading that many share: under way once at most, and kept for a while. A failure is kept no longer than it lasts. */
import type { Time } from "./time.ts";

export function cached<T>(time: Pick<Time, "monotonic">, keepMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { reading: Promise<T>; until: number } | undefined;
  return () => {
    if (last && time.monotonic() < last.until) return last.reading;
    const mine = { reading: read(), until: Number.POSITIVE_INFINITY };
    last = mine;
    const keep = (ms: number) => () => {
      mine.until = time.monotonic() + ms;
    };
    mine.reading.then(keep(keepMs), keep(0));
    return mine.reading;
  };
}
