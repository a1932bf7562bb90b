/** A plug-in that floods its log must not drown the host: so many lines a second pass, the rest are counted. */
const LINES_A_SECOND = 200;

/** Answers, for each line, whether it is dropped, or else how many were dropped before it. */
export function admitLog(monotonic: () => number, limit = LINES_A_SECOND): () => "dropped" | { dropped: number } {
  let second = Math.floor(monotonic() / 1000);
  let passed = 0;
  let dropped = 0;
  return () => {
    const current = Math.floor(monotonic() / 1000);
    if (current !== second) {
      second = current;
      passed = 0;
    }
    if (passed >= limit) {
      dropped += 1;
      return "dropped";
    }
    passed += 1;
    const report = { dropped };
    dropped = 0;
    return report;
  };
}
