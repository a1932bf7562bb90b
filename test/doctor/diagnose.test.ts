/** `perch doctor` on real hosts, stores, sockets and disks, running and stopped. */

import { once } from "node:events";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { start as startSandbox } from "../../plugins/twitter/sandbox/start.ts";
import type { DoctorLine } from "../../src/cli/machine.ts";
import { checkCredentials } from "../../src/doctor/check-credentials.ts";
import { diagnose } from "../../src/doctor/diagnose.ts";
import { spaceOf } from "../../src/doctor/disk-lines.ts";
import { nodeLine } from "../../src/doctor/host-lines.ts";
import { newestVersion } from "../../src/store/sqlite-database.ts";
import { entryOf, LOG_IN, openStandIn } from "../directory/ar-stand-in.ts";
import { openStage } from "../stage.ts";
import { mountSmallDisk, noMount } from "../store/small-disk.ts";

type Wish = {
  config?: Record<string, unknown>;
  credentials?: Record<string, unknown>;
  twitter?: Record<string, unknown>;
  plugins?: unknown[];
};
const VAULT = { keys: [{ id: "test", key: Buffer.alloc(32, 7).toString("base64") }] };
const PASSWORD = "a-password-of-a-client";

/** Both files in a folder of their own, and a sandbox that all is well with. */
async function openFolder(t: Test, wish: Wish = {}) {
  // Not t.testdir(): its paths are too long for a Unix socket.
  const folder = mkdtempSync(join(tmpdir(), "perch-doctor-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const sandbox = await startSandbox({ port: 0 });
  t.teardown(() => sandbox.close());
  const config = {
    server: { port: 0, socket: "./perch.sock" },
    store: "sqlite:./perch.db",
    credentials: "./credentials.yaml",
    plugins: wish.plugins ?? [{ module: "twitter", userDefined: { apiBaseUrl: sandbox.url } }],
    ...wish.config,
  };
  const credentials = {
    vault: VAULT,
    clients: [{ name: "admin", role: "admin", password: PASSWORD }],
    plugins: { twitter: { consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret", ...wish.twitter } },
    ...wish.credentials,
  };
  const configFile = join(folder, "perch.yaml");
  writeFileSync(configFile, JSON.stringify(config, null, 1));
  writeFileSync(join(folder, "credentials.yaml"), JSON.stringify(credentials, null, 1), { mode: 0o600 });
  return { folder, configFile, sandboxUrl: sandbox.url };
}

const optionsOf = (configFile: string) => ({ configFile, environment: {}, version: "test", nodeVersion: "v24.1.0", now: Date.now });

async function gather(lines: AsyncIterable<DoctorLine>): Promise<DoctorLine[]> {
  const found: DoctorLine[] = [];
  for await (const line of lines) found.push(line);
  return found;
}
const linesOf = (configFile: string): Promise<DoctorLine[]> => gather(diagnose(optionsOf(configFile)));
const find = (lines: readonly DoctorLine[], check: string): DoctorLine => {
  const line = lines.find((one) => one.check === check);
  if (!line) throw new Error(`no line ${check} among ${lines.map((one) => one.check).join(", ")}`);
  return line;
};
const failed = (lines: readonly DoctorLine[]) => lines.filter(({ state }) => state === "fail").map(({ check }) => check);

t.test("before the first start nothing fails, and what is still to do is told", async (t) => {
  const { configFile } = await openFolder(t);
  const lines = await linesOf(configFile);
  t.strictSame(failed(lines), []);
  t.match(find(lines, "running"), { part: "host", state: "warn", found: /no host answers/, remedy: "Start it: perch start" });
  t.match(find(lines, "store"), { state: "ok", found: /not there yet/ });
  t.match(find(lines, "accounts"), { part: "twitter", state: "warn", remedy: /registrations create/ });
});

t.test("beside a running host: the store is read and not locked, and the stored token is tried", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const lines = await linesOf(stage.configFile);
  t.strictSame(failed(lines), []);
  t.match(find(lines, "running"), { state: "ok", found: /^version test runs, process \d+/ });
  t.match(find(lines, "store"), { state: "ok", found: /in use by the running host/ });
  t.match(find(lines, "clock"), { part: "host", state: "ok", found: /the host measured it by twitter: (right|\d s)/ });
  t.match(find(lines, "token of ITSM_Notify"), { state: "ok", found: /X accepts it as ITSM_Notify/ });
  await stage.host.stop();
  const stopped = await linesOf(stage.configFile);
  t.match(find(stopped, "token of ITSM_Notify"), { state: "ok" }, "and with the host stopped just as well");
  t.match(find(stopped, "store"), { state: "ok", found: /schema version \d+$/ });
});

t.test("a host that is of another version, or refused its last reload", async (t) => {
  const stage = await openStage(t);
  const lines = await gather(diagnose({ ...optionsOf(stage.configFile), version: "9.9.9" }));
  t.match(find(lines, "running"), { state: "warn", found: /and this program is 9\.9\.9/, remedy: /Start the host again/ });
  await stage.configure({ config: { outbox: { maxQueued: -1 } } });
  const wrong = await linesOf(stage.configFile);
  t.match(find(wrong, "configuration"), { state: "fail", found: /perch\.yaml:\d+:\d+: .*maxQueued/, remedy: /Correct that place/ });
  t.match(find(wrong, "the rest"), { state: "skipped", found: /hang on configuration/ });
});

t.test("a store that another host holds, whose socket is elsewhere", async (t) => {
  const stage = await openStage(t);
  const { configFile } = await openFolder(t, { config: { store: `sqlite:${join(stage.folder, "perch.db")}` } });
  t.match(find(await linesOf(configFile), "store"), {
    state: "fail",
    found: /in use by a host that server\.socket does not lead to/,
    remedy: /Stop that host/,
  });
});

async function stoppedStore(t: Test): Promise<string> {
  const stage = await openStage(t);
  await stage.register();
  await stage.host.stop();
  return stage.configFile;
}
const storeOf = (configFile: string): string => configFile.replace(/perch\.yaml$/, "perch.db");

t.test("a store of a newer Perch, and one of an older", async (t) => {
  const configFile = await stoppedStore(t);
  const setVersion = (version: number) => {
    const db = new Database(storeOf(configFile));
    db.prepare("UPDATE meta SET value = ? WHERE key = 'schema-version'").run(version);
    db.close();
  };
  setVersion(newestVersion() + 7);
  t.match(find(await linesOf(configFile), "store"), {
    state: "fail",
    found: new RegExp(`has schema version ${newestVersion() + 7}, and this Perch knows ${newestVersion()}`),
    remedy: /newer Perch/,
  });
  setVersion(newestVersion() - 1);
  t.match(find(await linesOf(configFile), "store"), { state: "warn", remedy: /Back it up first/ });
});

t.test("a store that is no store, and one that is something else's", async (t) => {
  const { configFile } = await openFolder(t);
  writeFileSync(storeOf(configFile), "this is a text and no database, although it is long enough to be looked at ".repeat(20));
  t.match(find(await linesOf(configFile), "store"), { state: "fail", found: /can't be opened as a store: .*put a backup in its place/ });
  rmSync(storeOf(configFile));
  const db = new Database(storeOf(configFile));
  db.exec("CREATE TABLE other (x)");
  db.close();
  t.match(find(await linesOf(configFile), "store"), { state: "fail", found: /database of something else/ });
});

t.test("a token that no key of the vault opens", async (t) => {
  const configFile = await stoppedStore(t);
  const credentials = configFile.replace(/perch\.yaml$/, "credentials.yaml");
  writeFileSync(credentials, readFileSync(credentials, "utf8").replace('"id": "test"', '"id": "other"'));
  t.match(find(await linesOf(configFile), "token of ITSM_Notify"), {
    state: "fail",
    found: /sealed with the key test, which vault\.keys .* lacks/,
    remedy: /Put that key back into vault\.keys/,
  });
});

t.test("an enabled registration whose account nobody authorised", async (t) => {
  const configFile = await stoppedStore(t);
  const db = new Database(storeOf(configFile));
  db.exec("UPDATE registrations SET lane = NULL");
  db.close();
  t.match(find(await linesOf(configFile), "registration"), {
    state: "warn",
    remedy: "Authorise it: perch registrations authorize ITSM_Notify",
  });
});

t.test("a port that another program has", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { configFile } = await openFolder(t, { config: { server: { port, socket: "./perch.sock" } } });
  t.match(find(await linesOf(configFile), "port"), {
    state: "fail",
    found: `127.0.0.1:${port} can't be listened on (EADDRINUSE)`,
    remedy: /Another program/,
  });
});

t.test("a socket behind which something else answers", async (t) => {
  const { configFile, folder } = await openFolder(t);
  const server = createServer((socket) => socket.end("220 mail.example ESMTP\r\n")).listen(join(folder, "perch.sock"));
  await once(server, "listening");
  t.teardown(() => server.close());
  t.match(find(await linesOf(configFile), "running"), { state: "fail", remedy: /start it again/ });
});

t.test("a socket whose path is longer than the system allows", async (t) => {
  const { configFile } = await openFolder(t, { config: { server: { port: 0, socket: `./${"long-".repeat(30)}.sock` } } });
  t.match(find(await linesOf(configFile), "running"), { state: "fail", found: /too long/, remedy: /107 bytes/ });
});

t.test("a disk that is full", { skip: noMount() }, async (t) => {
  const disk = mountSmallDisk(t, 4);
  if (!disk) throw new Error("not mounted");
  const handle = openSync(join(disk.folder, "filler"), "w");
  writeSync(handle, Buffer.alloc(3 * 1024 * 1024));
  closeSync(handle);
  const { configFile } = await openFolder(t, { config: { store: `sqlite:${join(disk.folder, "perch.db")}` } });
  t.match(find(await linesOf(configFile), "disk"), {
    state: "fail",
    found: /1 MiB free of 4 MiB \(\d+ %\).*\(store\)/,
    remedy: /Make room/,
  });
  disk.remount("ro");
  t.match(find(await linesOf(configFile), "store"), { state: "fail", found: /can't be made in/, remedy: /write that folder/ });
});

t.test("free space is judged by its size and by its share", async (t) => {
  const GIB = 1024 ** 3;
  t.match(spaceOf(50 * GIB, 100 * GIB, "/"), { state: "ok", found: "50.0 GiB free of 100.0 GiB (50 %) at /" });
  t.match(spaceOf(5 * GIB, 100 * GIB, "/"), { state: "warn" });
  t.match(spaceOf(GIB - 1, 2 * GIB, "/"), { state: "warn" });
  t.match(spaceOf(100 * 1024 ** 2 - 1, 200 * 1024 ** 2, "/"), { state: "fail" });
});

t.test("a Node that Perch is not tested on", async (t) => {
  t.match(nodeLine("v26.1.0"), { state: "warn", remedy: /Node 24/ });
  t.match(nodeLine("v24.0.0"), { state: "ok" });
});

t.test("a credentials file that others can read", async (t) => {
  const { configFile, folder } = await openFolder(t);
  chmodSync(join(folder, "credentials.yaml"), 0o644);
  t.match(find(await linesOf(configFile), "configuration"), { state: "fail", found: /mode 644.*chmod 600/ });
});

t.test("plug-ins that are missing, of another version, that throw, and that have no diagnosis, beside one that has", async (t) => {
  const fixture = (name: string) => ({ module: new URL(`../fixtures/plugins/${name}.ts`, import.meta.url).pathname });
  const modules = ["wrong-version", "throws-in-initialize", "pigeon"].map(fixture);
  const { configFile } = await openFolder(t, { plugins: [{ module: "./nowhere" }, ...modules], credentials: { plugins: {} } });
  const lines = await linesOf(configFile);
  const of = (part: string) => lines.filter((line) => line.part === part);
  t.match(of("nowhere"), [{ check: "plug-in", state: "fail", remedy: /plugins\[\]\.module/ }]);
  t.match(of("wrong-version"), [{ check: "plug-in", state: "fail", found: /API version/ }]);
  t.match(of("throws-in-initialize").at(-1), { check: "plug-in", state: "fail", found: /no licence/, remedy: /tell its author/ });
  t.match(of("pigeon").at(-1), { check: "service", state: "skipped", found: /no diagnosis of its own/ });
});

t.test("the check of the credentials tells of plain passwords, and what the service accepts", async (t) => {
  const accounts = { ITSM_Notify: { accessToken: "sandbox-access-token", accessTokenSecret: "sandbox-access-token-secret" } };
  const { configFile } = await openFolder(t, { twitter: { accounts } });
  const lines = await gather(checkCredentials({ configFile, environment: {}, offline: false }));
  t.strictSame(failed(lines), []);
  t.match(find(lines, "passwords"), { state: "warn", found: "plain: admin", remedy: /perch credentials hash/ });
  t.match(find(lines, "vault"), { state: "ok", found: "test seals" });
  t.match(find(lines, "consumer key"), { state: "ok" });
  t.match(find(lines, "token of ITSM_Notify"), { state: "ok" });
  t.notOk(
    lines.some(({ check }) => check === "DNS"),
    "the way is not its matter, as long as it leads to the service",
  );
  const offline = await gather(checkCredentials({ configFile, environment: {}, offline: true }));
  t.match(find(offline, "settings and secrets"), { state: "ok" });
  t.notOk(offline.some(({ check }) => check === "consumer key"));
});

t.test("the check of the credentials names what is missing, and a key that X refuses", async (t) => {
  const { configFile } = await openFolder(t, { twitter: { consumerSecret: "not-the-secret" } });
  t.match(find(await gather(checkCredentials({ configFile, environment: {}, offline: false })), "consumer key"), {
    state: "fail",
    remedy: /consumerKey and consumerSecret/,
  });
  const other = await openFolder(t, { credentials: { plugins: {} } });
  t.match(find(await gather(checkCredentials({ configFile: other.configFile, environment: {}, offline: true })), "settings and secrets"), {
    state: "fail",
    found: /consumerKey/,
  });
});

t.test("no line holds a secret, whatever the service says", async (t) => {
  const marked = { consumerKey: "MARKED-consumer-key", consumerSecret: "MARKED-consumer-secret" };
  const accounts = { ITSM_Notify: { accessToken: "MARKED-access-token", accessTokenSecret: "MARKED-access-secret" } };
  const { configFile, sandboxUrl } = await openFolder(t, { twitter: { ...marked, accounts } });
  const body = { errors: [{ code: 99, message: "MARKED-consumer-key MARKED-access-token MARKED-access-secret" }] };
  await fetch(`${sandboxUrl}/sandbox/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ times: 0, fault: { status: 403, body } }),
  });
  const lines = await linesOf(configFile);
  t.match(find(lines, "consumer key"), { state: "fail", found: /X answers 403/ });
  t.notMatch(JSON.stringify(lines), /MARKED|a-password-of-a-client/);
});

t.test("the users' directory: how many there are, or what is in the way", async (t) => {
  const standIn = await openStandIn(t, { entries: [entryOf("allen"), entryOf("mary")] });
  const lineOf = async (directory: object, logIn: object = LOG_IN) => {
    const { configFile } = await openFolder(t, { plugins: [], config: { directory }, credentials: { directory: logIn } });
    writeFileSync(join(configFile, "..", "nobody.json"), "[]");
    return find(await linesOf(configFile), "directory");
  };
  const arServer = { url: standIn.url };
  t.match(await lineOf({ arServer }), { state: "ok", found: `AR System at ${standIn.url} shows perch 2 users` });
  t.equal(standIn.asked.at(-1), "POST /api/jwt/logout");
  const refused = await lineOf({ arServer }, { ...LOG_IN, password: "Mark-of-a-password" });
  t.match(refused, { state: "fail", found: /refuses the log-in of perch/, remedy: /credentials file/ });
  t.notMatch(JSON.stringify(refused), "Mark-of-a-password");
  standIn.entries.length = 0;
  t.match(await lineOf({ arServer }), { state: "warn", found: /shows perch 0 users$/, remedy: /Let perch read the form User/ });
  t.match(await lineOf({ file: "./nobody.json" }), { state: "warn", found: /nobody\.json holds 0 users$/ });
});
