import t from "tap";
import type { Delivery, Registration } from "../../src/shapes.ts";
import { openStage } from "../stage.ts";

t.test("a broadcast goes from the call to one post at X", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const { deliveries } = await stage.notify({ text: "E-mail is down in Paris, we are on it", entryId: "INC1", waitSeconds: 20 });
  t.match(deliveries, [{ state: "delivered", attempts: 1, entryId: "INC1", posts: [{ index: 0, state: "posted", text: /E-mail/ }] }]);
  t.match(await stage.posts(), [{ accountName: "ITSM_Notify", text: "E-mail is down in Paris, we are on it" }]);
  t.match(deliveries[0]?.posts[0]?.url, `${stage.sandboxUrl}/ITSM_Notify/status/`);
});

t.test("a text that is too long is split, and posted in order", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const text = Array.from({ length: 60 }, (_, index) => `Sentence number ${index}.`).join(" ");
  const { deliveries } = await stage.notify({ text, waitSeconds: 20 });
  t.equal(deliveries[0]?.state, "delivered");
  const posted = (await stage.posts()).map((post) => post.text);
  t.ok(posted.length > 3);
  t.same(
    deliveries[0]?.posts.map((post) => post.text),
    posted,
  );
});

t.test("a thread answers the post before it, and X's refusal of replies only leaves the reply out", async (t) => {
  const stage = await openStage(t, { userDefined: { text: { overflow: "thread" } } });
  await stage.register();
  const text = "A long story about a mail server that did not answer. ".repeat(12);
  await stage.notify({ text, waitSeconds: 20 });
  const thread = await stage.posts();
  t.ok(thread.length >= 3);
  t.same(
    thread.slice(1).map((post) => post.inReplyTo),
    thread.slice(0, -1).map((post) => post.id),
  );
  await stage.control("settings", { repliesRefused: true });
  const { deliveries } = await stage.notify({ text: text.replaceAll("mail", "file"), waitSeconds: 20 });
  t.equal(deliveries[0]?.state, "delivered");
  const plain = (await stage.posts()).slice(thread.length);
  t.equal(plain.length, deliveries[0]?.posts.length);
  t.same(new Set(plain.map((post) => post.inReplyTo)), new Set([undefined]));
});

t.test("repeats: an idempotency key, an entry ID, and a call with neither", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.register("Operations");
  const text = "The VPN is slow";
  const keyed = { text, functionalUser: "ServiceDesk", idempotencyKey: "k1" };
  const first = await stage.notify(keyed);
  const again = await stage.notify({ ...keyed, waitSeconds: 5 });
  t.equal(again.duplicate, true);
  t.equal(again.deliveries[0]?.id, first.deliveries[0]?.id);
  const other = await stage.rpc("notify", { ...keyed, text: "Another text" });
  t.match(other.error, { code: 8753, data: { reason: "conflict", statusList: [{}, { messageNum: 20027 }] } });

  const entry = { text: "Printer on fire", functionalUser: "ServiceDesk", entryId: "INC7" };
  t.equal((await stage.notify(entry)).duplicate, undefined);
  t.equal((await stage.notify(entry)).duplicate, true);
  t.equal((await stage.notify({ ...entry, entryId: "INC8" })).duplicate, undefined);
  await stage.notify({ text: "plain", functionalUser: "ServiceDesk" });
  t.equal((await stage.notify({ text: "plain", functionalUser: "ServiceDesk" })).duplicate, undefined);
});

t.test("a content repeat is accepted again once the first has ended badly", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.fault({ named: "oauth1-permissions" });
  const call = { text: "Disk full", entryId: "INC9", waitSeconds: 20 };
  t.equal((await stage.notify(call)).deliveries[0]?.state, "failed");
  const second = await stage.notify(call);
  t.equal(second.duplicate, undefined);
  t.equal(second.deliveries[0]?.state, "delivered");
});

t.test("two registrations on one account share its lane, and a broadcast is posted there once", async (t) => {
  const stage = await openStage(t);
  await stage.register("ServiceDesk");
  const second = await stage.call<Registration>("registrations.create", { functionalUser: "Operations", accountName: "itsm_notify" });
  t.equal(second.authorization, "authorized", "the account is associated already: no second PIN");
  await stage.call("registrations.update", { id: second.id, status: "Enabled" });
  const { deliveries } = await stage.notify({ text: "To everybody", waitSeconds: 20 });
  t.equal(deliveries.length, 1);
  t.equal((await stage.posts()).length, 1);
});

t.test("each enabled registration of a content gets its delivery", async (t) => {
  const stage = await openStage(t);
  await stage.register("ServiceDesk", "ITSM_Notify");
  await stage.register("Facility", "FM_Notify");
  const { deliveries } = await stage.notify({ text: "Fire drill at noon", waitSeconds: 20 });
  t.same(deliveries.map(({ accountName, state }) => [accountName, state]).sort(), [
    ["FM_Notify", "delivered"],
    ["ITSM_Notify", "delivered"],
  ]);
});

t.test("order is that of acceptance within a priority, and a higher priority goes first", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  for (const [text, priority] of [
    ["low", 9],
    ["first", 5],
    ["second", 5],
    ["urgent", 0],
  ] as const)
    await stage.notify({ text, priority });
  t.match(await stage.call("lanes.list"), { lanes: [{ accountName: "ITSM_Notify", state: "paused", queued: 4, paused: true }] });
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  const { deliveries } = await stage.call<{ deliveries: Delivery[] }>("deliveries.list", {});
  for (const { id } of deliveries) await stage.reaches(id, "delivered");
  t.same(
    (await stage.posts()).map((post) => post.text),
    ["urgent", "first", "second", "low"],
  );
});

