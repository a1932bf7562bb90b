import fc from "fast-check";
import t from "tap";
import type { Fault } from "../../src/ar.ts";
import type { Finding, ServiceFaultRow, Verdict } from "../../src/contract.ts";
import { PACE } from "../../src/host/back-off.ts";
import { type Case, type Consequence, consequenceOf, consequenceOfLook, delivered, isBlind } from "../../src/host/consequence.ts";
import type { StoredPost } from "../../src/store/store.ts";
import { NOW, storedDelivery, storedPost } from "./stored.ts";

const FAULT: Fault = { reason: "busy", cause: "503:busy" };
const ROW: ServiceFaultRow = { text: "Busy.", advice: "Wait.", retryable: true, verdict: "retry" };

/** Post `index` of `count` is in hand: those before it are posted, those after it queued. */
function caseOf({
  index = 0,
  count = 1,
  row = ROW as ServiceFaultRow | undefined,
  post = {} as Partial<StoredPost>,
  attempts = 0,
} = {}): Case {
  const inHand = storedPost({ index, state: "begun", begunAt: NOW - 500, ...post });
  const posts = Array.from({ length: count }, (_, other) =>
    other === index ? inHand : storedPost({ index: other, ...(other < index && { state: "posted", id: `${other}` }) }),
  );
  return {
    delivery: storedDelivery({ posts, state: "sending", begun: true, attempts }),
    post: inHand,
    now: NOW,
    pace: PACE,
    random: () => 1,
    doubtAgeMs: 0,
    goesOn: true,
    row: () => row,
  };
}

/** The posts as the store has them after the step. */
const after = ({ delivery }: Case, { step }: Consequence): StoredPost[] =>
  delivery.posts.map((post) => ({ ...post, ...step.posts?.find(({ index }) => index === post.index) }));

const PLACES = [
  { name: "a single post", index: 0, count: 1, last: true },
  { name: "the first of three", index: 0, count: 3, last: false },
  { name: "the middle one", index: 1, count: 3, last: false },
  { name: "the last one", index: 2, count: 3, last: true },
];

for (const { name, index, count, last } of PLACES) {
  t.test(`delivered: ${name}`, (t) => {
    const about = caseOf({ index, count });
    const consequence = consequenceOf({ verdict: "delivered", id: "99", url: "u" }, about);
    const posted = { index, state: "posted", id: "99", url: "u", doubtAt: null, looks: 0 };
    const rest = { deliveryId: "d1", at: NOW, attempts: 1, lastFault: null, nextAttemptAt: null, tried: { index, outcome: "posted" } };
    if (last) t.strictSame(consequence, { step: { ...rest, posts: [posted], state: "delivered" } });
    else
      t.strictSame(consequence, {
        step: { ...rest, posts: [posted, { index: index + 1, state: "begun", begunAt: NOW }], state: "sending" },
      });
    t.end();
  });

  t.test(`delivered with a pause: ${name} holds the lane or key, and begins nothing`, (t) => {
    for (const holds of ["lane", "key"] as const) {
      const pause = { holds, waitMs: 900_000, fault: FAULT };
      const { step, hold } = consequenceOf({ verdict: "delivered", id: "99", pause }, caseOf({ index, count }));
      t.strictSame(hold, { scope: holds, fault: FAULT, waitMs: 900_000, probe: false });
      t.equal(step.posts?.length, 1);
      t.match(step, last ? { state: "delivered", nextAttemptAt: null } : { state: "waiting", nextAttemptAt: NOW + 900_000 });
    }
    t.end();
  });

  t.test(`retry: ${name} is queued again, and waits`, (t) => {
    const { step, hold } = consequenceOf({ verdict: "retry", fault: FAULT }, caseOf({ index, count, attempts: 2 }));
    t.strictSame(step, {
      deliveryId: "d1",
      at: NOW,
      posts: [{ index, state: "queued" }],
      state: "waiting",
      nextAttemptAt: NOW + 8_000,
      attempts: 1,
      lastFault: FAULT,
      tried: { index, outcome: "retry", fault: FAULT },
    });
    t.equal(hold, undefined);
    t.end();
  });

  t.test(`failed: ${name} ends the delivery, and what was posted stays so`, (t) => {
    const about = caseOf({ index, count });
    const consequence = consequenceOf({ verdict: "failed", fault: FAULT }, about);
    const tried = { index, outcome: "failed", fault: FAULT };
    t.match(consequence.step, { state: "failed", nextAttemptAt: null, attempts: 1, lastFault: FAULT, tried });
    t.equal(after(about, consequence).filter(({ state }) => state === "posted").length, index);
    t.equal(after(about, consequence)[index]?.state, "queued");
    t.end();
  });

  t.test(`in doubt: ${name} is looked up before anything is sent`, (t) => {
    t.strictSame(consequenceOf({ verdict: "in-doubt", fault: FAULT }, caseOf({ index, count })).step, {
      deliveryId: "d1",
      at: NOW,
      posts: [{ index, state: "in-doubt", doubtAt: NOW, looks: 0 }],
      state: "in-doubt",
      nextAttemptAt: NOW + PACE.firstLookMs,
      attempts: 1,
      lastFault: FAULT,
      tried: { index, outcome: "in-doubt", fault: FAULT },
    });
    t.end();
  });
}

