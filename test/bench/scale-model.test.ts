import t from "tap";
import { broadcastTo, type Costs, X } from "../../bench/scale-model.ts";
import { pictureOf } from "../../bench/scale-picture.ts";

const COSTS: Costs = { accepts: 5_000, deliveries: 2_000, takes: 2_000, heartbeatMs: 10, broadcastMs: 50, hostPosts: 500 };

t.test("a few accounts wait for X, more for the host, and with enough hosts for the database", (t) => {
  t.match(broadcastTo(10, 1, COSTS), { bound: "X's answer", acceptSeconds: 0.0005 });
  t.ok(broadcastTo(10, 1, COSTS).seconds >= X.answerMs / 1000);
  t.equal(broadcastTo(1_000, 1, COSTS).bound, "hosts");
  t.equal(broadcastTo(1_000, 1, COSTS).seconds, 0.05 + 2);
  t.equal(broadcastTo(1_000, 3, COSTS).bound, "database");
  t.equal(broadcastTo(1_000, 10, COSTS).seconds, broadcastTo(1_000, 3, COSTS).seconds, "where more hosts change nothing");
  t.end();
});

t.test("X allows an app so many posts a day, however many hosts there are", (t) => {
  t.equal(broadcastTo(1_000, 10, COSTS).aDay, 10);
  t.equal(broadcastTo(20_000, 10, COSTS).aDay, 0.5);
  t.end();
});

t.test("the picture has a line for each number of hosts and stays inside its frame", (t) => {
  const svg = pictureOf(COSTS);
  for (const words of ["1 host<", "3 and 10 hosts<", "posts of an app a day"]) t.match(svg, words);
  t.match(pictureOf({ ...COSTS, takes: 1e6, deliveries: 1e6 }), "10 hosts<", "names that do not end together stand apart");
  const numbers = [...svg.matchAll(/([\d.-]+),([\d.-]+)/g)].map(([, left, top]) => [Number(left), Number(top)] as const);
  t.ok(numbers.length > 300);
  t.ok(numbers.every(([left, top]) => left >= 0 && left <= 720 && top >= 0 && top <= 400));
  t.end();
});
