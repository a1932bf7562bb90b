/** What changes while deliveries are under way: configuration, registrations, tokens, an operator's hand. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import t from "tap";
import type { Delivery, Lane, Registration } from "../../src/shapes.ts";
import { openStage } from "../stage.ts";

const LONG = Array.from({ length: 60 }, (_, index) => `Sentence number ${index}.`).join(" ");

t.test("workers are replaced by reloads while posts are in flight: all once and in order", async (t) => {
  const stage = await openStage(t, { pace: { firstLookMs: 20, lastLookMs: 60 } });
  await stage.register();
  await stage.fault({ delayMs: 5 }, { times: 0 });
  const texts = Array.from({ length: 40 }, (_, index) => `Notice ${index}`);
  const ids: string[] = [];
  for (const [index, text] of texts.entries()) {
    ids.push((await stage.notify({ text })).deliveries[0]!.id);
    const plugin = { module: "twitter", userDefined: { apiBaseUrl: stage.sandboxUrl }, threads: 1 + (index % 3) };
    if (index % 8 === 0) t.equal((await stage.configure({ config: { plugins: [plugin] } })).error, undefined);
  }
  for (const id of ids) await stage.reaches(id, "delivered");
  t.same(
    (await stage.posts()).map(({ text }) => text),
    texts,
  );
});

t.test("a failed delivery that is put back stands behind one that is under way", async (t) => {
  const stage = await openStage(t, { pace: { firstLookMs: 200, lastLookMs: 400 } });
  await stage.register();
  await stage.fault({ named: "oauth1-permissions" }, { after: 1 });
  const [first] = (await stage.notify({ text: LONG })).deliveries;
  const failed = await stage.reaches(first!.id, "failed");
  t.equal(failed.posts[0]?.state, "posted");
  await stage.fault({ drop: true });
  const [second] = (await stage.notify({ text: "Accepted, and no answer" })).deliveries;
  await stage.reaches(second!.id, "in-doubt");
  await stage.call("deliveries.retry", { ids: [first!.id] });
  await stage.reaches(first!.id, "delivered");
  await stage.reaches(second!.id, "delivered");
  const texts = (await stage.posts()).map(({ text }) => text);
  t.equal(texts.filter((text) => text === "Accepted, and no answer").length, 1);
  t.same(texts, [failed.posts[0]?.text, "Accepted, and no answer", ...failed.posts.slice(1).map(({ text }) => text)]);
});

t.test("a pause takes effect between two posts of one delivery", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.fault({ delayMs: 150 }, { times: 0 });
  const [delivery] = (await stage.notify({ text: LONG })).deliveries;
  await stage.reaches(delivery!.id, "sending");
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  const waiting = await stage.reaches(delivery!.id, "waiting");
  const posted = waiting.posts.filter(({ state }) => state === "posted").length;
  t.ok(posted >= 1 && posted < waiting.posts.length, `${posted} of ${waiting.posts.length}`);
  t.equal((await stage.posts()).length, posted);
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  await stage.reaches(delivery!.id, "delivered");
});

t.test("a repeat is answered its first deliveries although the registration has been disabled", async (t) => {
  const stage = await openStage(t);
  const registration = await stage.register();
  const call = { text: "Once", idempotencyKey: "k", waitSeconds: 20 };
  const first = await stage.notify(call);
  await stage.call("registrations.update", { id: registration.id, status: "Disabled" });
  const again = await stage.notify(call);
  t.match(again, { duplicate: true, deliveries: [{ id: first.deliveries[0]?.id, state: "delivered" }] });
  t.match((await stage.rpc("notify", { ...call, text: "Twice" })).error, { data: { reason: "conflict" } });
});

t.test("what an administrator changes while X is asked stays changed", async (t) => {
  const stage = await openStage(t);
  const registration = await stage.register();
  await stage.control("faults", { match: { path: "/oauth/request_token" }, fault: { delayMs: 300 } });
  const authorizing = stage.rpc("registrations.authorize", { id: registration.id });
  await stage.call("registrations.update", { id: registration.id, status: "Disabled" });
  await authorizing;
  t.match(await stage.call("registrations.get", { id: registration.id }), { status: "Disabled", pinEnabled: true });
  await stage.control("faults", { match: { path: "/oauth/request_token" }, fault: { delayMs: 300 } });
  const again = stage.rpc("registrations.authorize", { id: registration.id });
  await stage.call("registrations.delete", { id: registration.id });
  t.match((await again).error, { data: { reason: "not-found" } });
  t.same(await stage.call("registrations.list"), { registrations: [] });
});

t.test("a configured token that is another account's is not used", async (t) => {
  const stage = await openStage(t);
  const registration = await stage.register("Facility", "FM_Notify");
  t.equal(registration.authorization, "authorized");
  const other = { accessToken: "sandbox-access-token", accessTokenSecret: "sandbox-access-token-secret" };
  await stage.configure({ twitterSecrets: { accounts: { FM_Notify: other } } });
  const [delivery] = (await stage.notify({ text: "For the facility" })).deliveries;
  const waiting = await stage.reaches(delivery!.id, "waiting");
  t.match(waiting.lastError, { reason: "not-authorized" });
  t.same(await stage.posts(), [], "nothing was posted in another's name");
  await stage.configure({ twitterSecrets: {} });
  await stage.reaches(delivery!.id, "delivered");
  t.match(await stage.posts(), [{ accountName: "FM_Notify" }]);
});

t.test("an administrator's own token needs no PIN", async (t) => {
  const accounts = { ITSM_Notify: { accessToken: "sandbox-access-token", accessTokenSecret: "sandbox-access-token-secret" } };
  const stage = await openStage(t, { twitterSecrets: { accounts } });
  const { id } = await stage.call<Registration>("registrations.create", { functionalUser: "ServiceDesk", accountName: "ITSM_Notify" });
  for (;;) {
    const { authorization } = await stage.call<Registration>("registrations.get", { id });
    if (authorization === "authorized") break;
    await stage.call("server.reload");
  }
  await stage.call("registrations.update", { id, status: "Enabled" });
  const { deliveries } = await stage.notify({ text: "With an own token", waitSeconds: 20 });
  t.equal(deliveries[0]?.state, "delivered");
});

t.test("a delivery whose registration is gone is not put back", async (t) => {
  const stage = await openStage(t);
  const registration = await stage.register();
  await stage.fault({ named: "oauth1-permissions" });
  const { deliveries } = await stage.notify({ text: "Refused", waitSeconds: 20 });
  t.equal(deliveries[0]?.state, "failed");
  await stage.call("registrations.delete", { id: registration.id });
  t.same(await stage.call("deliveries.retry", { ids: [deliveries[0]!.id] }), { ids: [] });
});

t.test("a bad configuration changes nothing, and says where it is wrong", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const { error } = await stage.configure({ config: { outbox: { maxQueued: "many" } } });
  t.match(error, { code: 8769, message: /perch\.yaml:\d+:\d+: .*\(ARERR 8769\)/ });
  t.match(await stage.call("server.status"), { configuration: { lastError: /outbox/ } });
  t.equal((await stage.notify({ text: "Goes on", waitSeconds: 20 })).deliveries[0]?.state, "delivered");
  t.match(await stage.configure({ config: { outbox: { maxQueued: 7 } } }), { result: { changed: ["outbox"] } });
});

t.test("after a restart everything is as it was", async (t) => {
  const stage = await openStage(t);
  const registration = await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  const [delivery] = (await stage.notify({ text: "Over a restart" })).deliveries;
  await stage.restart();
  t.match(await stage.call("registrations.get", { id: registration.id }), { status: "Enabled", authorization: "authorized" });
  t.match(await stage.call("lanes.list"), { lanes: [{ state: "paused", queued: 1 }] });
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  t.match(await stage.reaches(delivery!.id, "delivered"), { posts: [{ state: "posted" }] } satisfies Partial<
    Record<keyof Delivery, unknown>
  >);
});

t.test("a call that comes while the host goes down is refused with 20033, and nothing of it is kept", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "notify", params: { text: "Too late" } });
  const socket = connect(stage.host.socket);
  t.teardown(() => socket.destroy());
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  const head = ["POST /rpc HTTP/1.1", "host: perch", "content-type: application/json", `content-length: ${body.length}`];
  socket.write(`${[...head, "expect: 100-continue"].join("\r\n")}\r\n\r\n`);
  // The host has the head of the request, and waits for its body.
  while (!answer.includes("100 Continue")) await once(socket, "data");
  const stopped = stage.host.stop();
  socket.write(body);
  await once(socket, "close");
  await stopped;
  t.match(answer, /"code":8753.*"messageNum":20033.*"reason":"stopping","retryable":true/s);
  await stage.restart();
  t.same(await stage.call("deliveries.list"), { deliveries: [] });
});

t.test("what waits for a plug-in that the configuration no longer names says so", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  const [delivery] = (await stage.notify({ text: "E-mail is down" })).deliveries;
  const { result } = await stage.configure({ config: { plugins: [], aliases: {} } });
  t.match(result, { warnings: [/^plug-in twitter is gone .*\(deliveries that have not ended: 1, registrations: 1\)/] });
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  const { lanes } = await stage.call<{ lanes: Lane[] }>("lanes.list");
  t.match(lanes, [
    { accountName: "ITSM_Notify", state: "held", hold: { error: { message: /twitter is not configured \(ARERR 8755\)$/ } } },
  ]);
  t.notOk("until" in (lanes[0]?.hold ?? {}), "nobody knows until when");
  t.match(await stage.call("lanes.list"), { lanes }, "and since when does not move");
  t.match(await stage.delivery(delivery!.id), { lastError: { message: /twitter is not configured \(ARERR 8755\)$/ } });
  t.match((await stage.configure({})).result, { warnings: [] });
  await stage.reaches(delivery!.id, "delivered");
});

t.test("a reload starts a plug-in anew that could not be started before", async (t) => {
  const stage = await openStage(t);
  const file = join(stage.folder, "service-is-up");
  const module = new URL("../fixtures/plugins/needs-file.ts", import.meta.url).pathname;
  const twitter = { module: "twitter", userDefined: { apiBaseUrl: stage.sandboxUrl } };
  await stage.configure({ config: { plugins: [twitter, { module, userDefined: { file } }] } });
  const ask = () => stage.rpc("filterApiCall", { plugin: "TEST.NEEDS", inValues: ["x"] });
  t.match((await ask()).error, { code: 8762 });
  await writeFile(file, "");
  t.match(await stage.call("server.reload"), { changed: ["plug-in needs-file started"] });
  t.match(await ask(), { result: { outValues: ["x"] } });
});
