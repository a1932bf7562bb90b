import t from "tap";
import { CRASH_LOOP } from "../../src/host/restarts.ts";
import type { Registration } from "../../src/shapes.ts";
import { fixture, openBeside, ready, report } from "./beside.ts";

t.test("a broadcast that no worker survives fails for each of its accounts, and the mechanism goes on", async (t) => {
  const stage = await openBeside(t, [fixture("poison", { maxMemoryMb: 32 })]);
  await ready(stage, "poison");
  const users = ["Paris", "London", "Rome", "Oslo"];
  for (const functionalUser of users) {
    const draft = { functionalUser, accountName: `${functionalUser}_Notify`, mechanism: "Poison" };
    const { id } = await stage.call<Registration>("registrations.create", draft);
    await stage.call("registrations.authorize", { id });
    await stage.call("registrations.confirm", { id, pin: "1" });
    await stage.call("registrations.update", { id, status: "Enabled" });
  }
  const poisoned = await stage.notify({ text: "This is poison" });
  const after = await stage.notify({ text: "E-mail is down" });
  t.equal(poisoned.deliveries.length, users.length);
  for (const { id } of after.deliveries) await stage.reaches(id, "delivered");
  for (const { id } of poisoned.deliveries) {
    const { state, posts, lastError } = await stage.delivery(id);
    t.match({ state, posts, lastError }, { state: "failed", posts: [], lastError: { message: /3 times while this text was composed/ } });
  }
  const { state, restarts } = await report(stage, "poison");
  t.equal(state, "ready");
  t.ok(restarts < CRASH_LOOP.deaths, `${restarts} deaths for ${users.length} accounts`);
});
