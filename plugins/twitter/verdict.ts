/** What an exchange with X means: a table of rules in order, the first that fits decides. Pure. */
import type { ClockFacts, Fault } from "../../src/ar.ts";
import type { ServiceFaultRow, Verdict } from "../../src/contract.ts";
import { causeOf } from "./cause.ts";
import { contradicts, measure, parseDate } from "./clock.ts";
import { FAULTS, type Reason } from "./faults.ts";
import { type Limit, type LimitClock, limitOf, usedUp } from "./limits.ts";
import type { Answered, Exchange } from "./requests.ts";
import { factsOf, readSaid, type Said } from "./said.ts";

/** All that a judgement rests on. */
export type Evidence = LimitClock & {
  exchange: Exchange;
  /** Only a post can be in doubt; to ask again does no harm. */
  purpose: "post" | "ask";
  /** It was sent as an answer to another post. */
  reply: boolean;
  toleranceSeconds: number;
  /**
   * What `oauth/request_token` said of the consumer key after a 401 that explains nothing; `clock`: it found the time
   * wrong, `unknown`: it failed otherwise.
   */
  key?: "accepted" | "refused" | "clock" | "unknown";
  /** Faults that other accounts are in. */
  failingElsewhere: readonly string[];
  /** Host of X, and the proxy where there is one. */
  target: string;
};

type Facts = Said &
  Pick<Evidence, "reply" | "key"> & { post: boolean; page: boolean; clockDiffers: boolean; othersFail: boolean; limitUsedUp: boolean };
type Rule = { reason: Reason; when: (facts: Facts) => boolean };

const within = (low: number, high: number) => (facts: Facts) => facts.status >= low && facts.status <= high;
const hasStatus =
  (...statuses: number[]) =>
  (facts: Facts) =>
    statuses.includes(facts.status);
/** v1.1 codes by number, never by text: 135 comes with the text of 32 too (developer.twitter.com, response codes). */
const hasCode =
  (...codes: number[]) =>
  (facts: Facts) =>
    facts.code !== undefined && codes.includes(facts.code);
const hasProblem =
  (...problems: string[]) =>
  (facts: Facts) =>
    facts.problem !== undefined && problems.includes(facts.problem);
/** Only where X gives nothing else: too long, and duplicate. */
const says =
  (pattern: RegExp, ...statuses: number[]) =>
  (facts: Facts) =>
    hasStatus(...statuses)(facts) && pattern.test(facts.text);
const any =
  (...tests: ((facts: Facts) => boolean)[]) =>
  (facts: Facts) =>
    tests.some((test) => test(facts));
const refusedLogin = hasStatus(401);

/** An invalid status is to be taken for a server error (RFC 9110 section 15). */
const serverError = within(500, 999);

