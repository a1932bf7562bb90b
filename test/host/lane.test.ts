import t from "tap";
import { hostFault } from "../../src/ar.ts";
import type { Verdict } from "../../src/contract.ts";
import { PACE } from "../../src/host/back-off.ts";
import { type Store, StoreUnavailable } from "../../src/store/store.ts";
import { handTime } from "./hand-time.ts";
import { BUSY, openLaneStage, type Script } from "./lane-stage.ts";
import { DAY_MS } from "./stored.ts";

const RETRY: Verdict = { verdict: "retry", fault: BUSY };
const DOUBT: Verdict = { verdict: "in-doubt", fault: { reason: "in-doubt", cause: "cut" } };
const LIMIT: Verdict = { verdict: "retry", fault: { reason: "limit", cause: "429" }, waitMs: 900_000 };
const HOUR_MS = 3_600_000;

t.test("deliveries go in order of acceptance, their posts one after the other", async (t) => {
  const stage = await openLaneStage(t);
  for (const text of ["a", "b|c|d", "e"]) await stage.put(text);
  await stage.poke();
  t.strictSame(stage.sent(), ["a", "b", "c", "d", "e"]);
  t.match(await stage.state("d2"), { state: "delivered", attempts: 3, posts: [{ id: "102" }, { id: "103" }, { id: "104" }] });
  t.strictSame(stage.time.timers(), [], "a lane without anything to do sets no timer");
});

t.test("pokes while the lane works send nothing twice", async (t) => {
  const answer = Promise.withResolvers<Verdict>();
  const stage = await openLaneStage(t, { deliver: [answer.promise] });
  await stage.put("a");
  for (let count = 0; count < 5; count += 1) stage.lanes.poke("example:7");
  while (stage.count("deliver") === 0) await new Promise(setImmediate);
  stage.lanes.poke("example:7");
  await stage.put("b");
  answer.resolve({ verdict: "delivered", id: "1" });
  await stage.settled();
  t.strictSame(stage.sent(), ["a", "b"], "what came meanwhile goes on its own poke");
});

t.test("a waiting head that has not begun is overtaken by a higher priority, and by nothing else", async (t) => {
  const stage = await openLaneStage(t, { deliver: [RETRY] });
  await stage.put("head");
  await stage.poke();
  t.match(await stage.state("d1"), { state: "waiting", begun: false });
  await stage.put("same");
  await stage.poke();
  t.strictSame(stage.sent(), ["head"], "its own priority waits behind it");
  await stage.put("urgent", { priority: 0 });
  await stage.poke();
  t.strictSame(stage.sent(), ["head", "urgent"]);
  t.equal(await stage.next(), 2_000, "and the head's wait goes on as it was");
  t.strictSame(stage.sent(), ["head", "urgent", "head", "same"]);
});

t.test("a head that has begun is not overtaken by any priority, and does not expire", async (t) => {
  const stage = await openLaneStage(t, { deliver: [{ verdict: "delivered", id: "1" }, RETRY] });
  await stage.put("one|two", { ttlMs: 1_000 });
  await stage.poke();
  t.match(await stage.state("d1"), { state: "waiting", begun: true, posts: [{ state: "posted" }, { state: "queued" }] });
  await stage.put("urgent", { priority: 0 });
  await stage.poke();
  t.strictSame(stage.sent(), ["one", "two"]);
  t.equal(await stage.next(), 4_000, "the time to live is over by then, and the first attempt at the whole counts");
  t.strictSame(stage.sent(), ["one", "two", "two", "urgent"]);
});

