import { randomBytes } from "node:crypto";
import t, { type Test } from "tap";
import { openPostgres } from "../../src/store/postgres.ts";
import { PostgresDatabase, type Query } from "../../src/store/postgres-database.ts";
import { putOperations } from "../../src/store/postgres-put.ts";
import { type PutResult, type RepeatKey, type Store, StoreUnavailable } from "../../src/store/store.ts";
import { startPostgres } from "./postgres-server.ts";
import { newDelivery, putRequest } from "./store.contract.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());

const KEY: RepeatKey = { kind: "key", scope: "ar-server", key: "k", digest: "d" };
const CONTENT: RepeatKey = { kind: "content", digest: "d" };

/** From the next commit on, whoever reads what is remembered of repeats is answered with this SQLSTATE. */
function failRecall(query: Query, sqlState: string): void {
  void query("ALTER TABLE repeats RENAME TO kept_repeats");
  void query(`CREATE FUNCTION fail() RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'this is a test' USING ERRCODE = '${sqlState}'; END $$`);
  void query("CREATE VIEW repeats AS SELECT * FROM kept_repeats WHERE fail()");
}
const fail = (query: Query, sqlState: string): void =>
  void query(`DO $$ BEGIN RAISE EXCEPTION 'this is a test' USING ERRCODE = '${sqlState}'; END $$`);
/** From its next statement on, this connection is lost when it writes what ends an early transaction. */
function failFlush(query: Query): void {
  void query("CREATE TABLE lost AS SELECT pg_backend_pid() AS pid");
  void query(`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_backend_pid() = (SELECT pid FROM lost) THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN new; END $$`);
  void query("CREATE TRIGGER lose BEFORE INSERT ON tally_moves FOR EACH ROW EXECUTE FUNCTION lose()");
}
const endBadly = (query: Query): void => void query("UPDATE deliveries SET state = 'failed' WHERE text = 'first'");

/**
 * A store that holds one delivery with this repeat key, and puts of a host that does `inside` at the end of the first,
 * the second, … transaction in which it writes.
 */
async function interfered(t: Test, repeat: RepeatKey, inside: ((query: Query) => void)[]) {
  const url = await server.createDatabase();
  const store = await openPostgres(url);
  const first = newDelivery({ text: "first" });
  await store.put(putRequest([first], { repeat }));
  const database = new PostgresDatabase(url, {});
  t.teardown(() => Promise.all([store.close(), database.close()]));
  const steps = inside.values();
  const onAccepted = (query: Query) => steps.next().value?.(query);
  return { store, first, ...putOperations(database, onAccepted, () => {}) };
}

const numberOf = async (store: Store): Promise<number> => (await store.list({ limit: 100 })).length;

// Something that may pass, a deadlock (which is tried again), and something that says that the data is wrong.
for (const sqlState of ["57P01", "40P01", "22P05"])
  t.test(`what was accepted is said to be, when looking for the repeats beside it ends in ${sqlState}`, async (t) => {
    const { put, store } = await interfered(t, KEY, [(query) => failRecall(query, sqlState)]);
    const fresh = newDelivery();
    const accepted = put(putRequest([fresh]));
    await t.rejects(put(putRequest([newDelivery()], { repeat: KEY })), StoreUnavailable);
    t.match(await accepted, { outcome: "accepted", deliveries: [{ id: fresh.id }] });
    t.match(await store.get(fresh.id), { state: "queued" });
    t.equal(await numberOf(store), 2);
  });

t.test("a value that is too large for PostgreSQL fails alone", async (t) => {
  const { put, store } = await interfered(t, KEY, []);
  const fresh = newDelivery();
  const accepted = put(putRequest([fresh]));
  // Chance can't be compressed, so that it is too large for a row of an index.
  const repeat = { ...KEY, key: randomBytes(10_000).toString("hex") };
  await t.rejects(put(putRequest([newDelivery()], { repeat })), { message: /index row/, mayPass: false });
  t.match(await accepted, { outcome: "accepted", deliveries: [{ id: fresh.id }] });
  t.equal(await numberOf(store), 2);
});

t.test("a repeat that is none any more when it is looked at is written after all, through a deadlock, too", async (t) => {
  const { put, store } = await interfered(t, CONTENT, [endBadly, (query) => fail(query, "40P01")]);
  const results = await Promise.all([put(putRequest([newDelivery()])), put(putRequest([newDelivery()], { repeat: CONTENT }))]);
  t.match(results, [{ outcome: "accepted" }, { outcome: "accepted" }]);
  t.equal(await numberOf(store), 3);
});

t.test("where that fails, it fails alone", async (t) => {
  const { put, store } = await interfered(t, CONTENT, [endBadly, (query) => fail(query, "57P01")]);
  const fresh = newDelivery();
  const accepted = put(putRequest([fresh]));
  await t.rejects(put(putRequest([newDelivery()], { repeat: CONTENT })), StoreUnavailable);
  t.match(await accepted, { outcome: "accepted", deliveries: [{ id: fresh.id }] });
  t.equal(await numberOf(store), 2);
});

t.test("what was committed is said to be accepted, when the connection is lost before it was known to be on the disk", async (t) => {
  const { put, store, first } = await interfered(t, KEY, [failFlush]);
  const fresh = newDelivery();
  const results = await Promise.all([put(putRequest([fresh])), put(putRequest([newDelivery()], { repeat: KEY }))]);
  t.match(results, [
    { outcome: "accepted", deliveries: [{ id: fresh.id, seq: 2 }] },
    { outcome: "duplicate", deliveries: [{ id: first.id }] },
  ]);
  t.equal(await numberOf(store), 2);
});

t.test("what was not committed is not said to be, when the connection is lost", async (t) => {
  const { put, store } = await interfered(t, KEY, [(query) => void query("SELECT pg_terminate_backend(pg_backend_pid())")]);
  await t.rejects(put(putRequest([newDelivery()])), StoreUnavailable);
  t.equal(await numberOf(store), 1);
  t.match(await put(putRequest([newDelivery()])), { outcome: "accepted" });
});

t.test("several hosts together accept no more than the bound, in one lane or in many", async (t) => {
  for (const lanes of [1, 7]) {
    const url = await server.createDatabase();
    const stores = await Promise.all([openPostgres(url), openPostgres(url), openPostgres(url)]);
    t.teardown(() => Promise.all(stores.map((store) => store.close())));
    const calls = Array.from({ length: 60 }, (_, index) => {
      const store = stores[index % stores.length] as Store;
      return store.put(putRequest([newDelivery({ lane: `twitter:${index % lanes}` })], { maxQueued: 10 }));
    });
    const results: PutResult[] = await Promise.all(calls);
    t.equal(results.filter(({ outcome }) => outcome === "accepted").length, 10);
    t.equal(results.filter(({ outcome }) => outcome === "full").length, 50);
  }
});
