import t from "tap";
import { LiveCount } from "../../src/store/postgres-live-count.ts";
import type { PutRequest } from "../../src/store/store.ts";

/** A database that has so many live deliveries, and remembers how often it was asked. */
function database(live: number) {
  const counted = { live, times: 0 };
  const query = async () => {
    counted.times += 1;
    return [{ live: counted.live }] as never[];
  };
  return { counted, query };
}
const call = (maxQueued: number, deliveries = 1): PutRequest => ({
  deliveries: Array(deliveries).fill({}),
  repeatSince: 0,
  maxQueued,
});

t.test("far from the bound, what this host adds is counted by itself", async (t) => {
  const { counted, query } = database(100);
  const count = new LiveCount(() => 0);
  t.equal(await count.whereFar(query, [call(100_000)]), 100);
  count.add(50);
  t.equal(await count.whereFar(query, [call(100_000)]), 150);
  t.equal(counted.times, 1);
});

t.test("near the bound no count of before will do", async (t) => {
  const { counted, query } = database(95);
  const count = new LiveCount(() => 0);
  t.equal(await count.whereFar(query, [call(100)]), undefined);
  for (const live of [95, 99, 100]) {
    counted.live = live;
    t.equal(await count.count(query), live);
    t.equal(await count.whereFar(query, [call(100)]), undefined);
  }
  t.equal(counted.times, 4);
});

t.test("a count is made anew after a second, for what others have added or delivered meanwhile", async (t) => {
  let now = 0;
  const { counted, query } = database(100);
  const count = new LiveCount(() => now);
  await count.whereFar(query, [call(100_000)]);
  counted.live = 7_000;
  now = 1_001;
  t.equal(await count.whereFar(query, [call(100_000)]), 7_000);
});

t.test("one large broadcast, or the room of a sixteenth used up, is near", async (t) => {
  const { query } = database(0);
  const count = new LiveCount(() => 0);
  t.equal(await count.whereFar(query, [call(16_000)]), 0);
  t.equal(await count.whereFar(query, [call(16_000, 1_001)]), undefined);
  count.add(1_000);
  t.equal(await count.whereFar(query, [call(16_000)]), undefined);
  await count.count(query);
  t.equal(await count.whereFar(query, [call(16_000)]), 0, "and far again when a count found the room");
});

t.test("a bound that was lowered meanwhile is not far any more", async (t) => {
  const { query } = database(500);
  const count = new LiveCount(() => 0);
  t.equal(await count.whereFar(query, [call(100_000)]), 500);
  t.equal(await count.whereFar(query, [call(500)]), undefined);
});
