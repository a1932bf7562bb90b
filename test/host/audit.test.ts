/** The audit trail of a real host: each act of an administrator or operator is on record, and no secret with it. */
import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { done, HOST_FAULTS, hostFault, refused } from "../../src/ar.ts";
import { AuditTrail } from "../../src/host/audit.ts";
import type { AuditEntry, Registration } from "../../src/shapes.ts";
import { openStore } from "../../src/store/open.ts";
import { type Store, StoreUnavailable } from "../../src/store/store.ts";
import { openStage, type Stage } from "../stage.ts";

/** Oldest first. */
const record = async (stage: Stage, filter: object = {}): Promise<AuditEntry[]> =>
  (await stage.call<{ entries: AuditEntry[] }>("audit.list", { limit: 1000, ...filter })).entries.toReversed();

t.test("every act is on record with who, whence, what, on what and how it ended", async (t) => {
  const stage = await openStage(t);
  const { id } = await stage.register();
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  await stage.rpcAs("operator", "lanes.resume", { accountName: "ITSM_Notify" });
  const { deliveries } = await stage.notify({ text: "E-mail is down" });
  await stage.reaches(deliveries[0]!.id, "delivered");
  await stage.call("deliveries.retry", { ids: [deliveries[0]!.id] });
  await stage.rpc("deliveries.cancel", { states: ["failed"], text: "VPN" });
  await stage.call("plugins.restart", { name: "twitter" });
  await stage.call("server.logLevel", { level: "debug", plugin: "twitter" });
  await stage.call("server.backup", { file: join(stage.folder, "copy.db") });
  await stage.call("server.backup", { file: join(stage.folder, "copy.db"), mode: "progress" });
  await stage.rpcAs("admin", "registrations.delete", { id });
  const entries = await record(stage);
  const told = entries.map(({ method, outcome, target }) => [method, outcome, target]);
  t.strictSame(told, [
    ["registrations.create", "done", id],
    ["registrations.authorize", "done", id],
    ["registrations.confirm", "done", id],
    ["registrations.update", "done", id],
    ["lanes.pause", "done", "ITSM_Notify"],
    ["lanes.resume", "done", "ITSM_Notify"],
    ["deliveries.retry", "done", undefined],
    ["deliveries.cancel", "done", undefined],
    ["plugins.restart", "done", "twitter"],
    ["server.logLevel", "done", "twitter"],
    ["server.backup", "done", join(stage.folder, "copy.db")],
    ["registrations.delete", "done", id],
  ]);
  t.match(entries[0], { client: "local", role: "admin", detail: { functionalUser: "ServiceDesk", accountName: "ITSM_Notify" } });
  t.notOk("address" in entries[0]!, "the Unix socket has none");
  t.match(entries[5], { client: "operator", role: "operator", address: "127.0.0.1" });
  t.strictSame(entries[2]?.detail, { accountName: "ITSM_Notify", authorization: "authorized" }, "and no PIN");
  t.match(entries[7]?.detail, { states: ["failed"], text: "VPN", ids: [] });
  for (const { at } of entries) t.ok(Math.abs(Date.parse(at) - Date.now()) < 3_600_000, at);
  const again = await record(stage, { method: "lanes.pause", client: "local" });
  t.equal(again.length, 1);
  const page = await stage.call<{ entries: AuditEntry[]; cursor: string }>("audit.list", { limit: 5 });
  const next = await stage.call<{ entries: AuditEntry[] }>("audit.list", { limit: 5, cursor: page.cursor });
  t.strictSame(
    [...page.entries, ...next.entries].map((entry) => entry.id),
    entries
      .toReversed()
      .slice(0, 10)
      .map((entry) => entry.id),
  );
});

