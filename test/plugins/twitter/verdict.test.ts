import t from "tap";
import { FAULTS } from "../../../plugins/twitter/faults.ts";
import type { Answered } from "../../../plugins/twitter/requests.ts";
import { type Evidence, isClockRefusal, isUnexplained, judge, verdictOf } from "../../../plugins/twitter/verdict.ts";

const SIGNED = 1_780_496_000;
const DATE = new Date(SIGNED * 1000).toUTCString();

type Draft = { status: number; body?: unknown; text?: string; headers?: Record<string, string> };
function answer({ status, body, text, headers }: Draft): Answered {
  const sentAt = SIGNED * 1000;
  return {
    kind: "answer",
    status,
    headers: { date: DATE, ...headers },
    body,
    text: text ?? (body === undefined ? "" : JSON.stringify(body)),
    sentAt,
    receivedAt: sentAt + 100,
    signedTimestamp: SIGNED,
  };
}
const evidence = (draft: Draft, more: Partial<Evidence> = {}): Evidence => ({
  exchange: answer(draft),
  purpose: "post",
  reply: false,
  toleranceSeconds: 60,
  failingElsewhere: [],
  target: "api.x.com",
  now: SIGNED * 1000,
  random: () => 0,
  ...more,
});
const verdict = (draft: Draft, more: Partial<Evidence> = {}) => verdictOf(evidence(draft, more), (id) => `https://x.com/a/status/${id}`);

const v1 = (code: number, message = "text") => ({ errors: [{ code, message }] });
const blank = (status: number, title: string, detail = title) => ({ title, type: "about:blank", status, detail });
const problem = (segment: string, more = {}) => ({
  title: "T",
  detail: "D",
  type: `https://api.twitter.com/2/problems/${segment}`,
  ...more,
});
const UNAUTHORIZED = blank(401, "Unauthorized");
const OLD_401 = { status: 401, text: "Failed to validate oauth signature and token" };
const skewed = (seconds: number, suffix = "GMT") => ({ date: new Date((SIGNED + seconds) * 1000).toUTCString().replace("GMT", suffix) });

