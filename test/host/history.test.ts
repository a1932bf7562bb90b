/** What is counted, when it is written, and that it is neither lost nor counted twice, whatever the clock and the store do. */
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import pg from "pg";
import t, { type Test } from "tap";
import { type HistoryOptions, openHistory } from "../../src/host/history.ts";
import { NO_METER } from "../../src/host/meter.ts";
import type { HistoryPoint, HistoryRequest } from "../../src/shapes.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { openStage } from "../stage.ts";
import { startPostgres } from "../store/postgres-server.ts";
import { handTime } from "./hand-time.ts";
import { DAY_MS, NOW } from "./stored.ts";

const MINUTE_MS = 60_000;
const iso = (ms: number) => new Date(ms).toISOString();

async function openSqlite(t: Test): Promise<Store> {
  const store = await openStore(`sqlite:${join(t.testdir(), "perch.db")}`);
  t.teardown(() => store.close());
  return store;
}

/** A host's history; `write` passes on to the store unless a test says otherwise. */
function openHost(store: HistoryOptions["store"], { queued = async () => 0, now }: Partial<HistoryOptions> = {}) {
  const time = handTime();
  const said: string[] = [];
  let written = Promise.withResolvers<void>();
  let write: Store["addMinutes"] = (minutes) => store.addMinutes(minutes);
  const log = { debug() {}, info() {}, warn() {}, error: (_: object, sentence: string) => void said.push(sentence) };
  const kept = {
    sumMinutes: store.sumMinutes,
    addMinutes: (minutes: Parameters<Store["addMinutes"]>[0]) => write(minutes).finally(() => written.resolve()),
  };
  const history = openHistory({ store: kept, time, now: now ?? time.wall, queued, log });
  const read = async (request: HistoryRequest = {}) => {
    const answer = await history.read({ since: iso(time.wall() - 3_600_000), ...request });
    if (!answer.ok) throw new Error(answer.fault.cause);
    return answer.value.points;
  };
  return {
    time,
    said,
    history,
    meter: history.counting(NO_METER),
    read,
    writeBy: (other: Store["addMinutes"]) => {
      write = other;
    },
    /** Goes to the end of the minute, and waits until the row has been written. */
    async minute() {
      written = Promise.withResolvers();
      time.next();
      await written.promise;
      await turn();
    },
  };
}

const sum = (points: HistoryPoint[], name: "accepted" | "delivered") => points.reduce((all, point) => all + point[name], 0);
const rowsOf = async (store: Store) => (await store.sumMinutes({ since: 0, until: 1e8, step: 1, except: [] })).steps;

t.test("each minute is one row, and the minute that runs is told from memory", async (t) => {
  const store = await openSqlite(t);
  const { history, meter, minute, read, time } = openHost(store, { queued: async () => 3 });
  const told: string[] = [];
  const counting = history.counting({ ...NO_METER, accepted: (plugin) => void told.push(plugin) });
  history.begin();
  counting.accepted("twitter");
  meter.accepted("webhook");
  meter.ended("twitter", "delivered", 0.2);
  meter.ended("twitter", "failed", 0);
  meter.attempted("twitter", "retry", "rate-limited");
  meter.attempted("twitter", "delivered", undefined);
  await minute();
  t.strictSame(told, ["twitter"], "whoever else counts is told the same");
  t.match(await rowsOf(store), [{ step: NOW / MINUTE_MS, accepted: 2, delivered: 1, took_250: 1, latency_ms: 200, queuedLast: 3 }]);
  meter.accepted("twitter");
  t.match((await read()).slice(-2), [{ accepted: 2, failed: 1, retried: 1, queued: 3, latency: { mean: 0.2 } }]);
  time.pass(1_000);
  t.match((await read()).slice(-2), [
    { at: iso(NOW), accepted: 2 },
    { at: iso(NOW + MINUTE_MS), accepted: 1, latency: null, queued: 3 },
  ]);
});

t.test("a minute in which nothing happened is no row, unless the queue has changed", async (t) => {
  const store = await openSqlite(t);
  let queued: number | undefined = 0;
  const { history, minute, meter, time } = openHost(store, { queued: async () => queued });
  history.begin();
  await minute();
  for (let idle = 0; idle < 5; idle += 1) {
    time.next();
    await turn();
  }
  t.equal((await rowsOf(store)).length, 1);
  queued = 7;
  await minute();
  queued = undefined;
  meter.accepted("twitter");
  await minute();
  t.match(await rowsOf(store), [{ queuedLast: 0 }, { accepted: 0, queuedLast: 7 }, { accepted: 1, queuedLast: null }]);
});