t.test("what is refused is on record too, with its number and reason", async (t) => {
  const stage = await openStage(t);
  const { id } = await stage.call<Registration>("registrations.create", { functionalUser: "Desk", accountName: "ITSM_Notify" });
  await stage.rpc("deliveries.retry", { ids: ["gone"] });
  await stage.rpc("registrations.update", { id, status: "Enabled" });
  await stage.rpc("registrations.confirm", { id, pin: "7654321" });
  await stage.rpcAs("workflow", "server.reload");
  await stage.rpcAs("workflow", "deliveries.cancel", { ids: ["d1", "d2"] });
  await stage.rpcAs("workflow", "deliveries.retry", { ids: [1] });
  await stage.rpcAs("operator", "registrations.delete", { id });
  await stage.rpcAs("operator", "filterApiCall", { plugin: "ARSYS.ARF.TWITTER", inValues: ["Desk"] });
  await stage.rpcAs("operator", "registrations.list");
  await stage.rpcAs("workflow", "lanes.list");
  const entries = (await record(stage)).slice(1);
  t.match(entries, [
    { method: "deliveries.retry", outcome: "refused", reason: "not-found", detail: { ids: ["gone"] } },
    {
      client: "local",
      method: "registrations.update",
      target: id,
      outcome: "refused",
      arerr: 8753,
      reason: "not-authorized",
      detail: { cause: /only an authorised/ },
    },
    { client: "local", method: "registrations.confirm", outcome: "refused", reason: "not-authorized" },
    { client: "workflow", role: "workflow", method: "server.reload", outcome: "refused", arerr: 8753, reason: "not-allowed" },
    { client: "workflow", method: "deliveries.cancel", reason: "not-allowed", detail: { ids: ["d1", "d2"] } },
    { client: "workflow", method: "deliveries.retry", reason: "not-allowed", detail: { ids: undefined } },
    { client: "operator", method: "registrations.delete", outcome: "refused", reason: "not-allowed" },
    { client: "operator", method: "filterApiCall", target: "Desk", outcome: "refused", reason: "not-allowed" },
  ]);
  t.equal(entries.length, 8, "who only wanted to look is not");
  t.notMatch(JSON.stringify(entries), "7654321");
});

t.test("a registration that workflow's filter authorises is on record, without the PIN", async (t) => {
  const stage = await openStage(t);
  await stage.call("registrations.create", { functionalUser: "Desk", accountName: "ITSM_Notify" });
  const begun = await stage.call<{ outValues: string[] }>("filterApiCall", { plugin: "ARSYS.ARF.TWITTER", inValues: ["Desk"] });
  const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl: begun.outValues[1], accountName: "ITSM_Notify" });
  await stage.call("filterApiCall", { plugin: "ARSYS.ARF.TWITTER", inValues: ["Desk", pin] });
  await stage.call("filterApiCall", { plugin: "ARSYS.ALRT.TWITTER", inValues: ["Desk", "INC1", "x", null, null] }).catch(() => {});
  const entries = await record(stage, { method: "filterApiCall" });
  t.match(entries, [
    { target: "Desk", detail: { filter: "ARSYS.ARF.TWITTER" } },
    { target: "Desk", outcome: "done" },
  ]);
  t.equal(entries.length, 2, "what workflow may call is no administrator's act");
  t.notMatch(JSON.stringify(entries), pin);
});

t.test("reloads by signal and by call are on record with what changed, or why they were refused", async (t) => {
  const stage = await openStage(t);
  await stage.configure({ config: { outbox: { maxQueued: 7 } } });
  await stage.host.reload();
  const good = readFileSync(stage.configFile, "utf8");
  await writeFile(`${stage.configFile}.new`, "server: {port: x}");
  await rename(`${stage.configFile}.new`, stage.configFile);
  await stage.host.reload();
  await stage.rpc("server.reload");
  await writeFile(`${stage.configFile}.new`, good);
  await rename(`${stage.configFile}.new`, stage.configFile);
  const entries = await record(stage, { method: "server.reload" });
  const by = (client: string) => entries.filter((entry) => entry.client === client && entry.detail.trigger !== "file");
  t.match(by("local"), [
    { role: "admin", outcome: "done", detail: { changed: ["outbox"], needsRestart: [] } },
    { outcome: "refused", arerr: 8769, reason: "bad-config", detail: { cause: /perch\.yaml:1:1: missing key "credentials"/ } },
  ]);
  t.match(by("host"), [
    { outcome: "done", detail: { trigger: "signal" } },
    { outcome: "refused", arerr: 8769, detail: { trigger: "signal", cause: /perch\.yaml:1:/ } },
  ]);
});

