import { ENDED_STATES } from "../shapes.ts";
import type { Settlement, StoredDelivery, StoredPost } from "./store.ts";

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
  };
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
