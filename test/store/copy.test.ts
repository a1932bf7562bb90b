/** A whole store in another keeper: everything there, in its order, and nothing where the copy breaks off. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import t, { type Test } from "tap";
import { type CopyProgress, type CopySide, copyStore } from "../../src/store/copy.ts";
import { openStore } from "../../src/store/open.ts";
import { openCopySide } from "../../src/store/open-copy.ts";
import type { Store } from "../../src/store/store.ts";
import { startPostgres } from "./postgres-server.ts";
import { accept, newAccount, newAuditEntry, newDelivery, newMinute, newRegistration, putRequest } from "./store.contract.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());
const T0 = 1_700_000_000_000;
const noPassword = () => undefined;

async function copy(from: string, to: string, onProgress?: (progress: CopyProgress) => void) {
  const source = await openCopySide(from, "from", noPassword);
  try {
    const target = await openCopySide(to, "to", noPassword);
    return await copyStore(source, target, onProgress).finally(() => target.close());
  } finally {
    await source.close();
  }
}

const keyed = (key: string, ...deliveries: ReturnType<typeof newDelivery>[]) =>
  putRequest(deliveries, { repeat: { kind: "key", scope: "ar-server", key, digest: "d" } });

/** Something of everything: each state of deliveries and posts, holds, repeats, acts, and numbers that were pruned. */
async function fill(store: Store): Promise<void> {
  await store.saveRegistration(newRegistration());
  await store.saveRegistration(
    newRegistration({ id: "r2", functionalUser: "Müller", lane: null, authorizedAt: null, enabled: false, pending: "sealed-pending" }),
  );
  const fault = { reason: "rate-limited", cause: "429: später", x: { status: 429, title: "Z", detail: "A" } };
  await store.saveAccount(
    newAccount({
      protected: true,
      accessLevel: "read-write",
      checkedAt: T0 + 0.25,
      paused: true,
      hold: { fault, since: T0, until: null, probe: true },
    }),
  );
  await store.saveAccount(newAccount({ lane: "twitter:43", accountId: "43", accountName: "Other", token: null }));
  const many = Array.from({ length: 2_100 }, (_, index) => newDelivery({ text: `${index} Straße 🚧 'x' \\u0000` }));
  await Promise.all(many.map((delivery) => store.put(putRequest([delivery]))));
  const [one, two, three] = [
    await accept(store),
    await accept(store, { entryId: "INC1", expiresAt: T0 + 0.5, datedBy: "clock" }),
    await accept(store),
  ];
  const compose = [
    { text: one.text, reply: false },
    { text: "second", reply: true },
  ];
  await store.settle({
    deliveryId: one.id,
    at: T0,
    state: "sending",
    nextAttemptAt: null,
    compose,
    posts: [{ index: 0, state: "begun", begunAt: T0 }],
  });
  await store.settle({
    deliveryId: two.id,
    at: T0,
    state: "delivered",
    nextAttemptAt: null,
    compose,
    posts: [
      { index: 0, state: "posted", id: "9", url: "u" },
      { index: 1, state: "posted", id: "10" },
    ],
  });
  const tried = { index: 0, outcome: "retry", fault } as const;
  await store.settle({ deliveryId: three.id, at: T0, state: "waiting", nextAttemptAt: T0 + 5, attempts: 2, lastFault: fault, tried });
  await store.put(keyed("k1", newDelivery(), newDelivery({ lane: "twitter:43" })));
  await store.put(putRequest([newDelivery({ entryId: "INC2" })], { repeat: { kind: "content", digest: "c" } }));
  await store.cancel([(await accept(store)).id], T0);
  for (const id of ["a1", "a2"]) await store.appendAudit(newAuditEntry({ id, detail: { z: 1, a: ["b", "ü"] } }));
  await store.addMinutes([newMinute(9, { accepted: 3, latency_ms: 0.5, queued: 4 }), newMinute(9), newMinute(8, { took_longer: 1 })]);
  await store.endAudit("a1", { outcome: "refused", target: null, detail: { why: "x" }, arerr: 8753, reason: "bad-input" });
}

