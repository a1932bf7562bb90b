import t from "tap";
import { admitLog } from "../../src/host/log-cap.ts";

t.test("so many lines pass in a second, and the first after it tells how many were dropped", (t) => {
  let now = 5_000;
  const admit = admitLog(() => now, 3);
  const many = (count: number) => Array.from({ length: count }, admit);
  t.strictSame(many(5), [{ dropped: 0 }, { dropped: 0 }, { dropped: 0 }, "dropped", "dropped"]);
  now = 5_999;
  t.equal(admit(), "dropped", "the second is not over");
  now = 6_000;
  t.strictSame(many(2), [{ dropped: 3 }, { dropped: 0 }], "each is counted once");
  now = 60_000;
  t.strictSame(many(4), [{ dropped: 0 }, { dropped: 0 }, { dropped: 0 }, "dropped"]);
  t.end();
});

t.test("without a limit of its own a plug-in may write 200 lines a second", (t) => {
  const admit = admitLog(() => 0);
  t.equal(Array.from({ length: 1_000 }, admit).filter((answer) => answer !== "dropped").length, 200);
  t.end();
});
