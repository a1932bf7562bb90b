import t from "tap";
import { openStage } from "../stage.ts";

const DAY = 86_400;

t.test("a call that is repeated after the clock was put forward by days is still a repeat", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  stage.setClock(-3 * DAY);
  await stage.restart();
  const request = { text: "E-mail is down", entryId: "INC000000000001" };
  const first = (await stage.notify(request)).deliveries[0]!;
  t.match(await stage.notify(request), { duplicate: true, deliveries: [{ id: first.id }] });
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  await stage.reaches(first.id, "delivered");
  t.match(await stage.notify(request), { duplicate: true, deliveries: [{ id: first.id }] }, "the clock is right, its moment not yet");
  while (Date.parse((await stage.delivery(first.id)).acceptedAt) < Date.now() - DAY * 1000);
  t.match(await stage.notify(request), { duplicate: true, deliveries: [{ id: first.id }] }, "both are right");
  t.equal((await stage.posts()).length, 1);
});

t.test("a repeat is recognised by a host whose clock is days fast", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const request = { text: "E-mail is down", entryId: "INC000000000001" };
  const first = (await stage.notify(request)).deliveries[0]!;
  await stage.reaches(first.id, "delivered");
  stage.setClock(3 * DAY);
  await stage.restart();
  t.match(await stage.notify(request), { duplicate: true, deliveries: [{ id: first.id }] });
});