t.test("what a wrong clock counted stands where the clock that was put right has it; set back, nothing is lost or doubled", async (t) => {
  const store = await openSqlite(t);
  const { history, meter, minute, time, read } = openHost(store);
  history.begin();
  time.jump(-DAY_MS);
  meter.accepted("twitter");
  time.pass(20_000);
  time.jump(DAY_MS);
  await minute();
  t.match(await rowsOf(store), [{ step: NOW / MINUTE_MS, accepted: 1 }]);
  meter.accepted("twitter");
  time.jump(-MINUTE_MS);
  await minute();
  t.match(await rowsOf(store), [{ step: NOW / MINUTE_MS, accepted: 2 }], "two rows of one minute");
  time.jump(2 * DAY_MS);
  meter.accepted("twitter");
  t.equal(sum(await read(), "accepted"), 1, "and a jump forward leaves them where they are");
  t.equal(sum(await read({ since: iso(NOW), stepSeconds: 3600 }), "accepted"), 3);
});

t.test("what can't be written is kept and written later; the log says so once, and a lost answer doubles nothing", async (t) => {
  const store = await openSqlite(t);
  const { history, meter, minute, writeBy, said, read } = openHost(store);
  history.begin();
  writeBy(async () => Promise.reject(new Error("the disk is full")));
  meter.accepted("twitter");
  await minute();
  meter.accepted("twitter");
  await minute();
  t.strictSame(said, ["history not written"]);
  t.equal((await rowsOf(store)).length, 0);
  t.equal(sum(await read(), "accepted"), 2);
  writeBy(async (minutes) => {
    await store.addMinutes(minutes);
    throw new Error("the connection broke");
  });
  await minute();
  t.equal((await rowsOf(store)).length, 2);
  t.equal(sum(await read(), "accepted"), 2, "what is in the store and in memory counts once");
  writeBy((minutes) => store.addMinutes(minutes));
  meter.accepted("twitter");
  await minute();
  t.equal(sum(await read(), "accepted"), 3);
  t.match(
    (await rowsOf(store)).map(({ accepted }) => accepted),
    [1, 1, 1],
  );
});

