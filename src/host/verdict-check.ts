/** A plug-in may answer nonsense, or not at all. Then nobody knows whether the post stands: it is in doubt. */
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";
import type { AccountFacts, Composition, Finding, LimitState, Pause, Trial, Verdict } from "../contract.ts";
import type { Called } from "./protocol.ts";

const VERDICTS: readonly string[] = ["delivered", "retry", "failed", "in-doubt"] satisfies Verdict["verdict"][];
const FINDINGS: readonly string[] = ["found", "absent", "unknown"] satisfies Finding["finding"][];

export function verdictFrom(called: Called<Verdict>): Verdict {
  if (!called.ok && called.unsent) return { verdict: "retry", fault: called.fault };
  if (!called.ok) return { verdict: "in-doubt", fault: called.fault };
  const { value } = called;
  const known = isRecord(value) && VERDICTS.includes(String(value.verdict));
  if (known && (value.verdict === "delivered" ? typeof value.id === "string" : isFault(value.fault)))
    return withSaneFacts(withSaneWaits(value));
  return { verdict: "in-doubt", fault: hostFault("plugin-error", "the plug-in answered `deliver` with something that is no verdict") };
}

export function findingFrom(called: Answer<Finding>): Finding {
  if (!called.ok) return { finding: "unknown", fault: called.fault, readable: true };
  const { value } = called;
  const known = isRecord(value) && FINDINGS.includes(String(value.finding));
  if (known && (value.finding !== "found" || typeof value.id === "string") && (value.finding !== "unknown" || isFault(value.fault)))
    return value;
  return {
    finding: "unknown",
    readable: true,
    fault: hostFault("plugin-error", "the plug-in answered `lookUp` with something that is no finding"),
  };
}

/** What is no clear refusal must not keep credentials out: the old ones may be dead. */
export function trialFrom(called: Answer<Trial>): Trial {
  if (!called.ok) return { trial: "unknown", fault: called.fault };
  const { value } = called;
  if (isRecord(value) && value.trial === "accepted") return isFacts(value.account) ? value : { trial: "accepted" };
  if (isRecord(value) && (value.trial === "refused" || value.trial === "unknown") && isFault(value.fault)) return value;
  const fault = hostFault("plugin-error", "the plug-in answered `tryCredentials` with something that is no trial");
  return { trial: "unknown", fault };
}

/** A text that no post can be made of must not be asked for again and again. */
export function compositionFrom(called: Answer<Answer<Composition>>): Answer<Composition> {
  if (!called.ok) return called;
  const answer: unknown = called.value;
  if (isRecord(answer) && answer.ok === false && isFault(answer.fault)) return refused(answer.fault);
  const value = isRecord(answer) && answer.ok === true && isRecord(answer.value) ? answer.value : {};
  const { posts, overflow, limit } = value;
  if (Array.isArray(posts) && posts.length > 0 && posts.every((post) => isRecord(post) && typeof post.text === "string"))
    return done({ posts, overflow: String(overflow), ...(Number.isInteger(limit) && { limit: Number(limit) }) });
  return refused(hostFault("plugin-error", "the plug-in answered `compose` with something that is no post"));
}

/** Longer than any window of a service; more would leave the calendar. */
const LONGEST_WAIT_MS = 30 * 86_400_000;
const SCOPES: readonly unknown[] = ["lane", "key"] satisfies Pause["holds"][];

/** A wait that is no length of time is left out: the table's pace holds then. */
function withSaneWaits(verdict: Verdict): Verdict {
  if (verdict.verdict === "retry") {
    const { waitMs, holds, ...rest } = verdict;
    const wait = waitOf(waitMs);
    return { ...rest, ...(wait !== undefined && { waitMs: wait }), ...(holds !== undefined && SCOPES.includes(holds) && { holds }) };
  }
  if (verdict.verdict !== "delivered" || verdict.pause === undefined) return verdict;
  const { pause, ...rest } = verdict;
  const wait = isRecord(pause) ? waitOf(pause.waitMs) : undefined;
  return wait !== undefined && isFault(pause.fault) && SCOPES.includes(pause.holds) ? { ...rest, pause: { ...pause, waitMs: wait } } : rest;
}

/** More would be a plug-in that makes names up. */
const MOST_LIMITS = 10;

/** What was learned on the way, and the post's address, are left out where they are none: the post stands all the same. */
function withSaneFacts(verdict: Verdict): Verdict {
  const { learned, limits, ...rest } = verdict;
  const facts = {
    ...(isFacts(learned) && { learned }),
    ...(Array.isArray(limits) && { limits: limits.filter(isLimit).slice(0, MOST_LIMITS) }),
  };
  if (rest.verdict !== "delivered" || rest.url === undefined || typeof rest.url === "string") return { ...rest, ...facts };
  const { url: _, ...bare } = rest;
  return { ...bare, ...facts };
}

const waitOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 ? Math.min(value, LONGEST_WAIT_MS) : undefined;

const isAmount = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isLimit = (value: unknown): value is LimitState =>
  isRecord(value) &&
  /^[a-z][a-z0-9-]{0,39}$/.test(String(value.name)) &&
  SCOPES.includes(value.scope) &&
  isAmount(value.remaining) &&
  [value.size, value.resetsInMs].every((amount) => amount === undefined || isAmount(amount));

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
export const isFault = (value: unknown): value is Fault =>
  isRecord(value) && typeof value.reason === "string" && typeof value.cause === "string";
export const isFacts = (value: unknown): value is AccountFacts =>
  isRecord(value) &&
  typeof value.id === "string" &&
  typeof value.name === "string" &&
  ["boolean", "undefined"].includes(typeof value.protected) &&
  ["string", "undefined"].includes(typeof value.accessLevel);
