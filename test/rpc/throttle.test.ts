import t from "tap";
import { openThrottle } from "../../src/rpc/throttle.ts";

const HOME = "192.0.2.1";

function open() {
  const clock = { now: 0 };
  const throttle = openThrottle(() => clock.now);
  const fail = (times: number, name: string, network = HOME) => {
    for (let n = 0; n < times; n += 1) throttle.charge(network, name);
  };
  return { clock, throttle, fail };
}

t.test("made-up names don't push out what their network failed with", async (t) => {
  const { throttle, fail } = open();
  fail(6, "admin");
  t.equal(throttle.waitSeconds(HOME, "admin"), 2);
  for (let n = 0; n < 30_000; n += 1) throttle.charge(HOME, `made up ${n}`);
  t.equal(throttle.waitSeconds(HOME, "admin"), 2);
});

t.test("names beyond the bound wait together, and only in their network", async (t) => {
  const { clock, throttle, fail } = open();
  for (let n = 0; n < 40; n += 1) throttle.charge(HOME, `made up ${n}`);
  t.equal(throttle.waitSeconds(HOME, "made up 3"), 0, "it has a count of its own");
  t.equal(throttle.waitSeconds(HOME, "one more"), 300);
  t.equal(throttle.waitSeconds("198.51.100.9", "one more"), 0);
  throttle.clear(HOME, "made up 39");
  t.equal(throttle.waitSeconds(HOME, "one more"), 300, "one right password says nothing of the others");
  clock.now += 900_000;
  fail(1, "one more");
  t.equal(throttle.waitSeconds(HOME, "one more"), 0, "all is forgotten after a quarter of an hour");
});

t.test("a name is forgotten everywhere, and the others are not", async (t) => {
  const { throttle, fail } = open();
  for (const network of [HOME, "198.51.100.9"]) for (const name of ["ops", "admin"]) fail(6, name, network);
  throttle.forget(["ops"]);
  for (const network of [HOME, "198.51.100.9"]) {
    t.equal(throttle.waitSeconds(network, "ops"), 0);
    t.equal(throttle.waitSeconds(network, "admin"), 2);
  }
});

t.test("a network of which nobody has heard for longest goes first", async (t) => {
  const { throttle, fail } = open();
  fail(6, "admin", "first");
  fail(6, "admin", "second");
  for (let n = 0; n < 9_998; n += 1) throttle.charge(`network ${n}`, "admin");
  throttle.charge("first", "other");
  throttle.charge("one more", "admin");
  t.equal(throttle.waitSeconds("first", "admin"), 2);
  t.equal(throttle.waitSeconds("second", "admin"), 0);
});
