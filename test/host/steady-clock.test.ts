import fc from "fast-check";
import t from "tap";
import { createSteadyClock } from "../../src/host/steady-clock.ts";
import { handTime } from "./hand-time.ts";
import { DAY_MS, NOW } from "./stored.ts";

const HOUR_MS = 3_600_000;
const DATE = "Tue, 24 Nov 2026 08:00:00 GMT";

t.test("a jump of the machine's clock moves nothing", (t) => {
  const days = fc.integer({ min: -DAY_MS, max: DAY_MS });
  fc.assert(
    fc.property(fc.array(fc.tuple(days, fc.nat(HOUR_MS))), (steps) => {
      const time = handTime();
      const clock = createSteadyClock(time);
      let passed = 0;
      return steps.every(([jump, ms]) => {
        time.jump(jump);
        time.pass(ms);
        passed += ms;
        return clock.now() === NOW + passed;
      });
    }),
  );
  t.end();
});

t.test("a measurement sets it right, and later jumps still move nothing", (t) => {
  const time = handTime();
  const clock = createSteadyClock(time);
  t.equal(clock.measurement(), undefined);
  time.jump(-DAY_MS);
  time.pass(500);
  clock.report(DAY_MS + HOUR_MS, DATE);
  t.equal(clock.now(), NOW + HOUR_MS + 500, "the service is an hour ahead of what the host started with");
  t.strictSame(clock.measurement(), { offsetMs: DAY_MS + HOUR_MS, serverDate: DATE, measuredAt: NOW + HOUR_MS + 500 });
  t.equal(clock.wall(), NOW + 500 - DAY_MS, "what the machine says is still to be had");
  time.jump(2 * DAY_MS);
  time.pass(1_000);
  t.equal(clock.now(), NOW + HOUR_MS + 1_500);
  t.end();
});

t.test("differences up to the grain of a Date header are measured but not followed", (t) => {
  const time = handTime();
  const clock = createSteadyClock(time);
  for (const offset of [2_000, -2_000, 1, 0]) {
    clock.report(offset, DATE);
    t.equal(clock.now(), NOW, String(offset));
    t.equal(clock.measurement()?.offsetMs, offset);
  }
  clock.report(2_001, DATE);
  t.equal(clock.now(), NOW + 2_001);
  t.end();
});

t.test("what is no number is no measurement", (t) => {
  const clock = createSteadyClock(handTime());
  for (const offset of [Number.NaN, Number.POSITIVE_INFINITY]) clock.report(offset, DATE);
  t.equal(clock.measurement(), undefined);
  t.equal(clock.now(), NOW);
  t.end();
});

t.test("until a service has said what time it is, a clock judges only what it dated itself", (t) => {
  const time = handTime();
  const clock = createSteadyClock(time, "c1");
  time.pass(HOUR_MS);
  t.strictSame([clock.datedBy(), clock.judge(), clock.confirmed()], ["c1", { by: "c1", since: 0 }, undefined]);
  t.equal(clock.earlier(), undefined);
  clock.report(1_000, DATE);
  t.strictSame([clock.datedBy(), clock.judge(), clock.confirmed()], [null, { by: null, since: 0 }, { id: "c1", shiftMs: 0 }]);
  t.equal(clock.earlier(), clock.now());
  t.end();
});

t.test("what the first measurement corrects is for the store to put right, and nothing has to be allowed for", (t) => {
  for (const offset of [DAY_MS, -DAY_MS]) {
    const clock = createSteadyClock(handTime(), "c1");
    clock.report(offset, DATE);
    t.strictSame(clock.confirmed(), { id: "c1", shiftMs: offset });
    t.strictSame(clock.judge(), { by: null, since: 0 });
    t.equal(clock.earlier(), NOW + offset);
  }
  t.end();
});

t.test("a later correction leaves what was dated before it to the slower clock of then", (t) => {
  const time = handTime();
  const clock = createSteadyClock(time, "c1");
  clock.confirm();
  t.strictSame(clock.confirmed(), { id: "c1", shiftMs: 0 });
  time.pass(60_000);
  clock.report(DAY_MS, DATE);
  t.strictSame(clock.judge(), { by: null, since: NOW + 60_000 + DAY_MS }, "from now on it is right");
  time.pass(1_000);
  t.equal(clock.earlier(), NOW + 61_000, "before, it went on from the wrong start");
  clock.report(DAY_MS + HOUR_MS, DATE);
  t.equal(clock.earlier(), NOW + 61_000, "a second correction is added");
  clock.report(-DAY_MS, DATE);
  t.equal(clock.earlier(), clock.now(), "one that takes both back leaves nothing to allow for");
  t.strictSame(clock.judge(), { by: null, since: 0 });
  t.strictSame(clock.confirmed(), { id: "c1", shiftMs: 0 }, "that of its confirmation");
  t.end();
});
