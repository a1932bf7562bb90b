/** What `deliver` gets of the notification comes from the store. */
import t from "tap";
import { openFaultyService } from "../../src/kit/kit.ts";
import type { Registration } from "../../src/shapes.ts";
import { openStage } from "../stage.ts";

t.test("a post that is sent again after a restart comes with the same notification", async (t) => {
  const service = await openFaultyService(t);
  service.answer({ status: 500 });
  const Pager = { url: service.url, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };
  const stage = await openStage(t, {
    config: { plugins: [{ module: "webhook" }] },
    credentials: { plugins: { webhook: { accounts: { Pager } } } },
  });
  const { id } = await stage.call<Registration>("registrations.create", { functionalUser: "Desk", accountName: "Pager" });
  for (let enabled = false; !enabled; ) enabled = !(await stage.rpc("registrations.update", { id, status: "Enabled" })).error;
  const { deliveries } = await stage.notify({ text: "E-mail is down", entryId: "INC1", priority: 1 });
  const delivery = deliveries[0]?.id ?? "";
  await stage.reaches(delivery, "waiting");
  const before = service.requests.length;
  await stage.restart();
  service.answer({ status: 204 });
  await stage.reaches(delivery, "delivered");
  const [first, last] = [service.requests[0], service.requests.at(-1)];
  t.ok(service.requests.length > before, "it was sent after the restart");
  t.match(JSON.parse(first?.body ?? ""), {
    data: {
      id: delivery,
      text: "E-mail is down",
      content: "Broadcast",
      entryId: "INC1",
      functionalUser: "Desk",
      priority: 1,
      account: "Pager",
    },
  });
  t.equal(last?.body, first?.body);
});
