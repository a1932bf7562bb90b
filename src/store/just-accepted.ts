import type { NewDelivery, StoredDelivery } from "./store.ts";

/** A delivery as it stands in the store right after its acceptance. */
export const justAccepted = (delivery: NewDelivery, seq: number): StoredDelivery => ({
  ...delivery,
  seq,
  state: "queued",
  begun: false,
  posts: [],
  attempts: 0,
  deliveredAt: null,
  nextAttemptAt: null,
  lastFault: null,
  history: null,
});
