/** Changes of both files while the host runs, as an administrator makes them: with an editor. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import t from "tap";
import type { HostStatus } from "../../src/shapes.ts";
import { CERTIFICATE, KEY } from "../plugins/twitter/loopback-certificate.ts";
import { openStage, type Stage } from "../stage.ts";

const statusOf = async (stage: Stage) => (await stage.call<HostStatus>("server.status")).configuration;

/** Polls until the status says so; bounded by the test's time-out. */
async function until(stage: Stage, holds: (configuration: HostStatus["configuration"]) => boolean): Promise<HostStatus["configuration"]> {
  for (;;) {
    const configuration = await statusOf(stage);
    if (holds(configuration)) return configuration;
    await stage.call("deliveries.list", { limit: 1 });
  }
}

const lines = (stage: Stage, sentence: string) => stage.log.filter((line) => line.includes(`"msg":"${sentence}"`));
const REFUSED = "configuration refused; the old one stays in force";

async function replace(file: string, text: string, mode = 0o644): Promise<void> {
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}

t.test("a file that changes is put in force by itself, once", async (t) => {
  const stage = await openStage(t);
  const { loadedAt } = await statusOf(stage);
  await stage.write({ config: { outbox: { maxQueued: 7 } } });
  await until(stage, (configuration) => configuration.loadedAt !== loadedAt);
  t.match(lines(stage, "configuration reloaded"), [/"changed":\["outbox"\]/]);
  // What comes later is seen later, so nothing more of the first change is to come.
  await stage.write({ config: { outbox: { maxQueued: 8 } } });
  await stage.call("server.reload");
  const again = (await statusOf(stage)).loadedAt;
  await stage.write({ config: { outbox: { maxQueued: 9 } } });
  await until(stage, (configuration) => configuration.loadedAt !== again);
  t.equal(lines(stage, "configuration reloaded").length, 3);
});

t.test("a bad file is logged once, and a file that it lacked is found when it comes", async (t) => {
  const stage = await openStage(t);
  const { loadedAt } = await statusOf(stage);
  await stage.write({ config: { aliases: { A: `\${file:./name.txt}` } } });
  const refused = await until(stage, ({ lastError }) => lastError !== undefined);
  t.match(refused, { loadedAt, lastError: /perch\.yaml:\d+:\d+: the file .*name\.txt that is referred to does not exist/ });
  t.equal(lines(stage, REFUSED).length, 1);
  await replace(join(stage.folder, "name.txt"), "ARSYS.ALRT.TWITTER\n");
  const mended = await until(stage, (configuration) => configuration.loadedAt !== loadedAt);
  t.equal(mended.lastError, undefined);
  t.equal(lines(stage, REFUSED).length, 1, "one line for one content, however often it is looked at");
  const { error } = await stage.rpc("filterApiCall", { plugin: "A", inValues: ["Nobody", null, "Hi", null, null] });
  t.match(error, { data: { reason: "not-registered" } }, "the alias is in force");
  await rm(join(stage.folder, "name.txt"));
  await until(stage, ({ lastError }) => lastError !== undefined);
  t.equal(lines(stage, REFUSED).length, 2);
});

t.test("a file that a plug-in's settings name is watched too", async (t) => {
  const stage = await openStage(t);
  const { loadedAt } = await statusOf(stage);
  await stage.write({ userDefined: { caFile: "./ca.pem" } });
  t.match(await until(stage, ({ lastError }) => lastError !== undefined), { loadedAt, lastError: /caFile names .*ca\.pem/ });
  await replace(join(stage.folder, "ca.pem"), CERTIFICATE);
  const first = await until(stage, (configuration) => configuration.loadedAt !== loadedAt);
  await replace(join(stage.folder, "ca.pem"), `${CERTIFICATE}\n`);
  await until(stage, (configuration) => configuration.loadedAt !== first.loadedAt);
  t.match(lines(stage, "configuration reloaded").at(-1), '"changed":["plug-in twitter: files"]');
});

t.test("what waits for a restart is named with its reason, until it is undone", async (t) => {
  const stage = await openStage(t);
  const waiting = { needsRestart: ["store", "log.file"], why: { store: /open/, "log.file": /start/ } };
  const changed = { config: { store: "sqlite:./other.db", log: { file: "./x.log" } } };
  t.match(await stage.configure(changed), { result: waiting });
  t.match(await stage.configure({ config: { ...changed.config, outbox: { maxQueued: 3 } } }), { result: waiting }, "the next one too");
  t.match(await statusOf(stage), waiting);
  t.match(await stage.configure({}), { result: { needsRestart: [], why: {} } });
});

t.test("a level that was set at run time outlives a reload of something else, and the file's change wins", async (t) => {
  const stage = await openStage(t, { config: { log: { level: "info", plugins: { twitter: "warn" } } } });
  await stage.call("server.logLevel", { level: "debug" });
  await stage.call("server.logLevel", { level: "debug", plugin: "twitter" });
  await stage.configure({ config: { log: { level: "info", plugins: { twitter: "warn" } }, outbox: { maxQueued: 5 } } });
  const { result } = await stage.configure({ config: { log: { level: "warn" } } });
  t.match(result, { changed: ["outbox", "log levels"] });
  t.equal(lines(stage, "configuration reloaded").length, 1, "info is below warn now");
});

