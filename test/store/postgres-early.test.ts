import pg from "pg";
import t from "tap";
import { PostgresDatabase } from "../../src/store/postgres-database.ts";
import { startPostgres } from "./postgres-server.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());

t.test("what was let out early is on the disk when it is answered", async (t) => {
  const url = await server.createDatabase();
  const database = new PostgresDatabase(url, {});
  await database.query("CREATE TABLE tally_moves (state text, delta bigint)");
  await database.query("CREATE TABLE numbers (number integer)");
  const looker = new pg.Client(url);
  await looker.connect();
  const isFlushed = async (place: string) =>
    (await looker.query("SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn AS flushed", [place])).rows[0].flushed as boolean;
  for (let round = 0; round < 20; round += 1) {
    const written = await database.transaction(
      async (query) => {
        await query("INSERT INTO numbers VALUES ($1)", [round]);
        return query<{ place: string }>("SELECT pg_current_wal_insert_lsn() AS place");
      },
      { early: true },
    );
    t.ok(await isFlushed(written[0]?.place ?? ""));
  }
  await looker.end();
  await database.close();

  server.stop("immediate");
  server.start();
  const after = new pg.Client(url);
  await after.connect();
  t.equal((await after.query("SELECT count(*)::int AS count FROM numbers")).rows[0].count, 20, "and stands there after a crash");
  await after.end();
});

t.test("a server whose default is to answer before the disk has it is not asked by that default", async (t) => {
  const url = await server.createDatabase();
  const owner = new pg.Client(url);
  await owner.connect();
  await owner.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
  await owner.end();
  const database = new PostgresDatabase(url, {});
  t.teardown(() => database.close());
  const shown = () => database.query<{ synchronous_commit: string }>("SHOW synchronous_commit");
  t.same(await shown(), [{ synchronous_commit: "on" }]);
  await database.query("CREATE TABLE tally_moves (state text, delta bigint)");
  await database.transaction(async (query) => void query("SELECT 1"), { early: true });
  t.same(await shown(), [{ synchronous_commit: "on" }], "and an early transaction leaves it as it was");
});
