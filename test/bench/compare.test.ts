import t from "tap";
import type { Figure } from "../../bench/bench.ts";
import { compare, median, percentile } from "../../bench/compare.ts";

const P99: Figure = {
  name: "p99",
  unit: "ms",
  of: { side: "beside", value: "p99" },
  against: { side: "without", value: "p99" },
  goal: { atMost: 1.3 },
};
const turn = (without: number, beside: number) => ({ without: { p99: without }, beside: { p99: beside } });

t.test("turns are compared one by one, so that a machine that slows down changes nothing", (t) => {
  const compared = compare(P99, [turn(1, 1.2), turn(10, 12), turn(100, 125)]);
  t.match(compared, {
    ratio: { median: 1.2, min: 1.2, max: 1.25 },
    reached: true,
    goal: "≤ 1.3",
    of: "12 ms (beside)",
    against: "10 ms (without)",
  });
  t.end();
});

t.test("a goal may be a bound from above or from below; a figure that is missing reaches none", (t) => {
  t.equal(compare(P99, [turn(1, 2)]).reached, false);
  t.equal(compare({ ...P99, goal: { atLeast: 1.3 } }, [turn(1, 2)]).reached, true);
  t.equal(compare({ ...P99, of: { side: "other", value: "p99" } }, [turn(1, 1)]).reached, false);
  const { goal: _, ...noGoal } = P99;
  t.equal(compare(noGoal, [turn(1, 1)]).reached, undefined);
  t.end();
});

t.test("two values of one side can be compared", (t) => {
  const figure: Figure = { name: "x", unit: "times", of: { side: "a", value: "fsyncs" }, against: { side: "a", value: "commits" } };
  t.match(compare(figure, [{ a: { fsyncs: 6, commits: 3 } }]), { ratio: { median: 2 }, goal: "" });
  t.end();
});

t.test("the median of an even count lies between the middle two; a percentile is one of the numbers", (t) => {
  t.same([median([3, 1, 2]), median([4, 1, 3, 2])], [2, 2.5]);
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  t.same([percentile(hundred, 50), percentile(hundred, 99), percentile([7], 99)], [50, 99, 7]);
  t.end();
});
