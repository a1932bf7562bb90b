/** An upgrade host by host: who may go on beside a newer schema, who is refused, and who waits. */
import pg from "pg";
import t from "tap";
import { openStore } from "../../src/store/open.ts";
import { PostgresDatabase } from "../../src/store/postgres-database.ts";
import { type Migration, migrateAt, migrations, newestVersion, readSchema } from "../../src/store/postgres-migrate.ts";
import { startPostgres } from "./postgres-server.ts";
import { accept, newDelivery, newRegistration, putRequest } from "./store.contract.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());
const newest = newestVersion();
const CARD = { id: "h1", name: "desk-1", version: "1", url: "http://x", startedAt: 0, keyIds: [], offsets: {} };

/** What a later version would bring. */
const later = (version: number, compatible: number, sql = `CREATE TABLE later_${version} (x integer)`): Migration => ({
  version,
  compatible,
  sql,
});

const upgrade = (url: string, ...known: Migration[]): Promise<void> => migrateAt(url, {}, known);

async function schemaAt(url: string) {
  const database = new PostgresDatabase(url, {});
  return await readSchema(database.query).finally(() => database.close());
}

t.test("an older host goes on beside a newer schema that reaches down to it, and starts on it", async (t) => {
  const url = await server.createDatabase();
  const older = await openStore(url);
  await older.saveRegistration(newRegistration());
  await older.heartbeat(CARD, 0, []);
  await upgrade(url, later(newest + 1, newest));
  t.match(await schemaAt(url), { version: newest + 1, compatible: newest });
  t.match(await accept(older), { seq: 1 }, "what was running goes on");
  const restarted = await openStore(url);
  t.match(await accept(restarted), { seq: 2 }, "and one of its version may start");
  await Promise.all([older.close(), restarted.close()]);
});

t.test("an older host is refused by a schema that does not reach down to it, also when a later one would", async (t) => {
  const url = await server.createDatabase();
  await (await openStore(url)).close();
  await upgrade(url, later(newest + 1, newest + 1), later(newest + 2, 1));
  await t.rejects(openStore(url), {
    message: new RegExp(
      `schema version ${newest + 2}, whose hosts must know version ${newest + 1}, and this Perch knows ${newest}\\. Start a newer Perch`,
    ),
  });
});

t.test("a schema on which running hosts can't go on waits until they are stopped", async (t) => {
  const url = await server.createDatabase();
  const older = await openStore(url);
  await older.heartbeat(CARD, 0, []);
  await t.rejects(upgrade(url, later(newest + 1, newest + 1)), { message: /desk-1 still runs\. Stop every older host/ });
  t.match(await schemaAt(url), { version: newest }, "nothing was changed");
  await older.close();
  await upgrade(url, later(newest + 1, newest + 1));
  t.match(await schemaAt(url), { version: newest + 1 });
});

t.test("of two hosts that migrate at once one waits, and each step is done once", async (t) => {
  const url = await server.createDatabase();
  await Promise.all([openStore(url), openStore(url), openStore(url)].map(async (opening) => (await opening).close()));
  const step = later(newest + 1, newest, "CREATE TABLE once AS SELECT pg_sleep(0.2) IS NULL AS slept");
  await Promise.all([upgrade(url, step), upgrade(url, step), upgrade(url, step)]);
  t.match(await schemaAt(url), { version: newest + 1 });
});

t.test("a call that an earlier version accepted is still recognised as a repeat, also when not all of it is kept", async (t) => {
  const url = await server.createDatabase();
  await upgrade(url, ...migrations().filter(({ version }) => version <= 2));
  const client = new pg.Client(url);
  await client.connect();
  const earlier = newDelivery({ entryId: "INC1" });
  for (const id of ["pruned", "two", "three"])
    await client.query(
      `INSERT INTO deliveries (id, plugin, lane, registration_id, functional_user, account_name, content, entry_id, text, priority, client,
        accepted_at, expires_at) VALUES ($1, $2, $3, 'r1', 'u', 'a', 'Broadcast', 'INC1', 't', 5, 'c', $4, $4)`,
      [id, earlier.plugin, earlier.lane, earlier.acceptedAt],
    );
  await client.query("DELETE FROM deliveries WHERE id = 'pruned'");
  await client.query("INSERT INTO repeats (kind, scope, key, digest, seqs, at) VALUES ('content', '', 'd', 'd', '{1,2,3}', $1)", [
    earlier.acceptedAt,
  ]);
  await client.end();
  const after = await openStore(url);
  const repeat = { kind: "content", digest: "INC1 d" } as const;
  t.match(await after.put(putRequest([newDelivery({ entryId: "INC1" })], { repeat })), {
    outcome: "duplicate",
    deliveries: [{ seq: 2 }, { seq: 3 }],
  });
  await after.close();
});

t.test("a step through a large table has more time than the work of a host", async (t) => {
  const url = await server.createDatabase();
  await (await openStore(url)).close();
  await upgrade(url, later(newest + 1, newest, "CREATE TABLE given AS SELECT current_setting('statement_timeout') AS most"));
  const database = new PostgresDatabase(url, {});
  t.teardown(() => database.close());
  t.strictSame(await database.query("SELECT most FROM given"), [{ most: "1h" }]);
  t.strictSame(await database.query("SELECT current_setting('statement_timeout') AS most"), [{ most: "15s" }]);
});

t.test("one that waits for too long says for what", async (t) => {
  const url = await server.createDatabase();
  const client = new pg.Client(url);
  await client.connect();
  await client.query("SELECT pg_advisory_lock(7467001)");
  await t.rejects(openStore(url), { message: /lock timeout\. Another host is changing the tables, or `perch store copy` is at work/ });
  await client.end();
  await (await openStore(url)).close();
});

t.test("a step that fails leaves the schema as it was", async (t) => {
  const url = await server.createDatabase();
  await (await openStore(url)).close();
  await t.rejects(upgrade(url, later(newest + 1, newest, "CREATE TABLE half (x integer); CREATE TABLE half (x integer)")));
  t.match(await schemaAt(url), { version: newest });
});