t.test("how long a retry waits, by its row", (t) => {
  const wait = (row: Partial<ServiceFaultRow>, verdict: Partial<Extract<Verdict, { verdict: "retry" }>> = {}) => {
    const { step, hold } = consequenceOf({ verdict: "retry", fault: FAULT, ...verdict }, caseOf({ row: { ...ROW, ...row } }));
    return [(step.nextAttemptAt ?? 0) - NOW, step.attempts, hold && `${hold.scope}${hold.probe ? " probed" : ""} ${hold.waitMs}`];
  };
  t.strictSame(wait({}), [2_000, 1, undefined]);
  t.strictSame(wait({ pace: "back-off" }), [2_000, 1, undefined]);
  t.strictSame(wait({ pace: "slow" }), [PACE.slowMs, 1, undefined]);
  t.strictSame(wait({ pace: "slow", holds: "key" }), [PACE.slowMs, 1, `key ${PACE.slowMs}`]);
  t.strictSame(wait({ pace: "probe", holds: "lane" }), [PACE.probeMs, 1, `lane probed ${PACE.probeMs}`]);
  t.strictSame(wait({ free: true }), [2_000, 0, undefined], "a rate limit says nothing about the post");
  t.strictSame(wait({ holds: "lane" }, { waitMs: 7, holds: "key" }), [7, 1, "key 7"], "the verdict's own figures win");
  t.strictSame(wait({ pace: "probe", holds: "lane" }, { waitMs: 7 }), [7, 1, "lane 7"], "a wait that is known needs no probe");
  t.strictSame(wait({ pace: "slow" }, { waitMs: 0 }), [0, 1, undefined]);
  t.end();
});

t.test("a reason that no table knows waits with back-off and holds nobody", (t) => {
  const { step, hold } = consequenceOf({ verdict: "retry", fault: FAULT }, { ...caseOf(), row: () => undefined });
  t.match(step, { state: "waiting", nextAttemptAt: NOW + 2_000, attempts: 1 });
  t.equal(hold, undefined);
  t.end();
});

const inDoubt = (post: Partial<StoredPost>, doubtAgeMs: number, place: { index?: number; count?: number } = {}): Case => ({
  ...caseOf({ ...place, post: { state: "in-doubt", doubtAt: NOW - doubtAgeMs, ...post } }),
  doubtAgeMs,
});

t.test("absent needs two looks, the last at least 10 s after the request ended", (t) => {
  const look = (looks: number, age: number) => consequenceOfLook({ finding: "absent" }, inDoubt({ looks }, age)).step;
  t.match(look(0, 1_000), { state: "in-doubt", posts: [{ index: 0, looks: 1 }], nextAttemptAt: NOW + 9_000 });
  t.match(look(0, 3_600_000), { state: "in-doubt", posts: [{ looks: 1 }], nextAttemptAt: NOW + PACE.firstLookMs }, "one look is no proof");
  t.match(look(1, 9_999), { state: "in-doubt", posts: [{ looks: 2 }], nextAttemptAt: NOW + PACE.firstLookMs }, "too early");
  t.strictSame(look(1, 10_000), {
    deliveryId: "d1",
    at: NOW,
    posts: [{ index: 0, state: "queued", doubtAt: null, looks: 2 }],
    state: "waiting",
    nextAttemptAt: NOW,
    tried: { index: 0, outcome: "absent" },
  });
  fc.assert(
    fc.property(fc.nat(20), fc.nat(100_000), (looks, age) => {
      const [change] = look(looks, age).posts ?? [];
      return (change?.state === "queued") === (looks >= 1 && age >= PACE.lastLookMs);
    }),
  );
  t.end();
});

t.test("a post that was found is posted, without a second attempt being counted", (t) => {
  const finding: Finding = { finding: "found", id: "99", url: "u" };
  t.match(consequenceOfLook(finding, inDoubt({ looks: 1 }, 5_000)), {
    step: { state: "delivered", attempts: 0, posts: [{ state: "posted", id: "99", url: "u", doubtAt: null, looks: 0 }], lastFault: null },
  });
  t.match(consequenceOfLook(finding, inDoubt({}, 0)).step.tried, { index: 0, outcome: "found" });
  const more = consequenceOfLook(finding, inDoubt({}, 5_000, { count: 2 }));
  t.match(more, { step: { state: "waiting", attempts: 0, nextAttemptAt: NOW, posts: { length: 1 } } }, "the next begins by its own step");
  t.end();
});