t.test("a minute that ends while the one before is being written is not forgotten", async (t) => {
  const store = await openSqlite(t);
  const { history, meter, minute, writeBy, time } = openHost(store);
  history.begin();
  const [stored, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  writeBy(async (minutes) => {
    await store.addMinutes(minutes);
    stored.resolve();
    await answered.promise;
  });
  meter.accepted("twitter");
  time.next();
  await stored.promise;
  writeBy(async () => Promise.reject(new Error("the disk is full")));
  meter.accepted("twitter");
  await minute();
  answered.resolve();
  await turn();
  writeBy((minutes) => store.addMinutes(minutes));
  meter.accepted("twitter");
  await minute();
  t.match(
    (await rowsOf(store)).map(({ accepted }) => accepted),
    [1, 1, 1],
  );
});

t.test("hosts are summed, also one that was killed but for its last minute, and one that was stopped with it", async (t) => {
  const store = await openSqlite(t);
  const killed = openHost(store);
  killed.history.begin();
  killed.meter.accepted("twitter");
  await killed.minute();
  killed.meter.accepted("twitter");
  const stopped = openHost(store);
  stopped.history.begin();
  stopped.meter.accepted("twitter");
  stopped.meter.ended("twitter", "delivered", 400);
  await stopped.history.end();
  t.strictSame(stopped.time.timers(), [], "nothing more is planned");
  const next = openHost(store);
  next.time.pass(MINUTE_MS);
  t.match((await next.read()).slice(-2), [{ accepted: 2, delivered: 1 }]);
});

t.test("what is accepted while its host stops is counted", async (t) => {
  const server = await startPostgres();
  const address = await server.createDatabase();
  const stage = await openStage(t, { config: { store: address } });
  const client = new pg.Client(address);
  await client.connect();
  t.teardown(() => client.end().finally(() => server.destroy()));
  const isSo = async (sql: string) => ((await client.query(sql)).rowCount ?? 0) > 0;
  await stage.register();
  await stage.notify({ text: "VPN is slow", waitSeconds: 10 });
  // The host's next acceptance waits for this one.
  await client.query("BEGIN; LOCK TABLE deliveries IN SHARE ROW EXCLUSIVE MODE");
  const accepted = stage.rpcAs("workflow", "notify", { text: "E-mail is down" });
  while (!(await isSo("SELECT 1 FROM pg_locks WHERE relation = 'deliveries'::regclass AND NOT granted")));
  const stopped = stage.host.stop();
  // All is at rest but that call.
  while (await isSo("SELECT 1 FROM lanes WHERE holder IS NOT NULL"));
  await client.query("COMMIT");
  t.match(await accepted, { result: { deliveries: [{ state: "queued" }] } });
  await stopped;
  t.match((await client.query("SELECT sum(accepted)::int AS accepted FROM history")).rows, [{ accepted: 2 }]);
});

t.test("a span that has passed is summed once in a while, however many ask; one that runs each time", async (t) => {
  const store = await openSqlite(t);
  let sums = 0;
  const { read, time } = openHost({
    addMinutes: store.addMinutes,
    sumMinutes: (query) => {
      sums += 1;
      return store.sumMinutes(query);
    },
  });
  const passed = { since: iso(NOW - MINUTE_MS), until: iso(NOW) };
  await Promise.all([read(passed), read(passed), read(passed)]);
  t.equal(sums, 1);
  await read({ ...passed, stepSeconds: 600 });
  t.equal(sums, 2, "another span is another sum");
  time.pass(10_000);
  await read(passed);
  t.equal(sums, 3);
  await read();
  await read();
  t.equal(sums, 5);
});

t.test("a request that can't be answered is refused", async (t) => {
  const { history } = openHost(await openSqlite(t));
  t.match(await history.read({ since: "never" }), { ok: false, fault: { reason: "bad-input" } });
});

const counterOf = (metrics: string, line: string): number =>
  metrics
    .split("\n")
    .filter((one) => one.startsWith(line))
    .reduce((all, one) => all + Number(one.split(" ").at(-1)), 0);

t.test("server.history says what /metrics says, for operators, and a restart forgets nothing", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.fault({ status: 503 }, { times: 1 });
  for (let n = 0; n < 3; n += 1) {
    const { deliveries } = await stage.notify({ text: `E-mail is down ${n}` });
    await stage.reaches(deliveries[0]!.id, "delivered");
  }
  await stage.fault({ named: "oauth1-permissions" }, { times: 1 });
  const { deliveries } = await stage.notify({ text: "VPN is slow", waitSeconds: 10 });
  t.equal(deliveries[0]?.state, "failed");

  const history = async () => (await stage.call<{ points: HistoryPoint[] }>("server.history", {})).points;
  const total = async (name: "accepted" | "delivered" | "failed" | "retried") =>
    (await history()).reduce((all, point) => all + point[name], 0);
  const authorization = `Basic ${Buffer.from("operator:operator-password").toString("base64")}`;
  const metrics = await (await fetch(`${stage.host.url}/metrics`, { headers: { authorization } })).text();
  t.equal(await total("accepted"), 4);
  for (const [name, line] of [
    ["accepted", "perch_deliveries_accepted_total"],
    ["delivered", 'perch_deliveries_ended_total{plugin="twitter",state="delivered"}'],
    ["failed", 'perch_deliveries_ended_total{plugin="twitter",state="failed"}'],
    ["retried", 'perch_attempts_total{plugin="twitter",verdict="retry"'],
  ] as const)
    t.equal(await total(name), counterOf(metrics, line), name);
  t.ok((await total("retried")) > 0);

  await stage.restart();
  t.equal(await total("accepted"), 4);
  t.equal((await history()).at(-1)?.queued, 0);
  t.match(await stage.rpcAs("workflow", "server.history"), { error: { data: { reason: "not-allowed" } } });
  t.match(await stage.rpcAs("operator", "server.history", { stepSeconds: 600 }), { result: { stepSeconds: 600 } });
  t.match(await stage.rpc("server.history", { stepSeconds: 90 }), { error: { data: { reason: "bad-input" } } });
});
