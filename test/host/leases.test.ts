/** Leases of two hosts on one PostgreSQL: the hosts' time is turned by hand, the database's is real. */
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { Leases } from "../../src/host/leases.ts";
import { openStore } from "../../src/store/open.ts";
import { type Lease, LeaseLost, type Store } from "../../src/store/store.ts";
import { startPostgres } from "../store/postgres-server.ts";
import { type HandTime, handTime } from "./hand-time.ts";
import { NOW, newDelivery, storedRegistration } from "./stored.ts";

const LANE = "example:7";
const OTHER_LANE = "example:8";
const TAKING = { now: NOW, quietMs: 50_000 };
/** So short that a test may wait for its end; so long that nothing ends while a test looks. */
const SHORT_MS = 300;
const LONG_MS = 600_000;
/** Many heartbeats fit into it, even on a slow machine. */
const ENDING_MS = 2_000;

const server = await startPostgres();
t.teardown(() => server.destroy());

type TestHost = { store: Store; time: HandTime; leases: Leases; log: string[]; unheld: string[] };

/** Hosts on one new database. `wrap` stands between the first one and its store. */
async function openHosts(leaseMs: number, wrap: (store: Store) => Store = (store) => store): Promise<[TestHost, TestHost]> {
  const address = await server.createDatabase();
  const open = async (name: string, wrapped: (store: Store) => Store): Promise<TestHost> => {
    const opened = await openStore(address, { postgres: { leaseMs } });
    t.teardown(() => opened.close());
    const store = wrapped(opened);
    const time = handTime();
    const log: string[] = [];
    const unheld: string[] = [];
    const line = (_fields: Record<string, unknown>, sentence: string) => void log.push(sentence);
    const leases = new Leases({
      store,
      time,
      log: { debug: line, info: line, warn: line, error: line },
      card: () => ({ id: name, name, version: "1", url: "", startedAt: 0, keyIds: [], offsets: {} }),
      onRecovered: () => {},
      onUnheld: (lane) => void unheld.push(lane),
    });
    return { store, time, leases, log, unheld };
  };
  const hosts: [TestHost, TestHost] = [await open("one", wrap), await open("two", (store) => store)];
  await hosts[0].store.saveRegistration(storedRegistration({ id: "r1", lane: LANE }));
  return hosts;
}

async function accept({ store }: TestHost, id = "d1", lane = LANE): Promise<void> {
  await store.put({ deliveries: [newDelivery({ id, lane })], repeatSince: 0, maxQueued: 100 });
}

/** The delivery's post is composed and on its way. */
const begin = ({ store }: TestHost, lease: Lease, deliveryId = "d1") =>
  store.settle(
    {
      deliveryId,
      at: NOW,
      state: "sending",
      nextAttemptAt: null,
      compose: [{ text: "E-mail is down", reply: false }],
      posts: [{ index: 0, state: "begun", begunAt: NOW }],
    },
    lease,
  );

