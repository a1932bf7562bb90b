import t from "tap";
import { hasEnded, Waiting } from "../../src/host/waiting.ts";
import { DELIVERY_STATES } from "../../src/shapes.ts";
import { handTime } from "./hand-time.ts";
import { storedDelivery } from "./stored.ts";

/** Whether a promise has been kept, once all that was ready has run. */
async function isOver(ended: Promise<void>): Promise<boolean> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  return over;
}

t.test("a wait ends with its delivery, and with no other", async (t) => {
  const time = handTime();
  const waiting = new Waiting(time);
  const [one, same, other] = [waiting.until("d1", 300), waiting.until("d1", 300), waiting.until("d2", 300)];
  for (const state of DELIVERY_STATES) if (!hasEnded(storedDelivery({ state }))) waiting.tell(storedDelivery({ id: "d1", state }));
  t.equal(await isOver(one.ended), false, "a delivery that goes on is still waited for");
  waiting.tell(storedDelivery({ id: "d1", state: "failed" }));
  t.strictSame([await isOver(one.ended), await isOver(same.ended), await isOver(other.ended)], [true, true, false]);
  t.equal(time.timers().length, 1, "and its timer is gone");
});

t.test("a wait ends when its time is over", async (t) => {
  const time = handTime();
  const { ended } = new Waiting(time).until("d1", 2.5);
  t.equal(await isOver(ended), false);
  t.equal(time.next(), 2_500);
  t.equal(await isOver(ended), true);
});

t.test("who has read the end himself cancels his wait", async (t) => {
  const time = handTime();
  const waiting = new Waiting(time);
  const { ended, cancel } = waiting.until("d1", 300);
  cancel();
  cancel();
  t.equal(await isOver(ended), true);
  t.strictSame(time.timers(), []);
  waiting.tell(storedDelivery({ state: "delivered" }));
});

t.test("a host that goes down lets everybody go", async (t) => {
  const time = handTime();
  const waiting = new Waiting(time);
  const waits = ["d1", "d1", "d2"].map((id) => waiting.until(id, 300));
  waiting.release();
  for (const { ended } of waits) t.equal(await isOver(ended), true);
  t.strictSame(time.timers(), []);
});
