import t, { type Test } from "tap";
import { codeOf, PostgresDatabase } from "../../src/store/postgres-database.ts";
import { StoreUnavailable } from "../../src/store/store.ts";
import { startPostgres } from "./postgres-server.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());

async function open(t: Test): Promise<PostgresDatabase> {
  const database = new PostgresDatabase(await server.createDatabase(), {});
  t.teardown(() => database.close());
  await database.query("CREATE TABLE numbers (number integer PRIMARY KEY)");
  return database;
}
const INSERT = "INSERT INTO numbers VALUES ($1)";
const numbers = async (database: PostgresDatabase) =>
  (await database.query<{ number: number }>("SELECT number FROM numbers ORDER BY number")).map(({ number }) => number);

t.test("a transaction waits for the statements that nobody awaited", async (t) => {
  const database = await open(t);
  await database.transaction(async (query) => {
    void query(INSERT, [1]);
    void query(INSERT, [2]);
  });
  t.same(await numbers(database), [1, 2]);
});

t.test("a statement that nobody awaited and that fails takes the transaction with it, and says why", async (t) => {
  const database = await open(t);
  const failed = database.transaction(async (query) => {
    void query(INSERT, [1]);
    void query(INSERT, [1]);
    void query(INSERT, [2]);
    return "answer";
  });
  const cause: unknown = await failed.catch((cause: unknown) => cause);
  t.ok(cause instanceof StoreUnavailable && codeOf(cause.cause) === "23505", "a duplicate key, and not the aborted transaction after it");
  t.same(await numbers(database), []);
});

t.test("where a later statement is awaited, the first that failed is told all the same", async (t) => {
  const database = await open(t);
  const failed = database.transaction(async (query) => {
    void query(INSERT, ["not a number"]);
    return query(INSERT, [2]);
  });
  const cause: unknown = await failed.catch((cause: unknown) => cause);
  t.ok(cause instanceof StoreUnavailable && codeOf(cause.cause) === "22P02");
  t.same(await numbers(database), []);
});

t.test("what its own code refuses is undone, and the connection is not used again", async (t) => {
  const database = await open(t);
  const refusal = new StoreUnavailable("refused", { cause: new Error("by hand"), mayPass: false });
  const refused = database.transaction(async (query) => {
    await query(INSERT, [1]);
    throw refusal;
  });
  await t.rejects(refused, refusal);
  t.same(await numbers(database), []);
});
