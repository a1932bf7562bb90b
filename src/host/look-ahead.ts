/** What follows in a lane, made ready while a post is under way: it then begins in the commit that settles that post. */
import type { Account } from "../contract.ts";
import type { Advanced, Settlement, StoredDelivery, StoredPost } from "../store/store.ts";
import { compose, isSuspect } from "./composing.ts";
import type { Plugin } from "./plugin.ts";
import type { Time } from "./time.ts";

export type Ready = { delivery: StoredDelivery; compose?: Settlement["compose"] };
/** Answers what is ready by now; undefined where nothing is. */
export type LookAhead = () => Ready | undefined;

/** A text that has ended a worker is left for its turn, when nothing of its lane is under way; so is whatever went wrong. */
export function lookAhead(plugin: Plugin, time: Time, next: StoredDelivery | undefined, account: Account): LookAhead {
  if (!next || next.nextAttemptAt !== null || next.datedBy !== null || isSuspect(plugin, next.text)) return () => undefined;
  let ready: Ready | undefined;
  if (next.posts.length > 0) ready = { delivery: next };
  else
    compose(plugin, time, next, account).then(
      (composed) => {
        if ("posts" in composed) ready = { delivery: next, compose: composed.posts };
      },
      () => {},
    );
  return () => ready;
}

/** Stores that a post is about to leave, and in the same step what was just composed. */
export const beginning = (deliveryId: string, index: number, at: number, composed?: Settlement["compose"]): Settlement => ({
  deliveryId,
  at,
  posts: [{ index, state: "begun", begunAt: at }],
  state: "sending",
  nextAttemptAt: null,
  ...(composed && { compose: composed }),
});

/** A post that has begun, and what is to follow its delivery. */
export type UnderWay = { delivery: StoredDelivery; post: StoredPost; next: StoredDelivery | undefined };

export function underWayAfter({ settled, begun, next }: Advanced): UnderWay | undefined {
  const delivery = begun ?? settled;
  const post = delivery.state === "sending" ? delivery.posts.find(({ state }) => state === "begun") : undefined;
  return post && { delivery, post, next };
}
