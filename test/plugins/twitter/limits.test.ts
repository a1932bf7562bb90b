import t from "tap";
import { DEFAULT_WAIT_MS, limitOf, limitsIn, usedUp } from "../../../plugins/twitter/limits.ts";

const DATE = "Wed, 03 Jun 2026 14:30:18 GMT";
const AT = Date.UTC(2026, 5, 3, 14, 30, 18);
// A day off, so that a wait that is measured against this clock would show.
const clock = { now: AT - 24 * 3600_000, random: () => 0 };
const inSeconds = (seconds: number) => String(AT / 1000 + seconds);

t.test("a wait is the reset minus the same answer's Date", async (t) => {
  const headers = { date: DATE, "x-rate-limit-remaining": "0", "x-rate-limit-reset": inSeconds(600) };
  t.same(limitOf(headers, clock), { holds: "lane", waitMs: 600_000 });
});

t.test("jitter is added, at most two seconds", async (t) => {
  const headers = { date: DATE, "x-rate-limit-remaining": "0", "x-rate-limit-reset": inSeconds(600) };
  t.equal(limitOf(headers, { ...clock, random: () => 0.5 }).waitMs, 601_000);
  t.equal(limitOf(headers, { ...clock, random: () => 1 }).waitMs, 602_000);
});

t.test("without a Date the corrected clock stands in", async (t) => {
  const headers = { "x-rate-limit-remaining": "0", "x-rate-limit-reset": inSeconds(600) };
  t.equal(limitOf(headers, { now: AT, random: () => 0 }).waitMs, 600_000);
});

t.test("the account's day holds its lane, the app's day all lanes of the key", async (t) => {
  const user = { date: DATE, "x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": inSeconds(7200) };
  const app = { date: DATE, "x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": inSeconds(10_800) };
  t.same(limitOf(user, clock), { holds: "lane", waitMs: 7_200_000 });
  t.same(limitOf(app, clock), { holds: "key", waitMs: 10_800_000 });
  t.same(limitOf({ ...user, ...app }, clock), { holds: "key", waitMs: 10_800_000 }, "the longer one wins");
});

t.test("a window with requests left is not the one that refused", async (t) => {
  const headers = { date: DATE, "x-rate-limit-remaining": "97", "x-rate-limit-reset": inSeconds(20) };
  t.same(limitOf(headers, clock), { holds: "lane", waitMs: DEFAULT_WAIT_MS });
  const both = { ...headers, "x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": inSeconds(3600) };
  t.equal(limitOf(both, clock).waitMs, 3_600_000);
});

t.test("a 429 without headers waits for one window of X", async (t) => {
  t.same(limitOf({ date: DATE }, clock), { holds: "lane", waitMs: DEFAULT_WAIT_MS });
});

t.test("a reset alone is believed, and so is Retry-After", async (t) => {
  t.equal(limitOf({ date: DATE, "x-rate-limit-reset": inSeconds(30) }, clock).waitMs, 30_000);
  t.equal(limitOf({ date: DATE, "retry-after": "67" }, clock).waitMs, 67_000);
});

t.test("nonsense in a header neither stalls a lane nor floods X", async (t) => {
  const reset = (value: string) => limitOf({ date: DATE, "x-rate-limit-remaining": "0", "x-rate-limit-reset": value }, clock).waitMs;
  t.equal(reset("99999999999"), 24 * 3600_000);
  t.equal(reset(inSeconds(-5)), 0, "a reset that is past lets the next one go");
  for (const value of ["", "soon", "-1", "1e99", "NaN"]) t.equal(reset(value), DEFAULT_WAIT_MS, value);
});

t.test("a success that used the last request up is told, and any other is not", async (t) => {
  const headers = { date: DATE, "x-rate-limit-remaining": "0", "x-rate-limit-reset": inSeconds(600) };
  t.same(usedUp(headers, clock), { holds: "lane", waitMs: 600_000 });
  t.equal(usedUp({ ...headers, "x-rate-limit-remaining": "1" }, clock), undefined);
  t.equal(usedUp({ date: DATE, "x-rate-limit-remaining": "0" }, clock), undefined);
});

t.test("an answer tells what is left of each window that it names, for operators", async (t) => {
  const headers = {
    date: DATE,
    "x-rate-limit-remaining": "17",
    "x-rate-limit-limit": "100",
    "x-rate-limit-reset": inSeconds(600),
    "x-app-limit-24hour-remaining": "0",
    "x-user-limit-24hour-remaining": "many",
  };
  t.same(limitsIn(headers, clock), [
    { name: "posts-15-minutes", scope: "lane", remaining: 17, size: 100, resetsInMs: 600_000 },
    { name: "app-posts-24-hours", scope: "key", remaining: 0 },
  ]);
  t.same(limitsIn({}, clock), []);
});
