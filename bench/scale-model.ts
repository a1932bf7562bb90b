/**
 * How long a broadcast takes to the last of many accounts, and what holds it up: from what was measured of one host and
 * one PostgreSQL, and from X's own limits. Pure.
 */
import type { StoreCosts } from "./store-costs.ts";

/** How long a post takes there and back is assumed; the limit is X's (docs.x.com/x-api/fundamentals/rate-limits). */
export const X = { answerMs: 400, postsOfAppADay: 10_000 } as const;

export type Costs = StoreCosts & {
  /** Posts a second of one host with all that belongs to one: call, worker, signature, request. */
  hostPosts: number;
};
export type Bound = "X's answer" | "hosts" | "database";
export type Broadcast = {
  acceptSeconds: number;
  /** Until the last account has it. */
  seconds: number;
  bound: Bound;
  /** So many to all accounts does X allow one app in a day. */
  aDay: number;
  /** Of the time between two heartbeats, what the database needs for that of every host while all lanes are held. */
  heartbeatShare: number;
};

const BEAT_MS = 10_000 / 3;

export function broadcastTo(accounts: number, hosts: number, costs: Costs): Broadcast {
  const acceptSeconds = (accounts / 1000) * (costs.broadcastMs / 1000);
  // Each lane is taken, then posts: both by all hosts at once, and both no faster than the database writes.
  const taking = accounts / costs.takes;
  const byHosts = accounts / (hosts * costs.hostPosts);
  const byDatabase = accounts / costs.deliveries + taking;
  const posting = Math.max(X.answerMs / 1000, byHosts, byDatabase);
  return {
    acceptSeconds,
    seconds: acceptSeconds + posting,
    bound: posting === byHosts ? "hosts" : posting === byDatabase ? "database" : "X's answer",
    aDay: X.postsOfAppADay / accounts,
    heartbeatShare: ((accounts / 1000) * costs.heartbeatMs) / BEAT_MS,
  };
}