/** Where a status and a code contradict each other, a server error stands first: it alone leaves a post in doubt. */
const RULES: readonly Rule[] = [
  { reason: "x-unavailable", when: hasStatus(503) },
  { reason: "in-doubt", when: (facts) => facts.post && any(serverError, within(200, 299))(facts) },
  { reason: "x-unavailable", when: any(serverError, within(200, 299), hasCode(130)) },

  { reason: "clock-skew", when: (facts) => refusedLogin(facts) && (facts.clockDiffers || facts.key === "clock" || hasCode(135)(facts)) },
  { reason: "token-invalid", when: (facts) => refusedLogin(facts) && hasCode(89)(facts) },
  // 416: the app is suspended (developer.twitter.com, response codes). No account can post with its key.
  { reason: "consumer-key-invalid", when: (facts) => refusedLogin(facts) && (hasCode(416)(facts) || facts.key === "refused") },
  { reason: "x-unavailable", when: (facts) => refusedLogin(facts) && facts.key === "unknown" },
  { reason: "x-unavailable", when: (facts) => refusedLogin(facts) && facts.key === "accepted" && facts.othersFail },
  // 215 "bad authentication data" comes as a 400: X could not read a token in the request at all.
  { reason: "token-invalid", when: any(refusedLogin, hasCode(215)) },

  // usage-capped is the monthly cap: it ends like missing credits, not at a reset within a day.
  { reason: "credits-depleted", when: any(hasStatus(402), hasProblem("credits", "usage-capped")) },
  { reason: "rate-limited", when: any(hasStatus(429), hasCode(88, 185), hasProblem("rate-limit-exceeded")) },
  { reason: "account-locked", when: hasCode(64, 326) },
  { reason: "not-permitted", when: any(hasCode(261, 220, 453), hasProblem("oauth1-permissions", "client-forbidden")) },
  { reason: "not-permitted", when: (facts) => facts.reason === "client-not-enrolled" },
  { reason: "duplicate-content", when: any(hasCode(187), says(/duplicate content/i, 403)) },
  { reason: "too-long", when: any(hasCode(186), says(/too long/i, 400, 403)) },
  // A used-up day may come as a 403 whose body X documents nowhere; the header tells it.
  { reason: "rate-limited", when: (facts) => hasStatus(403)(facts) && facts.limitUsedUp },
  // X refuses in JSON or in plain words. A page is of something in front of it (a proxy, a filter, a content network),
  // and says nothing of the post.
  { reason: "unreachable", when: (facts) => facts.page && within(400, 499)(facts) },
  // 433 "replies restricted", 385 "reply to a deleted post"; and any other 403 that only a reply gets.
  { reason: "reply-refused", when: (facts) => facts.reply && any(hasCode(433, 385), hasStatus(403, 433))(facts) },

  // Something in front of X answered: X sends a post nowhere else, asks for no proxy log-in, and 408 says that the
  // request did not come whole (RFC 9110 15.5.9). None of them was carried out (RFC 9110 15.4).
  { reason: "unreachable", when: hasStatus(301, 302, 307, 308, 407, 408) },
  // 303 says that the request was carried out and its result is elsewhere (RFC 9110 15.4.4).
  { reason: "in-doubt", when: (facts) => facts.post && within(300, 399)(facts) },
  { reason: "unreachable", when: within(300, 399) },
];

/**
 * `plugin-error` is the host's own row. It stands for every refusal that is definite and has no row here: to send the
 * same again would be refused again, and nothing was posted.
 */
export type Judgement = { reason: Reason | "plugin-error"; fault: Fault; limit?: Limit };

/** Judges everything but success. An answer that is passed here with a 2xx is one that can't be read. */
export function judge(evidence: Evidence): Judgement {
  const { exchange } = evidence;
  if (exchange.kind === "lost") {
    const inDoubt = exchange.sent && evidence.purpose === "post";
    const detail = `${evidence.target}: ${exchange.cause}`;
    return {
      reason: inDoubt ? "in-doubt" : "unreachable",
      fault: { reason: inDoubt ? "in-doubt" : "unreachable", cause: exchange.cause, detail },
    };
  }
  const said = readSaid(exchange);
  const reason = reasonOf(evidence, exchange, said);
  const limit = reason === "rate-limited" ? limitOf(exchange.headers, evidence) : undefined;
  const clock = reason === "clock-skew" ? clockOf(exchange) : undefined;
  const detail = detailOf(reason, said, evidence, limit, clock);
  const fault: Fault = {
    reason,
    cause: causeOf(exchange.status, sentenceOf(said, exchange)),
    ...(detail !== "" && { detail }),
    x: factsOf(said),
    ...(clock && { clock }),
  };
  return { reason, fault, ...(limit && { limit }) };
}

function reasonOf(evidence: Evidence, answer: Answered, said: Said): Reason | "plugin-error" {
  const facts: Facts = {
    ...said,
    reply: evidence.reply,
    ...(evidence.key && { key: evidence.key }),
    post: evidence.purpose === "post",
    page: answer.body === undefined && /^\s*</.test(answer.text),
    clockDiffers: clockDiffers(answer, evidence.toleranceSeconds),
    othersFail: evidence.failingElsewhere.some((reason) => reason === "token-invalid" || reason === "x-unavailable"),
    limitUsedUp: usedUp(answer.headers, evidence) !== undefined,
  };
  return RULES.find(({ when }) => when(facts))?.reason ?? "plugin-error";
}