t.test("a lock-out is on record once, and logged", async (t) => {
  const stage = await openStage(t);
  const guess = (password: string) =>
    fetch(`${stage.host.url}/rpc`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}` },
      body: "{}",
    });
  for (let n = 0; n < 9; n += 1) await guess(`wrong-guess-${n}`);
  let entries: AuditEntry[] = [];
  while (entries.length === 0) entries = await record(stage);
  t.match(entries, [{ client: "admin", address: "127.0.0.1", method: "login", outcome: "refused", arerr: 8761, reason: "bad-password" }]);
  t.equal(entries.length, 1);
  const lines = stage.log.filter((line) => line.includes("log-in locked out"));
  t.equal(lines.length, 1);
  t.match(JSON.parse(lines[0]!), { level: "warn", client: "admin", address: "127.0.0.1", arerr: 8761 });
  t.notMatch(stage.log.join(), "wrong-guess");
  t.notMatch(JSON.stringify(entries), "wrong-guess");
});

t.test("only an admin reads it, and a wrong filter is told", async (t) => {
  const stage = await openStage(t);
  t.match(await stage.rpcAs("operator", "audit.list"), { error: { data: { reason: "not-allowed" } } });
  t.match(await stage.rpc("audit.list", { since: "yesterday" }), { error: { message: /since is not a moment/ } });
  t.match(await stage.rpc("audit.list", { cursor: "x" }), { error: { message: /cursor is not one/ } });
});

type Faults = { append?: boolean; end?: boolean };
/** A trail on a real store whose writes can be made to fail. */
async function openTrail(t: Test, secrets: string[] = []) {
  const store = await openStore(`sqlite:${join(t.testdir(), "perch.db")}`);
  t.teardown(() => store.close());
  const failing: Faults = {};
  const fail = () => Promise.reject(new StoreUnavailable("the disk is full", { cause: new Error("full"), mayPass: true }));
  const wrapped: Pick<Store, "appendAudit" | "endAudit" | "listAudit"> = {
    appendAudit: (entry) => (failing.append ? fail() : store.appendAudit(entry)),
    endAudit: (id, end) => (failing.end ? fail() : store.endAudit(id, end)),
    listAudit: store.listAudit,
  };
  const logged: [Record<string, unknown>, string][] = [];
  const say = (fields: Record<string, unknown>, sentence: string) => void logged.push([fields, sentence]);
  const clock = { monotonic: 0 };
  const trail = new AuditTrail({
    store: wrapped,
    log: {
      root: { debug: say, info: say, warn: say, error: say },
      scrub: (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text),
    },
    now: () => 1_700_000_000_000,
    monotonic: () => clock.monotonic,
    faults: () => HOST_FAULTS,
  });
  const entries = async () => (await store.listAudit({ limit: 1000 })).toReversed();
  return { trail, failing, logged, clock, entries };
}
const ACT = { caller: { name: "admin", role: "admin" as const }, method: "lanes.pause", target: "A", detail: {} };

t.test("an act that can't be put on record is not done", async (t) => {
  const { trail, failing } = await openTrail(t);
  failing.append = true;
  let ran = false;
  const act = trail.act(ACT, async () => {
    ran = true;
    return done(1);
  });
  await t.rejects(act, { name: "StoreUnavailable" });
  t.notOk(ran);
});

t.test("the intent is on record while the act runs; when its end can't be kept, the act is answered as what it is", async (t) => {
  const { trail, failing, logged, entries } = await openTrail(t);
  failing.end = true;
  const answer = await trail.act(ACT, async () => {
    t.match(await entries(), [{ outcome: "begun", target: "A" }]);
    return done(1);
  });
  t.same(answer, done(1));
  t.match(await entries(), [{ outcome: "begun" }]);
  t.match(logged, [[{ audit: { method: "lanes.pause", outcome: "done" } }, "the end of an act is not on record"]]);
});

t.test("an act that fails by a bug says so", async (t) => {
  const { trail, entries } = await openTrail(t);
  await t.rejects(
    trail.act(ACT, () => Promise.reject(new Error("bug"))),
    { message: "bug" },
  );
  t.match(await entries(), [{ outcome: "failed" }]);
});

t.test("only so many refusals are kept in a minute, and the next says how many were not", async (t) => {
  const { trail, clock, entries } = await openTrail(t);
  const fault = hostFault("not-allowed", "x");
  for (let n = 0; n < 100; n += 1) await trail.recordRefusal(ACT, fault);
  t.equal((await entries()).length, 30);
  await trail.recordRefusal({ ...ACT, method: "login" }, fault);
  t.equal((await entries()).length, 31, "nor can whoever is refused one thing keep others off the record");
  clock.monotonic += 60_000;
  await trail.recordRefusal(ACT, fault);
  t.match((await entries()).at(-1)?.detail, { notKept: 70 });
  await trail.record({ ...ACT, caller: { name: "host" } }, refused(hostFault("bad-config", "x")));
  t.equal((await entries()).length, 33, "acts have no such bound");
});

t.test("a refusal that can't be kept is logged and harms nobody", async (t) => {
  const { trail, failing, logged } = await openTrail(t);
  failing.append = true;
  await trail.recordRefusal(ACT, hostFault("not-allowed", "x"));
  t.match(logged, [[{ audit: { outcome: "refused" } }, "an act is not on record"]]);
});

t.test("a reload that can't be put on record has happened all the same, as docs/operate.md says", async (t) => {
  const { trail, failing, logged } = await openTrail(t);
  failing.append = true;
  await trail.record({ caller: { name: "host" }, method: "server.reload", detail: {} }, done(1));
  t.match(logged, [[{ audit: { outcome: "done" } }, "an act is not on record"]]);
  const row = readFileSync(new URL("../../docs/operate.md", import.meta.url), "utf8")
    .split("\n")
    .find((line) => line.includes("`an act is not on record`"));
  t.match(row, "a reload");
  t.notMatch(row, "20032", "nothing is refused for it");
});

t.test("of an act on deliveries it is kept which were asked for, and in the end which were changed", async (t) => {
  const { trail, entries } = await openTrail(t);
  const ids = Array.from({ length: 250 }, (_, n) => `id-${n}`);
  const act = { ...ACT, method: "deliveries.cancel", detail: { ids } };
  await trail.act(act, async () => refused(hostFault("not-found", "delivery id-0")));
  await trail.act(
    act,
    async () => done({ ids: ["id-7"] }),
    (detail) => ({ detail }),
  );
  const [refusal, end] = await entries();
  t.match(refusal?.detail, { ids: ids.slice(0, 100), idsCount: 250, cause: "delivery id-0" });
  t.strictSame(end?.detail, { ids: ["id-7"] });
});

t.test("what is kept is short, well-formed and without known secrets; what is no text, number or list is left out", async (t) => {
  const { trail, entries } = await openTrail(t, ["s3cr3t-token"]);
  const ids = Array.from({ length: 250 }, (_, n) => `id-${n}`);
  const detail = {
    text: "é".repeat(400),
    half: "a\ud800",
    secret: "Bearer s3cr3t-token",
    object: { token: "x" },
    ids,
    count: 3,
    none: null,
  };
  await trail.act(
    { ...ACT, target: "s3cr3t-token", detail, caller: { ...ACT.caller, address: "192.0.2.1", certificate: "ar-server" } },
    async () => done(1),
  );
  const [entry] = await entries();
  t.match(entry, { target: "[secret]", address: "192.0.2.1 CN=ar-server" });
  t.strictSame(Object.keys(entry!.detail), ["text", "half", "secret", "ids", "idsCount", "count", "none"]);
  t.ok(Buffer.byteLength(String(entry!.detail.text)) <= 255);
  t.match(entry!.detail, { half: "a\ufffd", secret: "Bearer [secret]", idsCount: 250, count: 3, none: null });
  t.equal((entry!.detail.ids as string[]).length, 100);
});
