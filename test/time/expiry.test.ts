import t from "tap";
import type { Delivery } from "../../src/shapes.ts";
import { openTimeStage } from "./stage.ts";

const DAY = 86_400;
const ACCOUNT = "ITSM_Notify";

/** The sweep that expires comes once a second; the rest is for a busy machine. */
const SLACK_MS = 5_000;

for (const jumps of [[], [DAY, -DAY, 2 * DAY], [-DAY, -2 * DAY]]) {
  t.test(`5 s to live are 5 true seconds, whatever jumps the clock makes (${jumps.join(", ") || "none"})`, async (t) => {
    const stage = await openTimeStage(t, { offsetSeconds: jumps.length > 0 ? 3600 : 0 });
    await stage.yard.call("lanes.pause", { accountName: ACCOUNT });
    const begun = performance.now();
    const [accepted] = await stage.yard.notify({ text: "Short-lived", functionalUser: ACCOUNT, ttlSeconds: 5 });
    let delivery = accepted as Delivery;
    for (const offsetSeconds of jumps) {
      stage.clock.set(offsetSeconds);
      delivery = await stage.yard.call<Delivery>("deliveries.get", { id: delivery.id, waitSeconds: 1 });
      t.equal(delivery.state, "queued", `still there after a jump to ${offsetSeconds} s`);
    }
    delivery = await stage.yard.call<Delivery>("deliveries.get", { id: delivery.id, waitSeconds: 30 });
    const tookMs = performance.now() - begun;
    t.equal(delivery.state, "expired");
    t.ok(tookMs >= 4_900 && tookMs < 5_000 + SLACK_MS, `after ${Math.round(tookMs)} ms`);
    t.same(await stage.yard.posts(), []);
  });
}
