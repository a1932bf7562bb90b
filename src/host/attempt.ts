/** One try to deliver one post, and one look for a post in doubt: the calls to the plug-in and what they mean. */
import { isDeepStrictEqual } from "node:util";
import type { Answer } from "../ar.ts";
import type { Account, AccountFacts, Finding, KeptNotification, PostToDeliver, Verdict } from "../contract.ts";
import type { Store, StoredDelivery, StoredPost } from "../store/store.ts";
import { type Case, type Consequence, consequenceOf, delivered, inDoubt, lookOnceMore } from "./consequence.ts";
import type { Meter } from "./meter.ts";
import type { Plugin } from "./plugin.ts";
import type { CallLease } from "./protocol.ts";
import { findingFrom, verdictFrom } from "./verdict-check.ts";

export type AttemptOptions = {
  lane: string;
  readonly plugin: Plugin;
  store: Store;
  meter: Meter;
  account(): Answer<Account>;
  failingElsewhere(): string[];
  /** Throws when the lane is not this host's any more. */
  lease(): CallLease;
};
/** `learned`: what the service said of the account on the way. */
export type Attempted = { consequence: Consequence; learned?: AccountFacts };

/** A backstop only: a plug-in bounds its own requests. Longer than any sum of them. */
const DELIVER_TIMEOUT_MS = 120_000;

/** Delivers a post that has begun. `caseOf` is asked afterwards, since the clock and the lane may change on the way. */
export async function attempt(
  options: AttemptOptions,
  caseOf: () => Case,
  delivery: StoredDelivery,
  post: StoredPost,
  account: Account,
): Promise<Attempted> {
  const request = postOf(delivery, post);
  const circumstances = { account, failingElsewhere: options.failingElsewhere(), lease: options.lease() };
  const verdict: Verdict = verdictFrom(await options.plugin.call("deliver", request, circumstances, DELIVER_TIMEOUT_MS));
  count(options, verdict, account);
  const about = caseOf();
  const consequence = await consequenceFor(options, verdict, about);
  const attempted = isOutdated(consequence, about, account, options.account()) ? atOnce(consequence) : consequence;
  return { consequence: attempted, ...(verdict.learned && { learned: verdict.learned }) };
}

function count({ meter, plugin }: AttemptOptions, verdict: Verdict, account: Account): void {
  meter.attempted(plugin.name, verdict.verdict, verdict.verdict === "delivered" ? undefined : verdict.fault.reason);
  if (verdict.limits) meter.limited(plugin.name, account.name, verdict.limits);
}

/** A duplicate refusal means more for a post that was in doubt: the service may have had it from the first sending. */
async function consequenceFor(options: AttemptOptions, verdict: Verdict, about: Case): Promise<Consequence> {
  const { post } = about;
  if (verdict.verdict !== "failed" || !about.row(verdict.fault.reason)?.provesDuplicate) return consequenceOf(verdict, about);
  if (post.blind) return byDuplicate(options, verdict, about);
  return post.looks > 0 ? lookOnceMore(about, verdict.fault) : consequenceOf(verdict, about);
}

/** A post sent blindly again was refused as a duplicate: proof of delivery, unless another post has the same text. */
async function byDuplicate(
  { store, lane }: AttemptOptions,
  verdict: Extract<Verdict, { verdict: "failed" }>,
  about: Case,
): Promise<Consequence> {
  const { delivery, post } = about;
  const others = await store.countSameText(lane, post.text, delivery.id, post.index).catch(() => undefined);
  // They can't be counted now: it stays in doubt, and is asked for again.
  if (others === undefined) return inDoubt(about, verdict.fault);
  return others === 0 ? delivered(about, null) : consequenceOf(verdict, about);
}

/** The token was replaced while the attempt was under way: that the old one is dead holds nothing up. */
function isOutdated({ hold }: Consequence, about: Case, used: Account, current: Answer<Account>): boolean {
  const revokes = hold !== undefined && about.row(hold.fault.reason)?.revokes === true;
  return revokes && current.ok && !isDeepStrictEqual(current.value.token, used.token);
}
const atOnce = ({ step }: Consequence): Consequence => ({ step: { ...step, nextAttemptAt: step.at } });

/** Looks for a post in doubt. */
export async function look(
  { plugin, store, lane, meter }: Omit<AttemptOptions, "lease">,
  { delivery, post }: Case,
  account: Account,
): Promise<Finding> {
  const known = await store.knownPosts(lane, delivery.id);
  const request = {
    ...postOf(delivery, post),
    ownedIds: known.ownedIds,
    begunAt: post.begunAt ?? delivery.acceptedAt,
    ...(known.highestId !== undefined && { afterId: known.highestId }),
  };
  const finding = findingFrom(await plugin.call("lookUp", request, { account }, DELIVER_TIMEOUT_MS));
  meter.lookedUp(plugin.name, finding.finding);
  return finding;
}

const postOf = (delivery: StoredDelivery, { text, reply, index }: StoredPost): PostToDeliver => ({
  deliveryId: delivery.id,
  text,
  reply,
  index,
  previousIds: delivery.posts.slice(0, index).flatMap(({ id }) => (id === null ? [] : [id])),
  notification: notificationOf(delivery),
});

function notificationOf({ text, content, entryId, accountName, functionalUser, priority }: StoredDelivery): KeptNotification {
  return { text, content, entryId, accountName, functionalUser, priority };
}
