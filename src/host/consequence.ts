/** What a verdict or a finding means for the store and the lane: pure, and the only place that decides it. */
import type { Fault } from "../ar.ts";
import type { Finding, ServiceFaultRow, Verdict } from "../contract.ts";
import type { AttemptOutcome, DeliveryState } from "../shapes.ts";
import type { PostChange, Settlement, StoredDelivery, StoredPost } from "../store/store.ts";
import { backOff, type Pace } from "./back-off.ts";

/** Why more than one post waits: the lane, or every lane of the plug-in; until a moment, or until a probe says yes. */
export type Hold = { scope: "lane" | "key"; fault: Fault; waitMs: number; probe: boolean };

export type Consequence = {
  /** After a post that was delivered the next one of its delivery begins in the same step. */
  step: Settlement;
  hold?: Hold;
};

export type Case = {
  delivery: StoredDelivery;
  post: StoredPost;
  now: number;
  pace: Pace;
  random: () => number;
  /** How long the post has been in doubt, on the monotonic clock. */
  doubtAgeMs: number;
  /** Nobody has paused, stopped or held the lane meanwhile: the next post may begin at once. */
  goesOn: boolean;
  /** The plug-in's row for a reason; undefined for the host's own reasons and for what no table knows. */
  row: (reason: string) => ServiceFaultRow | undefined;
};

export function consequenceOf(verdict: Verdict, about: Case): Consequence {
  switch (verdict.verdict) {
    case "delivered":
      return delivered(about, verdict.id, verdict.url, verdict.pause);
    case "retry":
      return waits(about, verdict);
    case "failed":
      return { step: step(about, "failed", "failed", { state: "queued" }, { attempts: 1, lastFault: verdict.fault }) };
    case "in-doubt":
      return inDoubt(about, verdict.fault);
  }
}

/** A post stands at the service, by its answer or by a look. `id` is unknown where a duplicate refusal proved it. */
export function delivered(
  about: Case,
  id: string | null,
  url?: string,
  pause?: Extract<Verdict, { verdict: "delivered" }>["pause"],
): Consequence {
  const { delivery, post, now } = about;
  const posted: PostChange = { index: post.index, state: "posted", id, url: url ?? null, doubtAt: null, looks: 0 };
  const hold: Hold | undefined = pause && { scope: pause.holds, fault: pause.fault, waitMs: pause.waitMs, probe: false };
  const next = delivery.posts[post.index + 1];
  const tried = { index: post.index, outcome: "posted" } as const;
  const base = { deliveryId: delivery.id, at: now, attempts: 1, lastFault: null, tried } as const;
  if (!next) return { step: { ...base, posts: [posted], state: "delivered", nextAttemptAt: null }, ...(hold && { hold }) };
  if (hold) return { step: { ...base, posts: [posted], state: "waiting", nextAttemptAt: now + hold.waitMs, lastFault: hold.fault }, hold };
  if (!about.goesOn) return { step: { ...base, posts: [posted], state: "waiting", nextAttemptAt: now } };
  const begun: PostChange = { index: next.index, state: "begun", begunAt: now };
  return { step: { ...base, posts: [posted, begun], state: "sending", nextAttemptAt: null } };
}

function waits(about: Case, verdict: Extract<Verdict, { verdict: "retry" }>): Consequence {
  const { waitMs, hold } = delayOf(verdict, about, about.delivery.attempts);
  return {
    step: step(about, "retry", "waiting", unsent(about.post), {
      attempts: about.row(verdict.fault.reason)?.free ? 0 : 1,
      lastFault: verdict.fault,
      nextAttemptAt: about.now + waitMs,
    }),
    ...(hold && { hold }),
  };
}

/** How long a fault makes wait, and whom: what the plug-in says of this case wins over the fault's row. */
function delayOf(
  { fault, waitMs: given, holds }: Pick<Extract<Verdict, { verdict: "retry" }>, "fault" | "waitMs" | "holds">,
  { pace, random, row }: Case,
  failures: number,
): { waitMs: number; hold?: Hold } {
  const known = row(fault.reason);
  const scope = holds ?? known?.holds;
  const probe = known?.pace === "probe" && given === undefined;
  const waitMs = given ?? (probe ? pace.probeMs : known?.pace === "slow" ? pace.slowMs : backOff(failures, pace, random));
  return { waitMs, ...(scope && { hold: { scope, fault, waitMs, probe } }) };
}