/** The answer's own Date against the timestamp of its own request; an answer out of a cache (Age) tells nothing. */
function clockDiffers(answer: Answered, toleranceSeconds: number): boolean {
  const date = answer.headers.age === undefined ? parseDate(answer.headers.date) : undefined;
  return date !== undefined && contradicts(date, answer.signedTimestamp, toleranceSeconds);
}

/** A 401 that the clock explains: worth one more request with the corrected time. */
export const isClockRefusal = (exchange: Exchange, toleranceSeconds: number): exchange is Answered =>
  exchange.kind === "answer" && exchange.status === 401 && (readSaid(exchange).code === 135 || clockDiffers(exchange, toleranceSeconds));

/** A 401 that says neither clock nor token nor key: `oauth/request_token` tells more. */
export const isUnexplained = (evidence: Evidence): boolean =>
  evidence.exchange.kind === "answer" &&
  evidence.exchange.status === 401 &&
  evidence.key === undefined &&
  readSaid(evidence.exchange).code !== 89 &&
  judge(evidence).reason === "token-invalid";

function clockOf(answer: Answered): ClockFacts | undefined {
  const measured = measure(answer);
  return measured && { offsetSeconds: Math.round(measured.offsetMs / 100) / 10, serverDate: measured.serverDate };
}

function sentenceOf(said: Said, { status, headers }: Answered): string {
  if (status >= 300 && status < 400) return `Redirected to ${originOf(headers.location)}`;
  return status >= 200 && status < 300 ? "The answer can't be read" : said.text;
}

/** Only the origin: a path or query of whoever answered is none of the reader's business, and may hold secrets. */
function originOf(location: string | undefined): string {
  const url = URL.parse(location ?? "");
  return url ? url.origin : "an address of its own";
}

function detailOf(
  reason: Judgement["reason"],
  said: Said,
  evidence: Evidence,
  limit: Limit | undefined,
  clock: ClockFacts | undefined,
): string {
  if (clock) return describeClock(clock);
  if (limit) return `Goes on at ${new Date(evidence.now + limit.waitMs).toISOString()}`;
  if (reason === "unreachable") return evidence.target;
  return said.text;
}

function describeClock({ offsetSeconds, serverDate }: ClockFacts): string {
  const side = offsetSeconds > 0 ? "slow" : "fast";
  return `This host's clock is ${Math.abs(offsetSeconds)} s ${side} against X; X's Date is ${serverDate}.`;
}

/** The verdict of an attempt to post. `urlOf` gives a post's address. */
export function verdictOf(evidence: Evidence, urlOf: (id: string) => string): Verdict {
  const { exchange } = evidence;
  const id = exchange.kind === "answer" && exchange.status >= 200 && exchange.status < 300 ? readId(exchange.body) : undefined;
  if (id === undefined || exchange.kind === "lost") return verdictFor(judge(evidence));
  const limit = usedUp(exchange.headers, evidence);
  return { verdict: "delivered", id, url: urlOf(id), ...(limit && { pause: { ...limit, fault: limitFault(limit, evidence.now) } }) };
}

/** How the lane goes on after a failure, as its row says. */
export function verdictFor({ reason, fault, limit }: Judgement): Verdict {
  const row: ServiceFaultRow | undefined = reason === "plugin-error" ? undefined : FAULTS[reason];
  if (row === undefined) return { verdict: "failed", fault };
  if (row.verdict !== "retry") return { verdict: row.verdict, fault };
  const holds = limit?.holds ?? row.holds;
  return { verdict: "retry", fault, ...(limit && { waitMs: limit.waitMs }), ...(holds && { holds }) };
}

const limitFault = (limit: Limit, now: number): Fault => ({
  reason: "rate-limited",
  cause: "The rate limit is used up.",
  detail: `Goes on at ${new Date(now + limit.waitMs).toISOString()}`,
});

/** Ids are strings of up to 19 digits (docs.x.com, OpenAPI): as numbers they would lose digits. */
function readId(body: unknown): string | undefined {
  const data = typeof body === "object" && body !== null && "data" in body ? body.data : undefined;
  const id = typeof data === "object" && data !== null && "id" in data ? data.id : undefined;
  return typeof id === "string" && /^[0-9]{1,19}$/.test(id) ? id : undefined;
}
