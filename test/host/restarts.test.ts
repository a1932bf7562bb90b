import t from "tap";
import { CRASH_LOOP, Restarts } from "../../src/host/restarts.ts";
import { handTime } from "./hand-time.ts";

t.test("each try waits twice as long as the one before", (t) => {
  const time = handTime();
  const restarts = new Restarts(time);
  let tries = 0;
  for (const wait of [200, 400, 800, 1600]) {
    const wall = time.wall();
    t.equal(
      restarts.plan("dead", () => {
        tries += 1;
      }),
      wait,
    );
    t.same([restarts.last, restarts.nextAt], [{ at: wall, cause: "dead" }, wall + wait]);
    t.equal(time.next(), wait);
  }
  t.same([tries, restarts.count, restarts.nextAt], [4, 4, undefined]);
  t.end();
});

t.test("five deaths within a minute are too many, whatever the clock on the wall says; those of workers before count no more", (t) => {
  const time = handTime();
  const restarts = new Restarts(time);
  for (let death = 1; death < CRASH_LOOP.deaths; death += 1) {
    restarts.plan("dead", () => {});
    time.jump(3_600_000);
  }
  t.equal(
    restarts.plan("dead", () => {}),
    "too-many",
  );
  const next = new Restarts(time, restarts);
  t.match(next.last, { cause: "dead" }, "but they are told of");
  t.equal(
    next.plan("dead", () => {}),
    200,
  );
  t.end();
});

t.test("deaths that lie further apart never stop it", (t) => {
  const time = handTime();
  const restarts = new Restarts(time);
  for (let death = 1; death < 100; death += 1) {
    t.not(
      restarts.plan("dead", () => {}),
      "too-many",
    );
    time.pass(15_001);
  }
  t.end();
});

t.test("what is cancelled is not tried", (t) => {
  const time = handTime();
  const restarts = new Restarts(time);
  restarts.plan("dead", () => t.fail("tried"));
  restarts.cancel();
  t.same([time.next(), restarts.nextAt, restarts.count], [undefined, undefined, 0]);
  t.end();
});