/** All that a host can see of it. */
async function seen(store: Store) {
  const deliveries = [];
  for (let beforeSeq = Number.MAX_SAFE_INTEGER; ; beforeSeq = deliveries.at(-1)?.seq ?? 0) {
    const page = await store.list({ limit: 1000, beforeSeq });
    if (page.length === 0) break;
    deliveries.push(...page);
  }
  const audit = await store.listAudit({ limit: 100 });
  const history = await store.sumMinutes({ since: 0, until: 100, step: 1, except: [] });
  return {
    deliveries,
    audit,
    history,
    registrations: await store.registrations(),
    accounts: await store.accounts(),
    counts: await store.counts(),
  };
}

async function seenAt(url: string) {
  const store = await openStore(url);
  return await seen(store).finally(() => store.close());
}

t.test("to PostgreSQL and back: everything, with its numbers, and both know a repeat", async (t) => {
  const [file, back] = [join(t.testdir(), "perch.db"), join(t.testdir(), "back.db")].map((path) => `sqlite:${path}`) as [string, string];
  const database = await server.createDatabase();
  const first = await openStore(file);
  await fill(first);
  const before = await seen(first);
  await first.close();

  const steps: CopyProgress[] = [];
  const report = await copy(file, database, (progress) => void steps.push(progress));
  t.match(report, {
    from: file,
    to: database,
    rows: { registrations: 2, accounts: 2, repeats: 2, audit: 2, history: 3, deliveries: before.deliveries.length },
  });
  t.ok(
    steps.some(({ table, checking, done, total }) => table === "deliveries" && !checking && done === 1000 && total > 2000),
    "progress is told on the way",
  );
  t.strictSame(await seenAt(database), before);

  // Numbers of one call need not follow each other where several hosts accept.
  const client = new pg.Client(database);
  await client.connect();
  await client.query("UPDATE repeats SET seqs = ARRAY[seqs[1], 3] WHERE key = 'k1'");
  await client.end();
  await copy(database, back);
  t.strictSame(await seenAt(back), before);

  const store = await openStore(back);
  const again = await store.put(keyed("k1", newDelivery()));
  t.match(again, { outcome: "duplicate", deliveries: [{ seq: 3 }, {}] });
  t.match(await store.put(putRequest([newDelivery()], { repeat: { kind: "content", digest: "c" } })), { outcome: "duplicate" });
  t.equal((await accept(store)).seq, before.deliveries[0]!.seq + 1, "and the numbers go on");
  const { recovered = [] } = (await store.take("twitter:42", "h1", T0, 0)) ?? {};
  t.match(
    recovered,
    [{ state: "in-doubt", posts: [{ state: "in-doubt" }, { state: "queued" }] }],
    "what was begun is doubted by the next host",
  );
  await store.close();
});

t.test("a number that was pruned does not come again", async (t) => {
  const file = `sqlite:${join(t.testdir(), "perch.db")}`;
  const store = await openStore(file);
  const last = await accept(store);
  await store.cancel([last.id], T0);
  await store.prune(T0 + 1, T0, T0);
  await store.close();
  const database = await server.createDatabase();
  await copy(file, database);
  const back = file.replace("perch.db", "back.db");
  await copy(database, back);
  for (const url of [database, back]) {
    const copied = await openStore(url);
    t.equal((await accept(copied)).seq, last.seq + 1, url);
    await copied.close();
  }
});

/** An address of each keeper, with a little in it. */
async function stores(t: Test): Promise<{ kind: string; filled: string; empty: string }[]> {
  const folder = t.testdir();
  const addresses = [
    { kind: "SQLite", filled: `sqlite:${join(folder, "filled.db")}`, empty: await server.createDatabase() },
    { kind: "PostgreSQL", filled: await server.createDatabase(), empty: `sqlite:${join(folder, "empty.db")}` },
  ];
  for (const { filled } of addresses) {
    const store = await openStore(filled);
    await store.saveRegistration(newRegistration());
    await accept(store);
    await store.close();
  }
  return addresses;
}

