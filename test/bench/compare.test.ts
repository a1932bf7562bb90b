import t from "tap";
import type { Figure } from "../../bench/bench.ts";
import { compare, median, percentile } from "../../bench/compare.ts";

const P99: Figure = { name: "p99", unit: "ms", goal: { atMost: 1.3 } };
const turn = (baseline: number, measured: number) => ({ baseline: { p99: baseline }, measured: { p99: measured } });

t.test("pairs are compared with each other, so that a machine that slows down changes nothing", (t) => {
  const compared = compare(P99, [turn(1, 1.2), turn(10, 12), turn(100, 125)]);
  t.match(compared, {
    ratio: { median: 1.2, min: 1.2, max: 1.25 },
    reached: true,
    goal: "≤ 1.3",
    baseline: "10.0 ms",
    measured: "12.0 ms",
  });
  t.end();
});

t.test("a goal may be a bound from above or from below; a figure that is missing reaches none", (t) => {
  t.equal(compare(P99, [turn(1, 2)]).reached, false);
  t.equal(compare({ ...P99, goal: { atLeast: 1.3 } }, [turn(1, 2)]).reached, true);
  t.equal(compare({ ...P99, name: "other" }, [turn(1, 1)]).reached, false);
  t.end();
});

t.test("the median of an even count lies between the middle two; a percentile is one of the numbers", (t) => {
  t.same([median([3, 1, 2]), median([4, 1, 3, 2])], [2, 2.5]);
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  t.same([percentile(hundred, 50), percentile(hundred, 99), percentile([7], 99)], [50, 99, 7]);
  t.end();
});
