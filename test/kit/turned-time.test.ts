import t from "tap";
import { turnedTime } from "../../src/kit/turned-time.ts";
import { handTime } from "../host/hand-time.ts";

function open() {
  const machine = handTime();
  const time = turnedTime(machine);
  const rung: string[] = [];
  const after = (ms: number, name: string) => time.after(ms, () => void rung.push(name));
  return { machine, time, rung, after };
}

t.test("it flows like the machine's", async (t) => {
  const { machine, time, rung, after } = open();
  const [wall, monotonic] = [time.wall(), time.monotonic()];
  after(100, "soon");
  machine.next();
  t.strictSame(rung, ["soon"]);
  t.strictSame([time.wall() - wall, time.monotonic() - monotonic], [100, 100]);
});

t.test("a turn calls what was due, in its order, once, and moves the rest nearer", async (t) => {
  const { machine, time, rung, after } = open();
  const wall = time.wall();
  after(70_000, "late");
  after(2_000, "second");
  after(1_000, "first");
  time.turn(60_000);
  t.strictSame(rung, ["first", "second"]);
  t.equal(time.wall() - wall, 60_000);
  t.strictSame(machine.timers(), [10_000]);
  machine.next();
  t.strictSame(rung, ["first", "second", "late"]);
  t.strictSame(machine.timers(), []);
});

t.test("what is begun in a turn waits for its own time, and what is cancelled in one is not called", async (t) => {
  const { machine, time, rung, after } = open();
  time.after(1_000, () => {
    cancel();
    after(1_000, "next");
  });
  const cancel = after(2_000, "cancelled");
  time.turn(5_000);
  t.strictSame(rung, []);
  t.strictSame(machine.timers(), [1_000]);
  time.turn(1_000);
  t.strictSame(rung, ["next"]);
});

t.test("a wrong clock makes nothing due, and can be put right", async (t) => {
  const { time, rung, after } = open();
  const [wall, monotonic] = [time.wall(), time.monotonic()];
  after(1_000, "due");
  time.setWrong(-3_600_000);
  t.strictSame([time.wall() - wall, time.monotonic() - monotonic], [-3_600_000, 0]);
  time.setWrong(0);
  t.equal(time.wall(), wall);
  t.strictSame(rung, []);
});

t.test("time is turned forward only", async (t) => {
  const { time } = open();
  for (const ms of [-1, Number.NaN]) t.throws(() => time.turn(ms), /turn it forward/);
});