/**
 * The service did not take the post. One that was sent blindly may stand there since the time before, so it stays in
 * doubt (and its delivery begun), with no moment since when: nothing is to be looked up.
 */
const unsent = ({ blind }: StoredPost): Omit<PostChange, "index"> => (blind ? { state: "in-doubt", doubtAt: null } : { state: "queued" });

/** The service shows no time line to look the post up in: it is to be sent again, and its delivery stays begun. */
export const isBlind = ({ state, blind, doubtAt }: StoredPost): boolean => state === "in-doubt" && blind && doubtAt === null;

/** Nobody knows whether the post stands: it is looked up before anything is sent again. */
export function inDoubt(about: Case, fault: Fault): Consequence {
  const { now, pace } = about;
  const change = { state: "in-doubt", doubtAt: now, looks: 0 } as const;
  return { step: step(about, "in-doubt", "in-doubt", change, { attempts: 1, lastFault: fault, nextAttemptAt: now + pace.firstLookMs }) };
}

/**
 * Looked up, found absent, sent again, and refused as a duplicate: the time line may lag longer than a look waits. It is
 * looked up once more; after that the duplicate rule decides, as where there is no time line.
 */
export function lookOnceMore(about: Case, fault: Fault): Consequence {
  const { now, pace, post } = about;
  const change = { state: "in-doubt", doubtAt: now, looks: post.looks, blind: true } as const;
  return { step: step(about, "in-doubt", "in-doubt", change, { attempts: 1, lastFault: fault, nextAttemptAt: now + pace.lastLookMs }) };
}

/**
 * What a look found. Absent needs two looks, the last at least `lastLookMs` after the request ended, since the time
 * line may lag. Where it can't be read at all the post is sent again blindly and the service's duplicate rule decides.
 */
export function consequenceOfLook(finding: Finding, about: Case): Consequence {
  const { post, now, pace } = about;
  if (finding.finding === "found") return foundAt(delivered({ ...about, goesOn: false }, finding.id, finding.url));
  if (finding.finding === "unknown") return finding.readable ? looksAgain(finding, about) : goesBlind(finding.fault, about);
  const looks = post.looks + 1;
  const untilProven = pace.lastLookMs - about.doubtAgeMs;
  if (looks >= 2 && untilProven <= 0)
    return { step: step(about, "absent", "waiting", { state: "queued", doubtAt: null, looks }, { nextAttemptAt: now }) };
  return { step: step(about, "absent", "in-doubt", { looks }, { nextAttemptAt: now + Math.max(untilProven, pace.firstLookMs) }) };
}

/** Not before the time in which a request that ended may still be carried out; longer each time that it comes in doubt again. */
function goesBlind(fault: Fault, about: Case): Consequence {
  const { post, delivery, now, pace, random } = about;
  const again = post.blind ? backOff(delivery.attempts, pace, random) : 0;
  const waitMs = Math.max(pace.lastLookMs - about.doubtAgeMs, again, 0);
  const change = { blind: true, doubtAt: null, looks: 0 };
  return { step: step(about, "unknown", "in-doubt", change, { lastFault: fault, nextAttemptAt: now + waitMs }) };
}

const LOOK_FAILURES = 2;
function looksAgain(finding: Extract<Finding, { finding: "unknown" }>, about: Case): Consequence {
  const { waitMs, hold } = delayOf(finding, about, LOOK_FAILURES);
  const rest = { lastFault: finding.fault, nextAttemptAt: about.now + waitMs };
  return { step: step(about, "unknown", "in-doubt", {}, rest), ...(hold && { hold }) };
}

/** To look is no attempt. */
const foundAt = ({ step, ...rest }: Consequence): Consequence => ({
  ...rest,
  step: { ...step, attempts: 0, ...(step.tried && { tried: { ...step.tried, outcome: "found" } }) },
});

function step(
  about: Case,
  outcome: AttemptOutcome,
  state: DeliveryState,
  change: Omit<PostChange, "index">,
  rest: { attempts?: number; lastFault?: Fault; nextAttemptAt?: number },
): Settlement {
  return {
    deliveryId: about.delivery.id,
    at: about.now,
    posts: [{ index: about.post.index, ...change }],
    state,
    nextAttemptAt: rest.nextAttemptAt ?? null,
    ...(rest.attempts !== undefined && { attempts: rest.attempts }),
    ...(rest.lastFault && { lastFault: rest.lastFault }),
    tried: { index: about.post.index, outcome, ...(rest.lastFault && { fault: rest.lastFault }) },
  };
}
