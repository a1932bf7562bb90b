import { join } from "node:path";
import { pathToFileURL } from "node:url";
import t from "tap";
import { KitRefusal, openFaultyService, openKit, openWorker } from "../../src/kit/kit.ts";

const plugin = (name: string) => new URL(`../fixtures/plugins/${name}.ts`, import.meta.url);
const PIGEON = plugin("pigeon");
const template = new URL("../../plugins/template/index.ts", import.meta.url);

t.test("an account is registered with a PIN, and a broadcast goes out", async (t) => {
  const kit = await openKit(t, { module: PIGEON });
  const pages: string[] = [];
  const registration = await kit.register({
    accountName: "Pigeon_Post",
    pin: (page) => {
      pages.push(page);
      return "1234";
    },
  });
  t.strictSame(pages, ["http://127.0.0.1/loft"]);
  t.match(registration, { status: "Enabled", authorization: "authorized", functionalUser: "ServiceDesk" });
  const { id } = await kit.send("E-mail is down");
  t.match(await kit.reaches(id, "delivered"), { posts: [{ id: "1" }] });
  t.ok(kit.log.some((line) => line.includes(id)));
  t.match(await kit.plugin(), { state: "ready", mechanism: "Pigeon" });
  t.equal((await fetch(`${kit.url}/healthz`)).status, 200);
});

t.test("a refusal is thrown with the line that people see and the reason", async (t) => {
  const kit = await openKit(t, { module: PIGEON });
  await t.rejects(kit.send("nobody is registered"), { name: "Error", code: 8753, data: { reason: "not-registered" } });
  await t.rejects(kit.filter("TEST.NONE", []), { message: /\(ARERR 8755\)/, code: 8755 });
  t.ok((await kit.filter("TEST.NONE", []).catch((error: unknown) => error)) instanceof KitRefusal);
});

t.test("waiting for a state that can't come any more ends with the reason", async (t) => {
  const kit = await openKit(t, { module: PIGEON });
  await kit.register({ pin: () => "1234" });
  const { id } = await kit.send("compose no posts");
  await t.rejects(kit.reaches(id, "delivered"), /the delivery is failed, not delivered: .*no post/);
});

t.test("a turned clock expires what waits, and a wrong one does not", async (t) => {
  const kit = await openKit(t, { module: PIGEON });
  const { accountName } = await kit.register({ accountName: "Pigeon_Post", pin: () => "1234" });
  await kit.call("lanes.pause", { accountName });
  const late = await kit.send("E-mail is down");
  kit.clock.turn(25 * 3_600_000);
  await kit.reaches(late.id, "expired");
  const { id } = await kit.send("E-mail is back");
  kit.clock.setWrong(48 * 3_600_000);
  await kit.call("lanes.resume", { accountName });
  await kit.reaches(id, "delivered");
});

t.test("a reload with other settings holds, and one with wrong settings is refused", async (t) => {
  const module = new URL("../../plugins/template-filter/index.ts", import.meta.url);
  const kit = await openKit(t, { module });
  t.strictSame((await kit.filter("EXAMPLE.TEMPLATE_FILTER", ["Allen"])).outValues, ["Hello, Allen"]);
  await kit.configure({ settings: { greeting: "Good night" } });
  t.strictSame((await kit.filter("EXAMPLE.TEMPLATE_FILTER", ["Allen"])).outValues, ["Good night, Allen"]);
  await t.rejects(kit.configure({ settings: { greetin: "x" } }), { code: 8769, message: /greeting/ });
});

t.test("a plug-in that does not start, and an account that nobody confirms, are told with the cause", async (t) => {
  await t.rejects(openKit(t, { module: plugin("throws-in-initialize") }), /throws-in-initialize: /);
  await t.rejects(openKit(t, { module: plugin("no-default") }), /default export is not a plug-in/);
  const secrets = { accounts: { Desk: { token: "desk-token" } } };
  const service = await openFaultyService(t);
  await service.close();
  const kit = await openKit(t, { module: template, settings: { url: service.url }, secrets });
  await t.rejects(kit.register(), /`probe` did not confirm the account: .*template-unreachable/);
});

t.test("a worker alone answers single calls, and what it logs is kept", async (t) => {
  const module = new URL("../../plugins/template-filter/index.ts", import.meta.url);
  const worker = await openWorker(t, { module });
  t.strictSame(await worker.ask("filter", { name: "EXAMPLE.TEMPLATE_FILTER", inValues: ["Allen"] }), {
    ok: true,
    value: { ok: true, value: ["Hello, Allen"] },
  });
  t.match(worker.log, [/plug-in ready/, /greeted/]);
  t.match(await worker.ask("probe", null), { ok: false, fault: { cause: /no notification mechanism/ } });
  await worker.close();
});

t.test("a worker alone refuses wrong settings and what is no plug-in", async (t) => {
  await t.rejects(openWorker(t, { module: template, settings: { url: "no" }, secrets: { accounts: {} } }), /perch\.yaml:\d+:\d+/);
  await t.rejects(openWorker(t, { module: plugin("no-default") }), /default export is not a plug-in/);
  await t.rejects(openWorker(t, { module: plugin("throws-in-initialize") }), /throws-in-initialize/);
});

t.test("a package may ship a plug-in in JavaScript, and not in TypeScript", async (t) => {
  const code = `export default { apiVersion: 1, filters: { "PACKAGED.ECHO": (inValues) => inValues } };`;
  const folder = t.testdir({
    node_modules: { echo: { "index.js": code, "package.json": '{"type":"module"}' }, typed: { "index.ts": code } },
  });
  const module = (path: string) => pathToFileURL(join(folder, "node_modules", path));
  const kit = await openKit(t, { module: module("echo/index.js") });
  t.strictSame((await kit.filter("PACKAGED.ECHO", ["as it came"])).outValues, ["as it came"]);
  await t.rejects(openKit(t, { module: module("typed/index.ts") }), /node_modules/);
});
