import t from "tap";
import { judgeOrder } from "../judge.ts";
import { openTimeStage } from "./stage.ts";

const NOTICES = 12;

/** The clocks of Germany go back from 03:00 to 02:00 at 01:00 UTC, and forward from 02:00 to 03:00. */
for (const change of ["2026-10-25T01:00:00Z", "2027-03-28T01:00:00Z"]) {
  t.test(`posts go on over the change of the clocks at ${change}`, async (t) => {
    const offsetAt = (secondsBefore: number) => (Date.parse(change) - Date.now()) / 1000 - secondsBefore;
    const stage = await openTimeStage(t, { offsetSeconds: offsetAt(60), environment: { TZ: "Europe/Berlin" } });
    const refusedBefore = await stage.refused();
    stage.clock.set(offsetAt(1));
    const passed = performance.now() + 2_500;
    let accepted = 0;
    // Some before, one after the other over the change, some after it.
    while (accepted < NOTICES || performance.now() < passed) {
      await stage.yard.notify({ text: `Notice ${accepted}`, functionalUser: "ITSM_Notify", waitSeconds: 0.5 });
      accepted += 1;
    }
    const deliveries = await stage.yard.drained();
    t.same(judgeOrder(deliveries, await stage.yard.posts()), []);
    t.equal(deliveries.length, accepted);
    t.ok((await stage.refused()) - refusedBefore <= 1, "a minute's jump is within X's tolerance, or costs one request");
  });
}
