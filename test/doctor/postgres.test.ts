/** What the doctor and the rotation of the vault's key see of a store in PostgreSQL. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import t, { type Test } from "tap";
import type { DoctorLine } from "../../src/cli/machine.ts";
import { diagnose } from "../../src/doctor/diagnose.ts";
import { rotateVaultKey } from "../../src/doctor/rotate-key.ts";
import { inspectStore } from "../../src/store/inspect.ts";
import { openStore } from "../../src/store/open.ts";
import { openVault } from "../../src/vault.ts";
import { startPostgres } from "../store/postgres-server.ts";
import { secure } from "../store/secure-postgres.ts";
import { newAccount, newRegistration } from "../store/store.contract.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());
const [plain, other] = [await server.createDatabase(), await server.createDatabase()];
const ca = await secure(server, "marked-password");
const over = (url: string, options = `?sslmode=verify-full&sslrootcert=${ca}`) => `${url.replace("127.0.0.1", "localhost")}${options}`;
const store = over(plain);
const access = { postgres: { password: () => "marked-password" } };
const KEYS = [1, 2].map((byte) => ({ id: `key-${byte}`, key: Buffer.alloc(32, byte).toString("base64") }));

function configuration(t: Test, url: string, password = "marked-password"): string {
  const folder = mkdtempSync(join(tmpdir(), "perch-doctor-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, "perch.yaml"),
    JSON.stringify({ credentials: "./c.yaml", server: { port: 0, socket: "./s" }, store: url, plugins: [] }),
  );
  const credentials = { vault: { keys: KEYS }, clients: [{ name: "a", role: "admin", password: "marked-client" }], store: { password } };
  writeFileSync(join(folder, "c.yaml"), JSON.stringify(credentials, null, 1), { mode: 0o600 });
  return join(folder, "perch.yaml");
}

async function linesOf(configFile: string, now = Date.now): Promise<DoctorLine[]> {
  const lines: DoctorLine[] = [];
  for await (const line of diagnose({ configFile, environment: {}, version: "0.1.0", nodeVersion: "v24.0.0", now })) lines.push(line);
  return lines;
}
const find = (lines: DoctorLine[], check: string) => lines.find((line) => line.check === check);

t.test("a database without tables is looked at, and nothing is made in it", async (t) => {
  t.match(find(await linesOf(configuration(t, over(other))), "store"), {
    state: "ok",
    found: /PostgreSQL \d+.*the host makes its tables at its start/,
  });
  t.match(await inspectStore(over(other), { password: () => "marked-password", now: Date.now }), { version: 0 });
});

t.test("with hosts on it: version, hosts, the way to it, its clock, and accounts that nobody authorised", async (t) => {
  const host = await openStore(store, access);
  await host.heartbeat(
    { id: "h1", name: "desk-1", version: "1", url: "http://x", startedAt: 0, keyIds: ["key-1"], offsets: {} },
    Date.now(),
    [],
  );
  await host.saveRegistration(newRegistration({ lane: null }));
  const lines = await linesOf(configuration(t, store));
  t.match(find(lines, "store"), { state: "ok", found: /perch_1 answers, PostgreSQL \d+.*schema version \d+, in use by desk-1$/ });
  t.match(find(lines, "database way"), { state: "ok", found: "encrypted (TLS)" });
  t.match(find(lines, "database clock"), { state: "ok" });
  t.match(find(lines, "registration"), { state: "warn", found: /by Twitter, which no plug-in that loads offers$/ });
  const fast = await linesOf(configuration(t, store), () => Date.now() + 5_000);
  t.match(find(fast, "database clock"), {
    state: "warn",
    found: /this machine is (4\.\d|5(\.\d)?) s ahead of the database/,
    remedy: /NTP/,
  });
  await host.close();
});

const FAILING: [what: string, url: string, password: string, found: RegExp][] = [
  ["a wrong password", store, "marked-wrong", /password authentication failed.*store\.password/],
  ["a server that is not there", "postgres://perch@127.0.0.1:1/perch", "marked-password", /ECONNREFUSED.*Is PostgreSQL up/],
  ["no TLS", over(plain, ""), "marked-password", /takes encrypted connections only/],
];
for (const [what, url, password, found] of FAILING)
  t.test(`${what} fails with what to do, and no line holds a secret`, async (t) => {
    const lines = await linesOf(configuration(t, url, password));
    t.match(find(lines, "store"), { state: "fail", found });
    t.notMatch(JSON.stringify(lines), /marked/);
  });

t.test("a schema of a newer Perch, and a database that takes no writes", async (t) => {
  const client = new pg.Client({ host: server.folder, port: server.port, user: "perch", database: "perch_1" });
  await client.connect();
  await client.query("INSERT INTO perch_schema VALUES (99, 99)");
  t.match(find(await linesOf(configuration(t, store)), "store"), { state: "fail", found: /schema version 99 needs hosts that know 99/ });
  await client.query("DELETE FROM perch_schema WHERE version = 99");
  await client.query("ALTER DATABASE perch_1 SET default_transaction_read_only = on");
  t.match(find(await linesOf(configuration(t, store)), "store"), { state: "fail", found: /takes no writes/, remedy: /primary/ });
  await client.query("SET default_transaction_read_only = off; ALTER DATABASE perch_1 RESET default_transaction_read_only");
  await client.end();
});

t.test("an old key stays as long as it seals a token, or a host would seal with it", async (t) => {
  const configFile = configuration(t, store);
  const options = { configFile, environment: {}, now: Date.now };
  const host = await openStore(store, access);
  const sealed = (key: (typeof KEYS)[number]) => openVault([key]).seal("{}", "42");
  const card = (keyIds: string[]) => ({ id: "h1", name: "desk-1", version: "1", url: "http://x", startedAt: 0, keyIds, offsets: {} });
  const [first, second] = KEYS as [(typeof KEYS)[number], (typeof KEYS)[number]];
  await host.saveAccount(newAccount({ token: sealed(second) }));
  await host.heartbeat(card(["key-1", "key-2"]), Date.now(), []);
  t.match(await rotateVaultKey(options, { do: "drop-old" }), { ok: false, problems: [/key-2 seals the token of ITSM_Notify/] });
  await host.saveAccount(newAccount({ token: sealed(first) }));
  await host.heartbeat(card(["key-2", "key-1"]), Date.now(), []);
  t.match(await rotateVaultKey(options, { do: "drop-old" }), {
    ok: false,
    problems: [/key-2 seals whatever the host desk-1 seals from now on/],
  });
  await host.heartbeat(card(["key-1", "key-2"]), Date.now(), []);
  t.match(await rotateVaultKey(options, { do: "drop-old" }), { ok: true, value: { keys: ["key-1"], dropped: ["key-2"] } });
  t.notMatch(readFileSync(configFile.replace("perch.yaml", "c.yaml"), "utf8"), "key-2");
  await host.close();
  const nowhere = configuration(t, "postgres://perch@127.0.0.1:1/perch");
  t.match(await rotateVaultKey({ ...options, configFile: nowhere }, { do: "drop-old" }), {
    ok: false,
    problems: [/can't be seen what they seal: .*ECONNREFUSED/],
  });
});