t.test("a disabled registration's deliveries wait, and go on when it is enabled", async (t) => {
  const stage = await openStage(t);
  const registration = await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  const { deliveries } = await stage.notify({ text: "waits" });
  await stage.call("registrations.update", { id: registration.id, status: "Disabled" });
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  const refusal = await stage.rpc("notify", { text: "refused" });
  t.match(refusal.error, { data: { reason: "disabled", statusList: [{}, { messageNum: 20021 }] } });
  t.equal((await stage.delivery(deliveries[0]!.id)).state, "queued");
  await stage.call("registrations.update", { id: registration.id, status: "Enabled" });
  await stage.reaches(deliveries[0]!.id, "delivered");
});

t.test("deleting a registration cancels what has not begun", async (t) => {
  const stage = await openStage(t);
  const registration = await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  const { deliveries } = await stage.notify({ text: "never" });
  const gone = await stage.call("registrations.delete", { id: registration.id });
  t.same(gone, { id: registration.id, cancelled: [deliveries[0]!.id] });
  t.equal((await stage.delivery(deliveries[0]!.id)).state, "cancelled");
  t.match((await stage.rpc("notify", { text: "x" })).error, { data: { reason: "not-registered" } });
});

t.test("expired, cancelled and put back", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  const [short] = (await stage.notify({ text: "too late", ttlSeconds: 1 })).deliveries;
  const expired = await stage.reaches(short!.id, "expired");
  t.match(expired.lastError, { reason: "expired", statusList: [{ messageNum: 8753 }, { messageNum: 20031 }] });
  const [other] = (await stage.notify({ text: "not wanted" })).deliveries;
  t.same(await stage.call("deliveries.cancel", { ids: [other!.id] }), { ids: [other!.id] });
  t.same(await stage.call("deliveries.cancel", { ids: [other!.id] }), { ids: [] });
  t.same(await stage.call("deliveries.retry", { states: ["expired"] }), { ids: [short!.id] });
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  await stage.reaches(short!.id, "delivered");
  t.same(
    (await stage.posts()).map((post) => post.text),
    ["too late"],
  );
});

t.test("the alert filter takes BMC's five inputs, by its name or an alias", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const inValues = ["ServiceDesk", "INC1", "E-mail is down", null, null];
  const answer = await stage.call("filterApiCall", { plugin: "ARSYS.ALRT.TWITTER", inValues, waitSeconds: 20 });
  t.match(answer, { outValues: [/^[0-9a-f-]{36}$/, "delivered", /\/status\//], statusList: [] });
  t.match(await stage.call("filterApiCall", { plugin: "TWITTER", inValues }), { outValues: [String, "delivered", String] }, "a repeat");
  t.equal((await stage.posts()).length, 1);
  const named = ["ServiceDesk", "INC2", "Text", "SomebodyElse"];
  t.match(await stage.rpc("filterApiCall", { plugin: "TWITTER", inValues: named }), { error: { data: { reason: "not-registered" } } });
  for (const [wrong, where] of [
    [["ServiceDesk", "INC3"], "2 inputs"],
    [["", "INC3", "text"], "input 1"],
    [["ServiceDesk", "INC3", null], "input 3"],
    [["ServiceDesk", "INC3", { type: "ATTACH", value: "x" }], "Alert Text"],
  ] as const)
    t.match(await stage.rpc("filterApiCall", { plugin: "TWITTER", inValues: wrong }), {
      error: { code: 8753, message: new RegExp(where), data: { reason: "bad-input", statusList: [{}, { messageNum: 20023 }] } },
    });
});

t.test("the registration filter gives the address, then takes the PIN", async (t) => {
  const stage = await openStage(t);
  await stage.call("registrations.create", { functionalUser: "Allen", accountName: "ITSM_Notify" });
  const plugin = "ARSYS.ARF.TWITTER";
  const begun = await stage.call<{ outValues: string[] }>("filterApiCall", { plugin, inValues: ["Allen"] });
  t.match(begun.outValues, ["pending", /oauth\/authorize\?oauth_token=/]);
  const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl: begun.outValues[1], accountName: "ITSM_Notify" });
  t.match(await stage.call("filterApiCall", { plugin, inValues: ["Allen", pin] }), { outValues: ["authorized", "ITSM_Notify"] });
  t.match(await stage.call("filterApiCall", { plugin, inValues: ["Allen"] }), { outValues: ["authorized", null] });
  t.match(await stage.rpc("filterApiCall", { plugin, inValues: ["Nobody"] }), { error: { data: { reason: "not-registered" } } });
});

t.test("an unknown plug-in is 8755 with its name", async (t) => {
  const stage = await openStage(t);
  const { error } = await stage.rpc("filterApiCall", { plugin: "NO.SUCH", inValues: [] });
  t.match(error, { code: 8755, message: "The specified plug-in does not exist : NO.SUCH (ARERR 8755)" });
});

t.test("a full outbox refuses with 20030 and takes up again", async (t) => {
  const stage = await openStage(t, { config: { outbox: { maxQueued: 2 } } });
  await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  await stage.notify({ text: "one" });
  const { deliveries } = await stage.notify({ text: "two" });
  const { error } = await stage.rpc("notify", { text: "three" });
  t.match(error, { code: 8753, data: { reason: "outbox-full", retryable: true, statusList: [{}, { messageNum: 20030 }] } });
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  await stage.reaches(deliveries[0]!.id, "delivered");
  t.equal((await stage.notify({ text: "three", waitSeconds: 20 })).deliveries[0]?.state, "delivered");
});
