import { randomUUID } from "node:crypto";
import pg from "pg";
import t from "tap";
import { openPostgres } from "../../src/store/postgres.ts";
import type { NewDelivery } from "../../src/store/store.ts";
import { startPostgres } from "./postgres-server.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());

const delivery = (lane: string): NewDelivery => ({
  id: randomUUID(),
  plugin: "twitter",
  lane,
  registrationId: "registration",
  functionalUser: "ServiceDesk",
  accountName: lane,
  content: "Broadcast",
  entryId: null,
  text: "E-mail is down",
  priority: 5,
  client: "ar-server",
  acceptedAt: 1_000,
  expiresAt: 1e15,
  datedBy: null,
});

t.test("the head of a lane that has grown since PostgreSQL last counted its rows is found without reading the lane", async (t) => {
  const url = await server.createDatabase();
  const store = await openPostgres(url);
  t.teardown(() => store.close());
  const names = { company: "Global", content: "Broadcast", functionalUser: "ServiceDesk", mechanism: "Twitter", accountName: "one" };
  const moments = { authorizedAt: null, pending: null, createdAt: 0, updatedAt: 0 };
  await store.saveRegistration({ id: "registration", ...names, ...moments, enabled: true, lane: "one" });
  const deliveries = Array.from({ length: 20_000 }, () => delivery("one"));
  await store.put({ deliveries, repeatSince: 0, maxQueued: 1e9 });

  const client = new pg.Client(url);
  await client.connect();
  t.teardown(() => client.end());
  const pagesOf = async (sql: string) => {
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`);
    const plan = rows[0]["QUERY PLAN"][0].Plan as Record<string, number>;
    return (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
  };
  // The first call also reads the catalogue.
  await pagesOf("SELECT perch_head('one', 2000, 0, NULL)");
  t.ok((await pagesOf("SELECT perch_head('one', 2000, 0, NULL)")) < 30);
  t.ok((await pagesOf("SELECT count(text) FROM deliveries")) > 300, "and the lane has more pages than that");
  t.equal((await store.claim("one", 2_000, { since: 0, by: null }))?.id, deliveries[0]?.id);
});
