/** What became of an attempt, in words for people. */
import type { FaultReport } from "./ar.ts";
import { ATTEMPTS_KEPT, type Attempt, type AttemptOutcome, type Delivery } from "./shapes.ts";

export const OUTCOME_WORDS: Record<AttemptOutcome, string> = {
  posted: "sent, and confirmed",
  retry: "not posted, to be tried again",
  failed: "refused for good",
  "in-doubt": "sent, without a clear answer",
  found: "looked up: it stands",
  absent: "looked up: it is not there",
  unknown: "could not be looked up",
};

/** What the service answered: `HTTP 403, code 187, …`; undefined where it did not answer. */
export function answerWords(x: FaultReport["x"]): string | undefined {
  if (!x) return undefined;
  const words = [`HTTP ${x.status}`, ...(x.code === undefined ? [] : [`code ${x.code}`]), x.title, x.detail];
  // X's title and detail are often the same.
  return [...new Set(words.filter(Boolean))].join(", ");
}

/** The attempts in order, and between the first ones and the last ones the number of those that are not kept. */
export function attemptsOf({
  history = [],
  historyLeftOut,
}: Pick<Delivery, "history" | "historyLeftOut">): (Attempt | { leftOut: number })[] {
  if (historyLeftOut === undefined) return history;
  return [...history.slice(0, ATTEMPTS_KEPT.first), { leftOut: historyLeftOut }, ...history.slice(ATTEMPTS_KEPT.first)];
}
