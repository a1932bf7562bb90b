/** How a text would be posted, on a host with two mechanisms. */
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import type { Preview, Registration } from "../../src/shapes.ts";
import { openStage } from "../stage.ts";

const pigeon = fileURLToPath(new URL("../fixtures/plugins/pigeon.ts", import.meta.url));
const TEXT = "E-mail is down";

async function open(t: Test) {
  const stage = await openStage(t, {
    config: { plugins: [{ module: "webhook" }, { module: pigeon }] },
    credentials: { plugins: { webhook: { accounts: {} } } },
  });
  await stage.call("registrations.create", { functionalUser: "Desk", accountName: "Loft", mechanism: "Pigeon" });
  return stage;
}

t.test("a text is composed for the mechanism that is named, or for the functional user's", async (t) => {
  const stage = await open(t);
  const overflowOf = async (more: object) => (await stage.call<Preview>("preview", { text: TEXT, ...more })).overflow;
  t.equal(await overflowOf({ mechanism: "webhook" }), "reject");
  t.equal(await overflowOf({ mechanism: "Pigeon" }), "split");
  t.equal(await overflowOf({ functionalUser: "Desk" }), "split");
  t.equal(await overflowOf({ functionalUser: "Desk", mechanism: "pigeon" }), "split");
});

t.test("a mechanism that can't be found is refused, and so is one that the functional user is not registered for", async (t) => {
  const stage = await open(t);
  const refusal = async (more: object) => (await stage.rpc("preview", { text: TEXT, ...more })).error;
  t.match(await refusal({}), { message: /mechanism must be named; loaded: Webhook, Pigeon/ });
  t.match(await refusal({ mechanism: "Pager" }), { data: { reason: "bad-input" } });
  t.match(await refusal({ functionalUser: "Desk", mechanism: "Webhook" }), {
    message: /Desk, Webhook/,
    data: { reason: "not-registered" },
  });
});

t.test("it is told where it would go, or why nowhere, by the same rule as a notification", async (t) => {
  const stage = await openStage(t);
  await stage.register("ServiceDesk", "ITSM_Notify");
  const preview = (more: object = {}) => stage.call<Preview>("preview", { text: TEXT, ...more });
  const desk = { accountName: "ITSM_Notify", functionalUser: "ServiceDesk", mechanism: "Twitter" };
  t.match(await preview(), { limit: 280, accounts: [desk], nowhere: undefined });
  const { registrations } = await stage.call<{ registrations: Registration[] }>("registrations.list");
  await stage.call("registrations.update", { id: registrations[0]!.id, status: "Disabled" });
  for (const request of [{}, { content: "Outage" }, { functionalUser: "ServiceDesk" }]) {
    const { accounts, nowhere } = await preview(request);
    t.same(accounts, []);
    t.same(nowhere?.message, (await stage.rpc("notify", { text: TEXT, ...request })).error?.message);
  }
  t.match((await stage.rpc("preview", { text: TEXT, content: "Outage", functionalUser: "ServiceDesk" })).error, {
    data: { reason: "not-registered" },
  });
});

t.test("what goes to an account of one mechanism is composed for it, though others are loaded", async (t) => {
  const accounts = { Desk: { url: "http://127.0.0.1:9/", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } };
  const stage = await openStage(t, {
    config: { plugins: [{ module: "webhook" }, { module: pigeon }] },
    credentials: { plugins: { webhook: { accounts } } },
  });
  // The first of the functional user is not authorised.
  await stage.call("registrations.create", { functionalUser: "Desk", accountName: "Loft", mechanism: "Pigeon" });
  await stage.call("registrations.create", { functionalUser: "Desk", accountName: "Desk", mechanism: "Webhook", status: "Enabled" });
  const webhook = { overflow: "reject", accounts: [{ accountName: "Desk", mechanism: "Webhook" }] };
  t.match(await stage.call<Preview>("preview", { text: TEXT }), webhook);
  t.match(await stage.call<Preview>("preview", { text: TEXT, functionalUser: "Desk" }), webhook);
});
