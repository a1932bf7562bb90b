import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import t, { type Test } from "tap";
import { openStore } from "../../src/store/open.ts";
import type { Store, StoreEvent } from "../../src/store/store.ts";
import { newDelivery, storedAccount, storedRegistration } from "../host/stored.ts";
import { startPostgres } from "./postgres-server.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());

/** Two hosts' stores on one database, what the second one hears, and a connection of the test's own. */
async function openBoth(t: Test): Promise<{ one: Store; two: Store; heard: StoreEvent[]; own: pg.Client }> {
  const address = await server.createDatabase();
  const [one, two] = [await openStore(address), await openStore(address)];
  const own = new pg.Client({ connectionString: address });
  await own.connect();
  const heard: StoreEvent[] = [];
  two.subscribe((event) => void heard.push(event));
  t.teardown(async () => {
    await Promise.all([one.close(), two.close(), own.end()]);
  });
  return { one, two, heard, own };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

t.test("each change is told to the others and not to oneself", async (t) => {
  const { one, two, heard } = await openBoth(t);
  const own: StoreEvent[] = [];
  one.subscribe((event) => void own.push(event));
  const kinds = () => heard.map((event) => (event.kind === "lane" ? event.lane : event.kind));
  const tells = async (change: Promise<unknown>, ...expected: string[]) => {
    heard.length = 0;
    await change;
    await until(() => heard.length >= expected.length);
    t.strictSame(kinds(), expected);
  };
  await tells(one.saveRegistration(storedRegistration({ id: "r1" })), "registrations");
  await tells(one.saveAccount(storedAccount()), "accounts");
  await tells(one.changeAccount("example:7", { paused: true }), "accounts");
  await tells(one.put({ deliveries: [newDelivery({ expiresAt: 5 })], repeatSince: 0, maxQueued: 9 }), "example:7");
  await tells(one.expire("example", 6, { by: null, since: 0 }), "example:7");
  await tells(one.retry(["d1"], 7, 99), "example:7");
  await tells(one.cancel(["d1"], 8), "example:7");
  await tells(one.deleteRegistration("r1", 9), "registrations");
  // What is told last comes last: nothing of its own was on the way to the first.
  await two.saveAccount(storedAccount());
  await until(() => own.length > 0);
  t.strictSame(own, [{ kind: "accounts" }]);
});

t.test("what somebody else says on the channel harms nobody", async (t) => {
  const { one, heard, own } = await openBoth(t);
  for (const said of ["", "hello", "null", "[]", '{"by":1}', '{"by":"x","lanes":"all"}', '{"by":"x","kind":"__proto__"}'])
    await own.query("SELECT pg_notify('perch', $1)", [said]);
  await one.saveAccount(storedAccount());
  await until(() => heard.length > 0);
  t.strictSame(heard, [{ kind: "accounts" }]);
});

t.test("a connection that is lost is made anew, and all is announced that may have been missed", async (t) => {
  const { one, heard, own } = await openBoth(t);
  await own.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
  await until(() => heard.length > 0);
  t.strictSame(heard, [{ kind: "everything" }]);
  await one.saveAccount(storedAccount());
  await until(() => heard.length > 1);
  t.strictSame(heard.at(-1), { kind: "accounts" });
  const { rows } = await own.query(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
  );
  t.ok(rows[0].count <= 2, "one for each store");
});
