import t from "tap";
import { ATTEMPTS_KEPT } from "../../src/shapes.ts";
import { applyStep } from "../../src/store/apply-step.ts";
import type { Settlement, StoredDelivery } from "../../src/store/store.ts";
import { NOW, storedDelivery, storedPost } from "../host/stored.ts";

const sending = storedDelivery({ state: "sending", begun: true, posts: [storedPost({ state: "begun" })] });
const fault = { reason: "busy", cause: "503" };
const tries = (outcome: "posted" | "retry", at = NOW): Settlement => ({
  deliveryId: "d1",
  at,
  state: outcome === "posted" ? "delivered" : "waiting",
  nextAttemptAt: outcome === "posted" ? null : at + 2_000,
  tried: { index: 0, outcome, ...(outcome === "retry" && { fault }) },
});

t.test("a post that goes out at its first try has no history", (t) => {
  t.equal(applyStep(sending, tries("posted")).history, null);
  t.equal(
    applyStep(sending, { deliveryId: "d1", at: NOW, state: "waiting", nextAttemptAt: NOW }).history,
    null,
    "nor has one that was not tried",
  );
  t.end();
});

t.test("from the first trouble on each attempt is kept, the good one too", (t) => {
  const after = applyStep(applyStep(sending, tries("retry")), tries("posted", NOW + 2_000));
  t.strictSame(after.history, {
    attempts: [
      { at: NOW, index: 0, outcome: "retry", fault, nextAttemptAt: NOW + 2_000 },
      { at: NOW + 2_000, index: 0, outcome: "posted", fault: null, nextAttemptAt: null },
    ],
    leftOut: 0,
  });
  t.end();
});

t.test("of many attempts the first and the last are kept, and the others counted", (t) => {
  const { first, last } = ATTEMPTS_KEPT;
  let delivery: StoredDelivery = sending;
  for (let count = 0; count < first + last + 7; count += 1) delivery = applyStep(delivery, tries("retry", count));
  const { attempts, leftOut } = delivery.history ?? { attempts: [], leftOut: 0 };
  t.equal(leftOut, 7);
  t.strictSame(
    attempts.map(({ at }) => at),
    Array.from({ length: first + last }, (_, place) => (place < first ? place : place + 7)),
  );
  t.end();
});

t.test("what a step leaves alone stays the same", (t) => {
  const two = { ...sending, posts: [storedPost(), storedPost({ index: 1, state: "begun" })] };
  const after = applyStep(two, { ...tries("retry"), posts: [{ index: 1, state: "queued" }] });
  t.equal(after.posts[0], two.posts[0]);
  t.match(after.posts[1], { state: "queued" });
  t.end();
});