type Expected = [verdict: string, reason: string];
const CASES: [name: string, draft: Draft, expected: Expected, more?: Partial<Evidence>][] = [
  ["401 code 135", { status: 401, body: v1(135) }, ["failed", "clock-skew"]],
  ["401 code 135 with the text of 32", { status: 401, body: v1(135, "Could not authenticate you") }, ["failed", "clock-skew"]],
  ["401 v2, Date ahead", { status: 401, body: UNAUTHORIZED, headers: skewed(61) }, ["failed", "clock-skew"]],
  ["401 v2, Date behind", { status: 401, body: UNAUTHORIZED, headers: skewed(-61) }, ["failed", "clock-skew"]],
  ["401 v2, Date in UTC", { status: 401, body: UNAUTHORIZED, headers: skewed(3600, "UTC") }, ["failed", "clock-skew"]],
  ["401 plain text, Date ahead", { ...OLD_401, headers: skewed(86_400) }, ["failed", "clock-skew"]],
  ["401 v2, Date within the tolerance", { status: 401, body: UNAUTHORIZED, headers: skewed(60) }, ["retry", "token-invalid"]],
  ["401 v2, cached Date", { status: 401, body: UNAUTHORIZED, headers: { ...skewed(3600), age: "3600" } }, ["retry", "token-invalid"]],
  ["401 v2, no Date", { status: 401, body: UNAUTHORIZED, headers: { date: "" } }, ["retry", "token-invalid"]],

  ["401 code 89", { status: 401, body: v1(89) }, ["retry", "token-invalid"]],
  ["401 code 89 while others fail", { status: 401, body: v1(89) }, ["retry", "token-invalid"], { failingElsewhere: ["token-invalid"] }],
  ["401 code 32, key accepted", { status: 401, body: v1(32) }, ["retry", "token-invalid"], { key: "accepted" }],
  ["401 plain text, key accepted", OLD_401, ["retry", "token-invalid"], { key: "accepted" }],
  ["400 code 215", { status: 400, body: v1(215) }, ["retry", "token-invalid"]],
  ["401, key refused", { status: 401, body: UNAUTHORIZED }, ["retry", "consumer-key-invalid"], { key: "refused" }],
  ["401 code 416", { status: 401, body: v1(416) }, ["retry", "consumer-key-invalid"]],
  [
    "401, key accepted, another account fails too",
    { status: 401, body: UNAUTHORIZED },
    ["retry", "x-unavailable"],
    { key: "accepted", failingElsewhere: ["token-invalid"] },
  ],
  [
    "401, key accepted, X is known to be out of order",
    { status: 401, body: UNAUTHORIZED },
    ["retry", "x-unavailable"],
    { key: "accepted", failingElsewhere: ["x-unavailable"] },
  ],
  [
    "401, key accepted, another account is locked",
    { status: 401, body: UNAUTHORIZED },
    ["retry", "token-invalid"],
    { key: "accepted", failingElsewhere: ["account-locked"] },
  ],
  ["401, and the key can't be asked about", { status: 401, body: UNAUTHORIZED }, ["retry", "x-unavailable"], { key: "unknown" }],

  ["403 oauth1-permissions", { status: 403, body: problem("oauth1-permissions") }, ["failed", "not-permitted"]],
  ["403 of api.x.com", { status: 403, body: { type: "https://api.x.com/2/problems/oauth1-permissions" } }, ["failed", "not-permitted"]],
  ["403 code 261", { status: 403, body: v1(261) }, ["failed", "not-permitted"]],
  ["403 code 220", { status: 403, body: v1(220) }, ["failed", "not-permitted"]],
  ["403 code 453", { status: 403, body: v1(453) }, ["failed", "not-permitted"]],
  [
    "403 client-not-enrolled",
    { status: 403, body: problem("client-forbidden", { reason: "client-not-enrolled" }) },
    ["failed", "not-permitted"],
  ],

  [
    "403 duplicate, v2",
    { status: 403, body: blank(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.") },
    ["failed", "duplicate-content"],
  ],
  ["403 code 187", { status: 403, body: v1(187) }, ["failed", "duplicate-content"]],
  [
    "400 too long, v2",
    { status: 400, body: blank(400, "Invalid Request", "Your Tweet text is too long. For more") },
    ["failed", "too-long"],
  ],
  ["403 too long, v2", { status: 403, body: blank(403, "Forbidden", "Your Tweet text is too long.") }, ["failed", "too-long"]],
  ["403 code 186", { status: 403, body: v1(186) }, ["failed", "too-long"]],

  ["429 v2", { status: 429, body: blank(429, "Too Many Requests") }, ["retry", "rate-limited"]],
  ["429 without a body", { status: 429 }, ["retry", "rate-limited"]],
  ["429 code 88", { status: 429, body: v1(88) }, ["retry", "rate-limited"]],
  ["403 code 185", { status: 403, body: v1(185) }, ["retry", "rate-limited"]],
  [
    "403 with the day used up",
    {
      status: 403,
      body: blank(403, "Forbidden"),
      headers: { "x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": String(SIGNED + 60) },
    },
    ["retry", "rate-limited"],
  ],
  ["402", { status: 402, body: problem("credits") }, ["retry", "credits-depleted"]],
  ["402 without a body", { status: 402 }, ["retry", "credits-depleted"]],
  ["429 usage-capped", { status: 429, body: problem("usage-capped") }, ["retry", "credits-depleted"]],
  ["503 JSON", { status: 503, body: blank(503, "Service Unavailable") }, ["retry", "x-unavailable"]],
  ["503 page", { status: 503, text: "<html>over capacity</html>" }, ["retry", "x-unavailable"]],
  ["503 code 130", { status: 503, body: v1(130) }, ["retry", "x-unavailable"]],
  ["500 code 130", { status: 500, body: v1(130) }, ["in-doubt", "in-doubt"]],
  ["201 code 130", { status: 201, body: v1(130) }, ["in-doubt", "in-doubt"]],
  ["403 code 130", { status: 403, body: v1(130) }, ["retry", "x-unavailable"]],
  ["a status over 599", { status: 600 }, ["in-doubt", "in-doubt"]],
  ["the highest status", { status: 999 }, ["in-doubt", "in-doubt"]],
  ["403 code 64", { status: 403, body: v1(64) }, ["retry", "account-locked"]],
  ["403 code 326", { status: 403, body: v1(326) }, ["retry", "account-locked"]],

  ["403 on a reply", { status: 403, body: blank(403, "Forbidden", "not allowed") }, ["retry", "reply-refused"], { reply: true }],
  ["433 on a reply", { status: 403, body: v1(433) }, ["retry", "reply-refused"], { reply: true }],
  ["385 on a reply", { status: 403, body: v1(385) }, ["retry", "reply-refused"], { reply: true }],
  ["a lock on a reply is a lock", { status: 403, body: v1(326) }, ["retry", "account-locked"], { reply: true }],
  ["a duplicate on a reply is a duplicate", { status: 403, body: v1(187) }, ["failed", "duplicate-content"], { reply: true }],

  ["500", { status: 500, body: v1(131) }, ["in-doubt", "in-doubt"]],
  ["500 with a code that means a refusal elsewhere", { status: 500, body: v1(187) }, ["in-doubt", "in-doubt"]],
  ["502 page", { status: 502, text: "<html></html>" }, ["in-doubt", "in-doubt"]],
  ["504", { status: 504 }, ["in-doubt", "in-doubt"]],
  ["599", { status: 599 }, ["in-doubt", "in-doubt"]],
  ["201 garbage", { status: 201, text: "\u0000<<" }, ["in-doubt", "in-doubt"]],
  ["201 empty", { status: 201 }, ["in-doubt", "in-doubt"]],
  ["201 without an id", { status: 201, body: { data: { text: "x" } } }, ["in-doubt", "in-doubt"]],
  ["201 with a number as id", { status: 201, body: { data: { id: 1500000000 } } }, ["in-doubt", "in-doubt"]],
  ["201 with a word as id", { status: 201, body: { data: { id: "../x" } } }, ["in-doubt", "in-doubt"]],
  ["200 with problems only", { status: 200, body: { errors: [{ title: "x" }] } }, ["in-doubt", "in-doubt"]],
  ["204", { status: 204 }, ["in-doubt", "in-doubt"]],
  ["303", { status: 303, headers: { location: "https://x.com/" } }, ["in-doubt", "in-doubt"]],

  ["301", { status: 301 }, ["retry", "unreachable"]],
  ["307", { status: 307, headers: { location: "https://portal.example/login?s=1" } }, ["retry", "unreachable"]],
  ["407", { status: 407 }, ["retry", "unreachable"]],
  ["408", { status: 408 }, ["retry", "unreachable"]],

  ["400 invalid-request", { status: 400, body: problem("invalid-request") }, ["failed", "plugin-error"]],
  ["404", { status: 404, body: problem("resource-not-found") }, ["failed", "plugin-error"]],
  ["403 that says nothing", { status: 403, body: blank(403, "Forbidden") }, ["failed", "plugin-error"]],
  ["403 code 226", { status: 403, body: v1(226) }, ["failed", "plugin-error"]],
  ["418", { status: 418 }, ["failed", "plugin-error"]],
];

t.test("each answer of X has its verdict and its reason", async (t) => {
  for (const [name, draft, [expected, reason], more] of CASES) {
    const found = verdict(draft, more);
    t.match(found, { verdict: expected, fault: { reason, cause: new RegExp(`^${draft.status}:`) } }, name);
  }
});

t.test("every failure of the table has its rule", async (t) => {
  const reached = new Set(CASES.map(([, , [, reason]]) => reason));
  // Not told by one answer to a post: a lost request, the guard's question, and the two of signing in.
  const elsewhere = ["account-not-protected", "pin-rejected", "account-mismatch"];
  for (const reason of Object.keys(FAULTS)) t.equal(reached.has(reason), !elsewhere.includes(reason), reason);
});

t.test("a 201 with an id is delivered, problems beside it or not", async (t) => {
  const data = { id: "1500000000000000001", text: "x" };
  t.same(verdict({ status: 201, body: { data } }), { verdict: "delivered", id: data.id, url: `https://x.com/a/status/${data.id}` });
  t.equal(verdict({ status: 201, body: { data, errors: [{ title: "partial" }] } }).verdict, "delivered");
});

t.test("a delivered post that used the limit up pauses whom the limit is for", async (t) => {
  const headers = { "x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": String(SIGNED + 90) };
  t.match(verdict({ status: 201, body: { data: { id: "1" } }, headers }), {
    verdict: "delivered",
    pause: { holds: "key", waitMs: 90_000, fault: { reason: "rate-limited" } },
  });
});

t.test("a 429 waits for the reset header, and holds the key when the app's day is used up", async (t) => {
  const lane = { "x-rate-limit-remaining": "0", "x-rate-limit-reset": String(SIGNED + 300) };
  t.match(verdict({ status: 429, headers: lane }), { verdict: "retry", waitMs: 300_000, holds: "lane" });
  const key = { "x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": String(SIGNED + 7200) };
  t.match(verdict({ status: 429, headers: key }), { verdict: "retry", waitMs: 7_200_000, holds: "key" });
});

t.test("the operator is told when a limit ends", async (t) => {
  const headers = { "x-rate-limit-remaining": "0", "x-rate-limit-reset": String(SIGNED + 300) };
  const { fault } = judge(evidence({ status: 429, headers }));
  t.equal(fault.detail, `Goes on at ${new Date((SIGNED + 300) * 1000).toISOString()}`);
});

t.test("clock skew tells the offset, the side and X's Date", async (t) => {
  const slow = judge(evidence({ status: 401, body: UNAUTHORIZED, headers: skewed(3600) })).fault;
  t.match(slow.clock, { offsetSeconds: 3600.5, serverDate: skewed(3600).date });
  t.match(slow.detail, /clock is 3600\.5 s slow/);
  t.match(slow.detail, skewed(3600).date);
  t.match(judge(evidence({ status: 401, body: UNAUTHORIZED, headers: skewed(-3600) })).fault.detail, / fast /);
});

t.test("a request that never left is unreachable, one that did is in doubt, and one that only asked is unreachable", async (t) => {
  const lost = (sent: boolean, purpose: "post" | "ask") =>
    judge(evidence({ status: 0 }, { exchange: { kind: "lost", sent, cause: "reset" }, purpose })).reason;
  t.equal(lost(false, "post"), "unreachable");
  t.equal(lost(true, "post"), "in-doubt");
  t.equal(lost(true, "ask"), "unreachable");
});

t.test("what only asked is never in doubt", async (t) => {
  for (const status of [200, 303, 500, 502, 504]) {
    t.not(judge(evidence({ status, text: "?" }, { purpose: "ask" })).reason, "in-doubt", String(status));
  }
});

t.test("what X said is kept for people and machines", async (t) => {
  const { fault } = judge(evidence({ status: 403, body: v1(261, "Application cannot perform write actions.") }));
  t.same(fault.x, { status: 403, code: 261, detail: "Application cannot perform write actions." });
  t.match(fault.cause, /^403:.* Application cannot perform write actions\.$/);
});

t.test("of a redirect only the origin is told", async (t) => {
  const { fault } = judge(evidence({ status: 302, headers: { location: "https://portal.example/login?token=abc" } }));
  t.match(fault.cause, "https://portal.example");
  t.notMatch(JSON.stringify(fault), "abc");
});

t.test("no page, no control character and no endless text comes into a fault", async (t) => {
  t.notMatch(judge(evidence({ status: 502, text: "<html><b>x</b></html>" })).fault.cause, "<");
  const { cause } = judge(evidence({ status: 401, text: `a\u0000b\r\n${"c".repeat(100_000)}` })).fault;
  t.match(cause, / a b$/, "cut between words");
  t.ok(cause.length < 1000);
});

t.test("a 401 is worth a second try only when the clock explains it", async (t) => {
  t.ok(isClockRefusal(answer({ status: 401, body: v1(135) }), 60));
  t.ok(isClockRefusal(answer({ status: 401, headers: skewed(61) }), 60));
  t.notOk(isClockRefusal(answer({ status: 401, headers: skewed(59) }), 60));
  t.notOk(isClockRefusal(answer({ status: 403, headers: skewed(3600) }), 60));
});

t.test("the key is asked about only after a 401 that explains nothing", async (t) => {
  t.ok(isUnexplained(evidence(OLD_401)));
  t.ok(isUnexplained(evidence({ status: 401, body: v1(32) })));
  t.notOk(isUnexplained(evidence({ status: 401, body: v1(89) })));
  t.notOk(isUnexplained(evidence({ status: 401, body: v1(135) })));
  t.notOk(isUnexplained(evidence({ status: 401, body: UNAUTHORIZED }, { key: "accepted" })));
  t.notOk(isUnexplained(evidence({ status: 400, body: v1(215) })));
});