t.test("retries back off to a minute, and there is no last one", async (t) => {
  const stage = await openLaneStage(t, { deliver: Array.from({ length: 9 }, () => RETRY) });
  await stage.put("a");
  await stage.poke();
  const waits = [];
  for (let count = 0; count < 9; count += 1) waits.push(await stage.next());
  t.strictSame(waits, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
  t.match(await stage.state("d1"), { state: "delivered", attempts: 10, lastFault: null });
});

t.test("a failed post ends its delivery, and the lane goes on", async (t) => {
  const stage = await openLaneStage(t, { deliver: [{ verdict: "failed", fault: BUSY }] });
  await stage.put("a|b");
  await stage.put("c");
  await stage.poke();
  t.strictSame(stage.sent(), ["a", "c"]);
  t.match(await stage.state("d1"), { state: "failed", lastFault: BUSY });
});

t.test("a post in doubt that is not found is sent again after two looks, 10 s after its request ended", async (t) => {
  const stage = await openLaneStage(t, { deliver: [DOUBT] });
  await stage.put("a|b");
  await stage.poke();
  const began = stage.time.monotonic();
  await stage.put("later", { priority: 0 });
  await stage.poke();
  while (stage.count("deliver") === 1) await stage.next();
  t.equal(stage.time.monotonic() - began, PACE.lastLookMs);
  t.equal(stage.count("lookUp"), 2);
  t.strictSame(stage.sent(), ["a", "later", "a", "b"], "in doubt it was not overtaken; proven absent it has not begun");
});

t.test("what became of each attempt is told in order", async (t) => {
  const stage = await openLaneStage(t, { deliver: [{ verdict: "delivered", id: "1" }, RETRY, DOUBT] });
  await stage.put("a|b");
  await stage.poke();
  while (stage.time.timers().length > 0) await stage.next();
  const { history, posts } = await stage.state("d1");
  t.strictSame(
    history?.attempts.map(({ index, outcome, fault }) => [index, outcome, fault?.reason]),
    [
      [1, "retry", "busy"],
      [1, "in-doubt", "in-doubt"],
      [1, "absent", undefined],
      [1, "absent", undefined],
      [1, "posted", undefined],
    ],
    "the first post went out at once, and says so itself",
  );
  t.match(posts, [{ state: "posted" }, { state: "posted" }]);
});

t.test("a post in doubt that is found is not sent again", async (t) => {
  const stage = await openLaneStage(t, { deliver: [DOUBT], lookUp: [{ finding: "absent" }, { finding: "found", id: "55", url: "u" }] });
  await stage.put("a|b");
  await stage.poke();
  while (stage.time.timers().length > 0) await stage.next();
  t.strictSame(stage.sent(), ["a", "b"]);
  t.match(await stage.state("d1"), { state: "delivered", attempts: 2, posts: [{ id: "55", url: "u" }, { id: "102" }] });
});

const UNREADABLE = { finding: "unknown", readable: false, fault: BUSY } as const;
const SAME: Verdict = { verdict: "failed", fault: { reason: "same", cause: "duplicate" } };

t.test("where nothing can be looked up, the duplicate refusal of the second sending proves the first", async (t) => {
  const stage = await openLaneStage(t, { deliver: [DOUBT, LIMIT, SAME], lookUp: [UNREADABLE] });
  await stage.put("a", { ttlMs: 5_000 });
  await stage.poke();
  t.equal(await stage.next(), PACE.firstLookMs);
  t.strictSame(stage.sent(), ["a"], "X may still be carrying the first out");
  t.equal(await stage.next(), PACE.lastLookMs - PACE.firstLookMs);
  t.match(await stage.state("d1"), { state: "waiting", begun: true, posts: [{ state: "in-doubt", blind: true }] });
  t.strictSame(
    await stage.store.expire("example", stage.clock.now() + DAY_MS, stage.clock.judge()),
    [],
    "what may stand there is not called expired",
  );
  t.strictSame(await stage.store.cancel(["d1"], stage.clock.now()), [], "nor cancelled");
  t.equal(await stage.next(), 900_000);
  t.strictSame(stage.sent(), ["a", "a", "a"]);
  t.match(await stage.state("d1"), { state: "delivered", posts: [{ state: "posted", id: null }] });
});

t.test("a duplicate refusal proves nothing where the account has another post of that text", async (t) => {
  const stage = await openLaneStage(t, { deliver: [{ verdict: "delivered", id: "1" }, DOUBT, SAME], lookUp: [UNREADABLE] });
  await stage.put("a");
  await stage.put("a");
  await stage.poke();
  await stage.next();
  await stage.next();
  t.match(await stage.state("d2"), { state: "failed" });
});

t.test("an answer that is no verdict leaves the post in doubt; a text that cannot be composed fails", async (t) => {
  const stage = await openLaneStage(t, { deliver: ["nonsense"] });
  await stage.put("a");
  await stage.poke();
  t.match(await stage.state("d1"), { state: "in-doubt", lastFault: { reason: "plugin-error" } });
  for (const compose of [null, {}, { ok: true, value: { posts: [] } }, { ok: true, value: { posts: [{}] } }, { ok: false }]) {
    const odd = await openLaneStage(t, { compose });
    await odd.put("a");
    await odd.poke();
    t.match(await odd.state("d1"), { state: "failed", lastFault: { reason: "plugin-error", cause: /compose/ } }, JSON.stringify(compose));
    t.equal(odd.count("compose"), 1);
  }
});

t.test("a plug-in that is not there is waited for, however long", async (t) => {
  const stage = await openLaneStage(t, { uncomposed: { a: { reason: "init-failed", cause: "not ready" } } });
  await stage.put("a");
  await stage.poke();
  for (let tries = 0; tries < 10; tries += 1) await stage.next();
  t.match(await stage.state("d1"), { state: "waiting", attempts: 0 });
});

t.test("a post that no worker was there to send is not in doubt: it is sent again, and nothing looked up", async (t) => {
  const stage = await openLaneStage(t, { deliver: ["unsent"] });
  await stage.put("a");
  await stage.poke();
  t.match(await stage.state("d1"), { state: "waiting", posts: [{ state: "queued" }], lastFault: { reason: "init-failed" } });
  await stage.next();
  t.match(await stage.state("d1"), { state: "delivered" });
  t.equal(stage.count("lookUp"), 0);
});

t.test("a text that ends its worker each time fails with its third, and the lane goes on", async (t) => {
  const stage = await openLaneStage(t, { uncomposed: { poison: hostFault("worker-ended", "example: the worker ended") } });
  for (const text of ["poison", "fine"]) await stage.put(text);
  await stage.put("poison", { account: "8" });
  await stage.poke();
  t.match(await stage.state("d1"), { state: "waiting", begun: false, attempts: 1, lastFault: { reason: "worker-ended" } });
  t.equal(await stage.next(), 4_000);
  t.equal(await stage.next(), 8_000, "later each time");
  const fault = { reason: "plugin-error", cause: "example: the worker ended (3 times while this text was composed)" };
  t.match(await stage.state("d1"), { state: "failed", attempts: 3, posts: [], lastFault: fault });
  t.match(await stage.state("d2"), { state: "delivered", attempts: 1 });
  await stage.poke("8");
  t.match(await stage.state("d3"), { state: "failed", attempts: 0, lastFault: fault }, "another account need not try it as well");
  t.equal(stage.count("compose"), 4);
  stage.time.pass(60_001);
  await stage.store.retry(["d3"], stage.clock.now(), stage.clock.now() + DAY_MS);
  await stage.poke("8");
  t.match(await stage.state("d3"), { state: "waiting", attempts: 1 }, "whoever retries it later gets a try");
});

t.test("a wait that is no length of time is left out", async (t) => {
  for (const waitMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    const stage = await openLaneStage(t, { deliver: [{ ...RETRY, waitMs }] });
    await stage.put("a", { ttlMs: 31 * DAY_MS });
    await stage.poke();
    t.equal(await stage.next(), waitMs === Number.POSITIVE_INFINITY ? 30 * DAY_MS : 2_000, String(waitMs));
    t.match(await stage.state("d1"), { state: "delivered" });
  }
});

for (const jump of [DAY_MS, -DAY_MS])
  t.test(`a limit is waited out by the monotonic clock while the machine's clock jumps ${jump > 0 ? "ahead" : "back"} a day`, async (t) => {
    const stage = await openLaneStage(t, { deliver: [LIMIT] });
    await stage.put("head", { ttlMs: HOUR_MS });
    await stage.put("behind", { ttlMs: HOUR_MS });
    await stage.poke();
    stage.time.jump(jump);
    await stage.poke();
    t.strictSame(await stage.store.expire("example", stage.clock.now(), stage.clock.judge()), [], "nothing expires");
    let waited = 0;
    while (stage.count("deliver") === 1) waited += (await stage.next()) ?? Number.NaN;
    t.equal(waited, 900_000);
    t.strictSame(stage.sent(), ["head", "head", "behind"]);
  });

t.test("a host that starts a day slow does not expire what it accepted before it learned so", async (t) => {
  const stage = await openLaneStage(t, { deliver: [LIMIT] });
  for (const text of ["a", "b"]) await stage.put(text, { ttlMs: HOUR_MS });
  await stage.poke();
  stage.clock.report(DAY_MS, "Wed, 25 Nov 2026 08:00:00 GMT");
  await stage.put("new", { ttlMs: HOUR_MS });
  while (stage.time.timers().length > 0) await stage.next();
  t.strictSame(stage.sent(), ["a", "a", "b", "new"]);
});

t.test("what expires by the clock that accepted it does expire", async (t) => {
  const stage = await openLaneStage(t, { deliver: [LIMIT] });
  await stage.put("a", { ttlMs: 60_000 });
  await stage.poke();
  stage.clock.report(DAY_MS, "Wed, 25 Nov 2026 08:00:00 GMT");
  await stage.put("new");
  while (stage.time.timers().length > 0) await stage.next();
  t.strictSame(stage.sent(), ["a", "new"]);
  t.match(await stage.store.expire("example", stage.clock.now(), stage.clock.judge()), [{ id: "d1", state: "expired" }]);
});

t.test("after a restart a stored wait is followed for the longest back-off at most", async (t) => {
  const stage = await openLaneStage(t, { deliver: [{ ...RETRY, waitMs: 5 * HOUR_MS }] });
  await stage.put("a", { ttlMs: 9 * DAY_MS });
  await stage.poke();
  await stage.restart(handTime());
  t.equal(await stage.next(), PACE.backOffCapMs);
  t.match(await stage.state("d1"), { state: "delivered" });
});

t.test("after a restart with a clock that went back, too", async (t) => {
  const stage = await openLaneStage(t, { deliver: [RETRY] });
  await stage.put("a");
  await stage.poke();
  const time = handTime();
  time.jump(-3 * DAY_MS);
  await stage.restart(time);
  t.equal(await stage.next(), PACE.backOffCapMs);
  t.match(await stage.state("d1"), { state: "delivered" });
});

t.test("what looks expired after a restart is asked about first: a wrong clock", async (t) => {
  const stage = await openLaneStage(t, { deliver: [RETRY], offsetMs: -2 * DAY_MS, probe: [{ ok: false, fault: BUSY }, "set-clock"] });
  stage.clock.confirm();
  await stage.put("a", { ttlMs: HOUR_MS });
  await stage.poke();
  const time = handTime();
  time.jump(2 * DAY_MS);
  await stage.restart(time);
  t.match(await stage.state("d1"), { state: "waiting", lastFault: { cause: /clock could not be compared/ } });
  t.equal(stage.count("deliver"), 1, "nothing is posted or expired while nobody knows the time");
  while (stage.count("deliver") === 1) await stage.next();
  t.equal(stage.count("probe"), 2);
  t.match(await stage.state("d1"), { state: "delivered" });
});

t.test("what looks expired after a restart is asked about first: a right clock", async (t) => {
  const stage = await openLaneStage(t, { deliver: [RETRY], probe: ["set-clock"] });
  stage.clock.confirm();
  await stage.put("a", { ttlMs: HOUR_MS });
  await stage.poke();
  const time = handTime();
  time.jump(DAY_MS);
  await stage.restart(time);
  t.strictSame([stage.count("probe"), stage.count("deliver")], [1, 1]);
  t.match(await stage.store.expire("example", stage.clock.now(), stage.clock.judge()), [{ id: "d1", state: "expired" }]);
});

t.test("what a host accepted that never learned how slow its clock was is not expired by the next one", async (t) => {
  const stage = await openLaneStage(t, { deliver: [RETRY] });
  await stage.put("a", { ttlMs: HOUR_MS });
  await stage.poke();
  const time = handTime();
  time.jump(2 * DAY_MS);
  await stage.restart(time);
  stage.clock.report(0, "Thu, 26 Nov 2026 08:00:00 GMT");
  t.strictSame(await stage.store.expire("example", stage.clock.now(), stage.clock.judge()), []);
  while (stage.time.timers().length > 0) await stage.next();
  t.match(await stage.state("d1"), { state: "delivered", datedBy: null, expiresAt: stage.clock.now() + HOUR_MS });
});

t.test("a post that had begun when the host ended is looked up, not sent", async (t) => {
  const stage = await openLaneStage(t, { lookUp: [{ finding: "found", id: "77" }] });
  const id = await stage.put("a");
  const [at, posts] = [stage.clock.now(), [{ index: 0, state: "begun" as const, begunAt: stage.clock.now() }]];
  await stage.store.settle({ deliveryId: id, at, compose: [{ text: "a", reply: false }], posts, state: "sending", nextAttemptAt: null });
  await stage.restart(handTime());
  t.strictSame(stage.sent(), []);
  t.match(await stage.state(id), { state: "delivered", posts: [{ id: "77" }] });
});

/** A store whose disk is full for so many writes of a verdict. */
const refusing = (times: number) => (store: Store) => {
  let left = times;
  return new Proxy(store, {
    get: (target, name) =>
      name !== "advance"
        ? Reflect.get(target, name)
        : (...[step, ahead, lease]: Parameters<Store["advance"]>) => {
            const isVerdict = step.posts?.some(({ state }) => state === "posted");
            if (!isVerdict || left === 0) return target.advance(step, ahead, lease);
            left -= 1;
            return Promise.reject(new StoreUnavailable("disk full", { cause: new Error("SQLITE_FULL"), mayPass: true }));
          },
  });
};

t.test("a verdict that cannot be stored is stored as soon as it can, and nothing is sent meanwhile", async (t) => {
  const stage = await openLaneStage(t, {}, refusing(2));
  await stage.put("a|b");
  await stage.poke();
  t.strictSame(stage.sent(), ["a"]);
  t.strictSame([await stage.next(), stage.sent()], [1_000, ["a"]]);
  t.strictSame([await stage.next(), stage.sent()], [1_000, ["a", "b"]]);
  t.equal(stage.log.filter((line) => line === "error store cannot be written").length, 2);
  t.match(await stage.state("d1"), { state: "delivered", attempts: 2 });
});

t.test("a stop lets the post in flight end and be stored, and begins no other", async (t) => {
  const answer = Promise.withResolvers<Verdict>();
  const stage = await openLaneStage(t, { deliver: [answer.promise] });
  await stage.put("a");
  await stage.put("b");
  stage.lanes.poke("example:7");
  while (stage.count("deliver") === 0) await new Promise(setImmediate);
  let stopped = false;
  const stopping = stage.lanes.stop().then(() => {
    stopped = true;
  });
  for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
  t.notOk(stopped);
  answer.resolve({ verdict: "delivered", id: "1" });
  await stopping;
  t.match(await stage.state("d1"), { state: "delivered" });
  stage.lanes.poke("example:7");
  await stage.settled();
  t.strictSame(stage.sent(), ["a"]);
  t.strictSame(stage.time.timers(), []);
});

t.test("a paused lane finishes what is in flight, then waits for its operator", async (t) => {
  const stage = await openLaneStage(t);
  await stage.lanes.setPaused("@account7", true);
  await stage.put("a");
  await stage.poke();
  t.strictSame([stage.sent(), stage.time.timers()], [[], []]);
  t.match(await stage.lanes.setPaused("Account7", false), { ok: true, value: { paused: false, accountId: "7" } });
  await stage.settled();
  t.strictSame(stage.sent(), ["a"]);
  t.match(await stage.lanes.setPaused("Nobody", true), { ok: false, fault: { reason: "not-found" } });
});

/** As in a group: a lease must be prolonged, and is given back. */
const leased = (store: Store): Store =>
  new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === "leaseMs") return 600_000;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

t.test("a lane whose plug-in has failed on this host is left to the others of its group", async (t) => {
  const script: Script = {};
  const stage = await openLaneStage(t, script, leased);
  await stage.put("One.");
  await stage.poke();
  t.strictSame(stage.sent(), ["One."]);
  t.strictSame(await stage.store.unheldLanes(), []);
  script.failed = true;
  await stage.put("Two.");
  await stage.poke();
  t.strictSame(stage.sent(), ["One."]);
  await stage.next();
  t.strictSame(await stage.store.unheldLanes(), ["example:7"], "it was given back");
  script.failed = false;
  await stage.poke();
  t.strictSame(stage.sent(), ["One.", "Two."]);
});
