import { setTimeout as pause } from "node:timers/promises";
import t from "tap";
import { openLoad } from "../../bench/open-load.ts";

t.test("calls leave although earlier ones are not answered, and who fell into a stall is charged with it", async (t) => {
  let inFlight = 0;
  let most = 0;
  const stall = pause(300);
  const { latenciesMs, failures } = await openLoad(100, 0.2, async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await stall;
    inFlight -= 1;
  });
  t.same([latenciesMs.length, failures], [20, []]);
  t.ok(most > 10, `${most} at once`);
  t.ok(Math.max(...latenciesMs) > Math.min(...latenciesMs) + 100, "the first waited longer than the last");
});

t.test("what fails is counted apart", async (t) => {
  const loaded = await openLoad(1_000, 0.01, async (index) => {
    if (index % 2 === 0) throw new Error("refused");
  });
  t.same([loaded.latenciesMs.length, loaded.failures], [5, ["refused", "refused", "refused", "refused", "refused"]]);
});
