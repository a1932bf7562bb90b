import { ATTEMPTS_KEPT, ENDED_STATES } from "../shapes.ts";
import type { AttemptHistory, Settlement, StoredDelivery, StoredPost } from "./store.ts";

/**
 * What a delivery is after a step: pure. `begun` and `deliveredAt` follow from it; one that has ended stays as it is,
 * and one that is composed is not composed again. Throws for a post that it does not have.
 */
export function applyStep(before: StoredDelivery, step: Settlement): StoredDelivery {
  if (ENDED_STATES.includes(before.state)) return before;
  const posts = before.posts.length > 0 || !step.compose ? before.posts : step.compose.map(composed);
  const changed = new Map((step.posts ?? []).map((change) => [change.index, change]));
  for (const index of changed.keys())
    if (!posts.some((post) => post.index === index)) throw new Error(`delivery ${before.id} has no post ${index}`);
  const after = posts.map((post) => {
    const change = changed.get(post.index);
    return change ? { ...post, ...change } : post;
  });
  return {
    ...before,
    posts: after,
    state: step.state,
    begun: after.some(({ state }) => state !== "queued"),
    attempts: before.attempts + (step.attempts ?? 0),
    nextAttemptAt: step.nextAttemptAt,
    deliveredAt: step.state === "delivered" ? (before.deliveredAt ?? step.at) : before.deliveredAt,
    lastFault: step.lastFault === undefined ? before.lastFault : step.lastFault,
    history: historyAfter(before.history, step),
  };
}

/** A post that goes out at its first try needs no history: it says itself that it was posted. */
function historyAfter(before: AttemptHistory | null, { tried, at, nextAttemptAt }: Settlement): AttemptHistory | null {
  if (!tried || (before === null && tried.outcome === "posted")) return before;
  const { attempts, leftOut } = before ?? { attempts: [], leftOut: 0 };
  const { index, outcome, fault = null } = tried;
  const all = [...attempts, { at, index, outcome, fault, nextAttemptAt }];
  if (all.length <= ATTEMPTS_KEPT.first + ATTEMPTS_KEPT.last) return { attempts: all, leftOut };
  return { attempts: [...all.slice(0, ATTEMPTS_KEPT.first), ...all.slice(-ATTEMPTS_KEPT.last)], leftOut: leftOut + 1 };
}

const composed = (post: { text: string; reply: boolean }, index: number): StoredPost => ({
  index,
  ...post,
  state: "queued",
  id: null,
  url: null,
  begunAt: null,
  doubtAt: null,
  looks: 0,
  blind: false,
});