t.test("a plug-in that the file no longer names follows the host's level", async (t) => {
  const stage = await openStage(t, { config: { log: { level: "info", plugins: { twitter: "warn" } } } });
  const levelOf = async (level: string, plugin?: string) =>
    (await stage.call<{ level: string }>("server.logLevel", { level, ...(plugin && { plugin }) })).level;
  await levelOf("debug", "twitter");
  t.equal(await levelOf("default", "twitter"), "warn", "its own while there is one");
  await stage.configure({ config: { log: { level: "error" } } });
  const lacking = (await stage.rpc("server.logLevel", { level: "default", plugin: "nobody" })).error;
  t.match(lacking, { data: { reason: "not-found" } });
  t.equal(await levelOf("debug"), "debug");
  t.equal(await levelOf("Default", "twitter"), "debug", "the host's as it is now");
  t.equal(await levelOf("default"), "error");
});

t.test("a client's password rotates in the file", async (t) => {
  const stage = await openStage(t);
  const call = async (password: string) => {
    const headers = { "content-type": "application/json", authorization: `Basic ${Buffer.from(`ops:${password}`).toString("base64")}` };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "server.status" });
    return (await fetch(`${stage.host.url}/rpc`, { method: "POST", headers, body })).status;
  };
  const clients = (password: string) => ({ credentials: { clients: [{ name: "ops", role: "admin", password }] } });
  t.match(await stage.configure(clients("first")), { result: { changed: ["clients"] } });
  t.equal(await call("first"), 200);
  t.match(await stage.configure(clients("second")), { result: { changed: ["clients"] } });
  t.equal(await call("first"), 401, "what was verified before is forgotten");
  t.equal(await call("second"), 200);
});

t.test("a reload of something else lets no guesser off", async (t) => {
  const stage = await openStage(t);
  const guess = async (name: string) => {
    const headers = { "content-type": "application/json", authorization: `Basic ${Buffer.from(`${name}:wrong`).toString("base64")}` };
    return (await fetch(`${stage.host.url}/rpc`, { method: "POST", headers, body: "{}" })).status;
  };
  const clients = (password: string) =>
    ["ops", "admin"].map((name) => ({ name, role: "admin", password: name === "ops" ? password : "x" }));
  await stage.configure({ credentials: { clients: clients("first") } });
  for (const name of ["ops", "admin"]) for (let n = 0; n < 12; n += 1) await guess(name);
  await stage.configure({ credentials: { clients: clients("first") }, config: { outbox: { maxQueued: 9 } } });
  t.strictSame([await guess("ops"), await guess("admin")], [429, 429]);
  await stage.configure({ credentials: { clients: clients("second") } });
  t.strictSame([await guess("ops"), await guess("admin")], [401, 429], "but who has a new password begins anew");
});

t.test("a renewed certificate is shown to new connections, and open ones go on", async (t) => {
  const folder = t.testdir({ "cert.pem": CERTIFICATE, "key.pem": KEY });
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const stage = await openStage(t, { config: { server: { port: 0, socket: "./perch.sock", tls: { certFile, keyFile } } } });
  const port = Number(new URL(stage.host.url).port);
  const open = async () => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    t.teardown(() => socket.destroy());
    await once(socket, "secureConnect");
    return socket;
  };
  const old = await open();
  const { loadedAt } = await statusOf(stage);
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=renewed"];
  execFileSync("openssl", [...request, "-keyout", `${keyFile}.new`, "-out", `${certFile}.new`], { stdio: "ignore" });
  // One after the other: in between, the key does not fit.
  await replace(certFile, await readFile(`${certFile}.new`, "utf8"));
  await replace(keyFile, await readFile(`${keyFile}.new`, "utf8"));
  await until(stage, (configuration) => configuration.loadedAt !== loadedAt);
  t.match(lines(stage, "configuration reloaded"), [/"changed":\["TLS certificate"\],"needsRestart":\[\]/]);
  t.equal((await open()).getPeerCertificate().subject.CN, "renewed");
  old.write("GET /healthz HTTP/1.1\r\nhost: perch\r\n\r\n");
  const [answer] = (await once(old, "data")) as [Buffer];
  t.match(answer.toString(), /^HTTP\/1\.1 200/);
});

t.test("a reload that finds nothing says what was taken up before, and when", async (t) => {
  const stage = await openStage(t);
  t.notOk("lastChange" in (await stage.call<object>("server.reload")), "nothing has been");
  await stage.configure({ config: { outbox: { maxQueued: 7 } } });
  const { loadedAt } = await statusOf(stage);
  t.match(await stage.call("server.reload"), { changed: [], lastChange: { at: loadedAt, changed: ["outbox"] } });
  t.match(await stage.call("server.reload"), { lastChange: { at: loadedAt } }, "also the next one");
});