async function takenBy({ leases }: TestHost, lane = LANE) {
  for (;;) {
    const held = await leases.hold(lane, TAKING);
    if (held) return held;
    await sleep(10);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

t.test("a lane that one host holds is no other's, and given back it is anybody's at once", async (t) => {
  const [one, two] = await openHosts(LONG_MS);
  const held = await one.leases.hold(LANE, TAKING);
  t.equal(await one.leases.hold(LANE, TAKING), held, "a host that holds it does not ask again");
  t.equal(await two.leases.hold(LANE, TAKING), undefined);
  await one.leases.release([LANE]);
  t.match(await two.leases.hold(LANE, TAKING), { lane: LANE });
  t.equal(await one.leases.hold(LANE, TAKING), undefined);
});

t.test("what waits in a lane of a host that died goes on at once when its lease has ended", async (t) => {
  const [one, two] = await openHosts(SHORT_MS);
  await accept(one);
  await one.leases.hold(LANE, TAKING);
  await takenBy(two);
  t.match(await two.store.get("d1"), { state: "queued", nextAttemptAt: null });
});

t.test("what a host that died had begun is looked up no sooner than so long after the end of its lease", async (t) => {
  const [one, two] = await openHosts(SHORT_MS);
  await accept(one);
  const held = await one.leases.hold(LANE, TAKING);
  const heldAt = performance.now();
  await begin(one, held as Lease);
  const { quietUntil } = await takenBy(two);
  const endedMs = performance.now() - heldAt;
  const found = await two.store.get("d1");
  t.match(found, { state: "in-doubt", posts: [{ state: "in-doubt", looks: 0 }] });
  const waitMs = (found?.nextAttemptAt ?? 0) - TAKING.now;
  t.ok(waitMs <= TAKING.quietMs);
  t.equal(Math.round(quietUntil - two.time.monotonic()), Math.round(waitMs), "also where somebody hurries the lane");
  t.ok(waitMs >= TAKING.quietMs - endedMs, `${waitMs} ms, ${endedMs} ms after it was taken`);
});

t.test("nobody who takes the lane again may look sooner", async (t) => {
  const [one, two] = await openHosts(SHORT_MS);
  await accept(one);
  await begin(one, (await one.leases.hold(LANE, TAKING)) as Lease);
  const quietMs = ({ leases, time }: TestHost) => Math.round((leases.current(LANE)?.quietUntil ?? 0) - time.monotonic());
  await takenBy(two);
  const first = quietMs(two);
  t.ok(first > 0);
  await two.leases.release([LANE]);
  await two.leases.hold(LANE, TAKING);
  t.equal(quietMs(two), first, "after it was given back");
  two.time.pass(SHORT_MS);
  await two.leases.hold(LANE, TAKING);
  t.equal(quietMs(two), first, "after its lease ended, and nobody else had taken it");
  one.time.pass(SHORT_MS);
  await takenBy(one);
  t.equal(quietMs(one), first, "another host");
  const looked = {
    deliveryId: "d1",
    at: NOW,
    state: "in-doubt",
    nextAttemptAt: NOW + 40_000,
    posts: [{ index: 0, state: "in-doubt", looks: 1 }],
  } as const;
  await one.store.settle({ ...looked, posts: [...looked.posts] }, one.leases.current(LANE));
  await one.leases.release([LANE]);
  two.time.pass(SHORT_MS);
  await takenBy(two);
  t.equal(quietMs(two), 0, "once somebody has looked, a hurry counts");
});

t.test("a host that was stopped lets its lane go when it wakes, and works others", async (t) => {
  const [one, two] = await openHosts(SHORT_MS);
  await accept(one);
  await accept(one, "d2", OTHER_LANE);
  const held = await one.leases.hold(LANE, TAKING);
  await begin(one, held as Lease);
  one.time.pass(SHORT_MS);
  t.equal(one.leases.current(LANE), undefined, "by its own clock, without asking anybody");
  t.throws(() => one.leases.term(held), LeaseLost, "and nothing of it may leave any more");
  const taken = await takenBy(two);
  const late = {
    deliveryId: "d1",
    at: NOW,
    state: "delivered",
    nextAttemptAt: null,
    posts: [{ index: 0, state: "posted", id: "5" }],
  } as const;
  await t.rejects(one.store.settle({ ...late, posts: [...late.posts] }, held), LeaseLost, "what it settles late is refused");
  t.match(await two.store.get("d1"), { state: "in-doubt" });
  t.match(await two.store.settle({ ...late, posts: [...late.posts] }, taken), { state: "delivered" }, "its new holder's is not");
  t.match(await one.leases.hold(OTHER_LANE, TAKING), { lane: OTHER_LANE });
});

t.test("a request that is under way is told when the lease of its lane ends", async (t) => {
  const [one] = await openHosts(SHORT_MS);
  const held = await one.leases.hold(LANE, TAKING);
  const { signal, remainingMs } = one.leases.term(held);
  t.ok(remainingMs() > 0);
  one.time.next();
  t.equal(signal.aborted, true);
  t.ok(remainingMs() <= 0);
  t.strictSame(one.log, ["lane let go: no heartbeat"]);
});

t.test("heartbeats keep what a host holds, and what it lost count of ends by itself", async (t) => {
  const [one, two] = await openHosts(ENDING_MS);
  await one.store.take(OTHER_LANE, "one", NOW, 0);
  await one.leases.hold(LANE, TAKING);
  await one.leases.start();
  const taken = takenBy(two, OTHER_LANE);
  let isTaken = false;
  void taken.then(() => {
    isTaken = true;
  });
  while (!isTaken) {
    // The first timer is the next heartbeat.
    one.time.next();
    await sleep(ENDING_MS / 20);
  }
  t.equal(await two.leases.hold(LANE, TAKING), undefined, "the lane that nobody counted was taken, the other one was kept");
  t.strictSame(one.log, []);
  await one.leases.stop();
});

t.test("a heartbeat that hangs costs no lane, as long as the next one comes through", async (t) => {
  let calls = 0;
  const [one] = await openHosts(LONG_MS, (store) => ({
    ...store,
    heartbeat: (...args: Parameters<Store["heartbeat"]>) => (++calls === 2 ? new Promise(() => {}) : store.heartbeat(...args)),
  }));
  await one.leases.start();
  const held = await one.leases.hold(LANE, TAKING);
  const first = held?.deadline ?? 0;
  one.time.next();
  await until(() => calls === 2);
  one.time.next();
  await until(() => (one.leases.current(LANE)?.deadline ?? 0) > first);
  t.equal(one.leases.current(LANE)?.token, held?.token);
  t.strictSame(one.log, []);
});

t.test("a lane that is taken again while it is being given back stays this host's", async (t) => {
  const gate = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const [one, two] = await openHosts(LONG_MS, (store) => ({
    ...store,
    release: async (leases) => {
      await gate.promise;
      await store.release(leases);
      done.resolve();
    },
  }));
  await one.leases.hold(LANE, TAKING);
  one.leases.rest(LANE);
  one.time.next();
  t.equal(one.leases.current(LANE), undefined, "it is on its way back");
  const again = await one.leases.hold(LANE, TAKING);
  gate.resolve();
  await done.promise;
  t.equal(await two.leases.hold(LANE, TAKING), undefined);
  t.equal(one.leases.current(LANE), again);
});

t.test("two who ask for a lane at once get one lease, and what is begun with it is settled", async (t) => {
  const [one] = await openHosts(LONG_MS);
  await accept(one);
  const [first, second] = await Promise.all([one.leases.hold(LANE, TAKING), one.leases.hold(LANE, TAKING)]);
  t.ok(first);
  t.equal(first, second);
  t.match(await begin(one, first as Lease), { state: "sending" });
  t.equal(one.leases.current(LANE), first);
});

t.test("of two who ask for a lane at once while the store is away both are told, and the next one gets it", async (t) => {
  let calls = 0;
  const [one] = await openHosts(LONG_MS, (store) => ({
    ...store,
    take: (...args) => (++calls === 1 ? Promise.reject(new Error("away")) : store.take(...args)),
  }));
  const asked = await Promise.allSettled([one.leases.hold(LANE, TAKING), one.leases.hold(LANE, TAKING)]);
  t.match(asked, [{ status: "rejected" }, { status: "rejected" }]);
  t.match(await one.leases.hold(LANE, TAKING), { lane: LANE });
});

t.test("who finds out late that a lease was lost does not cost the host the lane that it took after it", async (t) => {
  const [one] = await openHosts(LONG_MS);
  const lost = (await one.leases.hold(LANE, TAKING)) as Lease;
  one.time.pass(LONG_MS);
  const next = await one.leases.hold(LANE, TAKING);
  one.leases.lose(lost);
  t.equal(one.leases.current(LANE), next);
  one.leases.lose(next as Lease);
  t.equal(one.leases.current(LANE), undefined);
  t.strictSame(one.log, ["lane lost to another host"]);
});

t.test("a lane that is just being taken when its host stops is given back before the host has stopped", async (t) => {
  const gate = Promise.withResolvers<void>();
  const [one, two] = await openHosts(LONG_MS, (store) => ({
    ...store,
    take: async (...args) => {
      const taken = await store.take(...args);
      await gate.promise;
      return taken;
    },
  }));
  const asked = [one.leases.hold(LANE, TAKING), one.leases.hold(LANE, TAKING)];
  const stopping = one.leases.stop();
  gate.resolve();
  await stopping;
  t.match(await two.leases.hold(LANE, TAKING), { lane: LANE });
  t.strictSame(await Promise.all(asked), [undefined, undefined]);
  t.strictSame(one.time.timers(), [], "and nothing keeps its process alive");
});

t.test("a stopping host gives back its lanes but those in which something is in flight", async (t) => {
  const [one, two] = await openHosts(LONG_MS);
  await one.leases.hold(LANE, TAKING);
  await one.leases.hold(OTHER_LANE, TAKING);
  await one.leases.stop([LANE]);
  t.equal(await two.leases.hold(LANE, TAKING), undefined);
  t.match(await two.leases.hold(OTHER_LANE, TAKING), { lane: OTHER_LANE });
  t.strictSame(one.time.timers(), [], "and nothing keeps its process alive");
});

t.test("a lane that nobody holds is offered to each host with its heartbeat", async (t) => {
  const [one, two] = await openHosts(LONG_MS);
  await accept(one);
  await two.leases.start();
  t.strictSame(two.unheld, [LANE]);
  await one.leases.hold(LANE, TAKING);
  await one.leases.start();
  t.strictSame(one.unheld, []);
  await Promise.all([one.leases.stop(), two.leases.stop()]);
});