t.test("nothing more begins while the lane is paused, held or stopping", (t) => {
  const consequence = consequenceOf({ verdict: "delivered", id: "1" }, { ...caseOf({ index: 0, count: 3 }), goesOn: false });
  t.match(consequence, { step: { state: "waiting", nextAttemptAt: NOW, posts: [{ state: "posted", id: "1" }] } });
  t.equal(consequence.step.posts?.length, 1);
  t.end();
});

t.test("a look that could not be made is made again, and proves nothing", (t) => {
  const { step } = consequenceOfLook({ finding: "unknown", fault: FAULT, readable: true }, inDoubt({ looks: 1 }, 3_600_000));
  const tried = { index: 0, outcome: "unknown", fault: FAULT };
  const rest = { nextAttemptAt: NOW + 8_000, lastFault: FAULT, tried };
  t.strictSame(step, { deliveryId: "d1", at: NOW, posts: [{ index: 0 }], state: "in-doubt", ...rest });
  t.end();
});

t.test("where the time line cannot be read the post is sent again blindly, and its delivery stays begun", (t) => {
  const about = inDoubt({ looks: 1 }, 5_000);
  const consequence = consequenceOfLook({ finding: "unknown", fault: FAULT, readable: false }, about);
  // The request ended 5 s ago; until 10 s have passed X may still be carrying it out.
  t.match(consequence.step, {
    state: "in-doubt",
    nextAttemptAt: NOW + 5_000,
    lastFault: FAULT,
    posts: [{ blind: true, doubtAt: null, looks: 0 }],
  });
  const [post] = after(about, consequence);
  t.ok(post && isBlind(post));
  t.notOk(isBlind(storedPost({ state: "in-doubt", doubtAt: NOW, blind: true })), "in doubt again, it is looked up again");
  t.notOk(isBlind(storedPost({ state: "queued", blind: true })));
  const retried = caseOf({ post: { blind: true } });
  const [waiting] = after(retried, consequenceOf({ verdict: "retry", fault: FAULT }, retried));
  t.ok(waiting && isBlind(waiting), "a limit on the second sending says nothing about the first");
  t.end();
});

t.test("a duplicate refusal that proves delivery leaves the id unknown", (t) => {
  t.match(delivered(caseOf({ post: { blind: true } }), null), {
    step: { state: "delivered", posts: [{ state: "posted", id: null, url: null }] },
  });
  t.end();
});

const anyVerdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.record({ verdict: fc.constant("delivered" as const), id: fc.string() }),
  fc.record({ verdict: fc.constant("retry" as const), fault: fc.constant(FAULT), waitMs: fc.nat() }),
  fc.record({ verdict: fc.constantFrom("failed" as const, "in-doubt" as const), fault: fc.constant(FAULT) }),
);
const anyFinding: fc.Arbitrary<Finding> = fc.oneof(
  fc.constant<Finding>({ finding: "absent" }),
  fc.constant<Finding>({ finding: "found", id: "9" }),
  fc.record({ finding: fc.constant("unknown" as const), fault: fc.constant(FAULT), readable: fc.boolean() }),
);

t.test("nothing that happens to a delivery takes back what may stand at the service", (t) => {
  const place = fc.integer({ min: 1, max: 4 }).chain((count) => fc.record({ count: fc.constant(count), index: fc.nat(count - 1) }));
  const mayStand = (post: StoredPost) => post.state !== "queued";
  fc.assert(
    fc.property(place, anyVerdict, fc.boolean(), ({ index, count }, verdict, blind) => {
      const about = caseOf({ index, count, post: { blind } });
      const consequence = consequenceOf(verdict, about);
      const posts = after(about, consequence);
      const denied = verdict.verdict === "failed" || (verdict.verdict === "retry" && !blind);
      return (
        consequence.step.state !== "queued" &&
        posts.slice(0, index).every(({ state }) => state === "posted") &&
        posts[index] !== undefined &&
        mayStand(posts[index]) === !denied
      );
    }),
  );
  fc.assert(
    fc.property(place, anyFinding, fc.nat(3), fc.nat(20_000), ({ index, count }, finding, looks, age) => {
      const about = inDoubt({ looks }, age, { index, count });
      const consequence = consequenceOfLook(finding, about);
      const post = after(about, consequence)[index];
      const proven = finding.finding === "absent" && looks >= 1 && age >= PACE.lastLookMs;
      return consequence.step.state !== "queued" && post !== undefined && mayStand(post) === !proven;
    }),
  );
  t.end();
});