t.test("a store that a host works on is refused, as source and as target", async (t) => {
  for (const { kind, filled, empty } of await stores(t)) {
    const host = await openStore(filled);
    await t.rejects(copy(filled, empty), { name: "CopyRefused", message: /in use.*[Ss]top/s }, `from ${kind}`);
    await t.rejects(copy(empty.startsWith("sqlite:") ? `${filled}` : filled, filled), { name: "CopyRefused" });
    await host.close();
    const other = await openStore(empty);
    await t.rejects(copy(filled, empty), { name: "CopyRefused", message: /in use.*[Ss]top/s }, `to the other of ${kind}`);
    await other.close();
    t.match(await copy(filled, empty), { rows: { deliveries: 1 } }, "and taken once it has gone");
  }
});

t.test("a host that was killed is waited for, as it may only be cut off", async (t) => {
  const database = await server.createDatabase();
  const store = await openStore(database);
  const card = { id: "h1", name: "desk-1", version: "1", url: "http://x", startedAt: T0, keyIds: [], offsets: {} };
  await store.heartbeat(card, T0, []);
  const client = new pg.Client(database);
  await client.connect();
  await client.query("CREATE TABLE kept AS SELECT * FROM hosts");
  await store.close();
  // PostgreSQL ends the processes of closed connections in its own time.
  const others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
  while ((await client.query(others)).rowCount !== 0);
  await client.query("INSERT INTO hosts SELECT * FROM kept");
  await t.rejects(copy(database, `sqlite:${join(t.testdir(), "x.db")}`), { message: /in use by hosts \(desk-1\).*forgotten after 15 s/ });
  await client.query("UPDATE hosts SET seen_at = clock_timestamp() - interval '16 s'");
  t.match(await copy(database, `sqlite:${join(t.testdir(), "x.db")}`), { rows: { deliveries: 0 } });
  await client.end();
});

t.test("a target that holds anything is refused with what it holds", async (t) => {
  const [sqlite, postgres] = (await stores(t)).map(({ filled }) => filled) as [string, string];
  await t.rejects(copy(sqlite, postgres), { message: /is not empty: it holds 1 registrations, 1 deliveries\. Copy into a new database/ });
  await t.rejects(copy(postgres, sqlite), { message: /is not empty/ });
});

t.test("a source that is not there, or holds no store, is refused and not made", async (t) => {
  const file = join(t.testdir(), "nowhere.db");
  await t.rejects(copy(`sqlite:${file}`, await server.createDatabase()), { message: /does not exist: give FROM/ });
  t.equal(existsSync(file), false);
  await t.rejects(copy(await server.createDatabase(), `sqlite:${file}`), { message: /holds no store: give FROM/ });
  await t.rejects(copy("redis://u:hunter2@h/0", `sqlite:${file}`), { message: /^FROM is no store's address((?!hunter2).)*$/ });
});

t.test("a copy that breaks off, or that differs at the end, leaves the target empty", async (t) => {
  for (const { kind, filled, empty } of await stores(t)) {
    const stop = ({ table, checking }: CopyProgress) => {
      if (table === "repeats" && checking) throw new Error("pulled the plug");
    };
    await t.rejects(copy(filled, empty, stop), { message: "pulled the plug" });
    const source = await openCopySide(filled, "from", noPassword);
    const target = await openCopySide(empty, "to", noPassword);
    const forgetful: CopySide = { ...target, write: (table, rows) => target.write(table, table === "deliveries" ? rows.slice(1) : rows) };
    await t.rejects(copyStore(source, forgetful), {
      name: "CopyRefused",
      message: /deliveries of .* are not those of .* \(0 and 1 rows\)\. .* is left empty/,
    });
    await target.close();
    await source.close();
    t.match(await seenAt(empty), { deliveries: [], registrations: [], counts: { byState: {} } }, kind);
  }
});

t.test("a host that starts on either while it is copied is refused", async (t) => {
  for (const { filled, empty } of await stores(t)) {
    const source = await openCopySide(filled, "from", noPassword);
    const target = await openCopySide(empty, "to", noPassword);
    const says = { message: /another host holds|perch store copy/ };
    await Promise.all([filled, empty].map((url) => t.rejects(openStore(url), says, url)));
    await target.close();
    await source.close();
  }
});
