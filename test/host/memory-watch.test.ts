import t, { type Test } from "tap";
import { watchMemory } from "../../src/host/memory-watch.ts";
import { handTime } from "./hand-time.ts";

const MB = 1024 * 1024;

/** A worker that holds what it is told to, bounded at 100 MB. */
function open(t: Test) {
  const time = handTime();
  const worker = { heap: 0, buffers: 0, asked: 0, over: undefined as number | undefined };
  const statistics = async () => ({ used_heap_size: worker.heap * MB, external_memory: worker.buffers * MB });
  const watch = watchMemory({ getHeapStatistics: statistics }, time, 100, {
    collect: () => {
      worker.asked += 1;
    },
    over: (heldMb) => {
      worker.over = heldMb;
    },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  t.teardown(() => watch.stop());
  return {
    worker,
    time,
    /** The next look; answers how long it was until then. */
    async look() {
      const waited = time.next();
      await settle();
      return waited;
    },
    async collected() {
      watch.collected();
      await settle();
    },
  };
}

t.test("it is looked at more often while it holds more than half", async (t) => {
  const { worker, look } = open(t);
  worker.heap = 51;
  t.equal(await look(), 250);
  t.equal(await look(), 50);
  worker.heap = 10;
  t.equal(await look(), 50);
  t.equal(await look(), 250);
});

t.test("beyond half it is asked once to collect; what it then still holds counts, heap and buffers together", async (t) => {
  const { worker, look, collected } = open(t);
  worker.heap = 60;
  worker.buffers = 50;
  await look();
  await look();
  t.same([worker.asked, worker.over], [1, undefined], "garbage is no offence");
  worker.heap = 40;
  await collected();
  t.equal(worker.over, undefined);
  worker.heap = 51;
  await look();
  t.equal(worker.asked, 2, "since 100 is passed again");
  await collected();
  t.equal(worker.over, 101);
});

t.test("beyond twice its bound there is no waiting for a collection, nor a second end", async (t) => {
  const { worker, time, look, collected } = open(t);
  worker.buffers = 201;
  await look();
  t.equal(worker.over, 201);
  worker.over = undefined;
  await collected();
  t.same([worker.over, time.timers()], [undefined, []]);
});
