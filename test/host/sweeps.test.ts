import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import t, { type Test } from "tap";
import { createSteadyClock } from "../../src/host/steady-clock.ts";
import { openSweeps, type SweepOptions } from "../../src/host/sweeps.ts";
import { noCounts } from "../../src/minute-counts.ts";
import { openStore } from "../../src/store/open.ts";
import { handTime } from "./hand-time.ts";
import { DAY_MS, NOW, newDelivery, storedAccount } from "./stored.ts";

const HOUR_MS = 3_600_000;
const ACT = {
  role: null,
  address: null,
  method: "server.reload",
  target: null,
  detail: {},
  outcome: "done",
  arerr: null,
  reason: null,
} as const;
const OUTBOX = { maxQueued: 10, maxAgeHours: 24, dedupeHours: 24, retentionDays: 90 };

/** The sweeps on a real store that holds an old delivery and an old act, with plug-ins of these names. */
async function openSweepStage(t: Test, names: string[]) {
  const store = await openStore(`sqlite:${join(t.testdir(), "perch.db")}`);
  t.teardown(() => store.close());
  const time = handTime();
  const clocks = new Map(names.map((name) => [name, createSteadyClock(time)]));
  const clockOf = (name: string) => clocks.get(name) ?? createSteadyClock(time);
  const accounts = names.map((plugin) => storedAccount({ lane: `${plugin}:7`, plugin, checkedAt: NOW }));
  for (const account of accounts) await store.saveAccount(account);
  const old = newDelivery({ acceptedAt: NOW - 100 * DAY_MS });
  await store.put({ deliveries: [old], repeatSince: 0, maxQueued: 10 });
  await store.cancel([old.id], NOW);
  await store.addMinutes([{ ...noCounts(), minute: (NOW - 100 * DAY_MS) / 60_000, id: "m1", queued: 1 }]);
  await store.appendAudit({ id: "a1", at: NOW - 100 * DAY_MS, client: "host", ...ACT });

  let pruned = Promise.withResolvers<void>();
  const said: string[] = [];
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: (fields: object) => void said.push(JSON.stringify(fields)) };
  const options = {
    store,
    plugins: { all: names.map((name) => ({ name, clock: clockOf(name) })) },
    accounts: { all: accounts, dropPruned: async () => {} },
    clocks: { of: clockOf },
    lanes: { forget: async () => {} },
    // The next turn is planned when one is over.
    time: {
      ...time,
      after(ms: number, call: () => void) {
        if (ms === HOUR_MS) pruned.resolve();
        return time.after(ms, call);
      },
    },
    log: { root: silent },
    outbox: () => OUTBOX,
    auditDays: () => 30,
    onExpired: () => {},
  } as unknown as SweepOptions;
  const sweeps = openSweeps(options);
  t.teardown(() => sweeps.end());
  return {
    time,
    clock: clockOf,
    /** What is left after the first prune. */
    async prune() {
      pruned = Promise.withResolvers();
      sweeps.begin();
      for (const end = time.monotonic() + 60_000; time.monotonic() < end; await turn()) time.next();
      await pruned.promise;
      t.strictSame(said, []);
      const { steps } = await store.sumMinutes({ since: 0, until: 1e9, step: 1, except: [] });
      return {
        deliveries: (await store.list({ limit: 10 })).length,
        acts: (await store.listAudit({ limit: 10 })).length,
        minutes: steps.length,
      };
    },
  };
}
const GONE = { deliveries: 0, acts: 0, minutes: 0 };
const KEPT = { deliveries: 1, acts: 1, minutes: 1 };

t.test("what is old goes by the clock that a service confirmed, however many other plug-ins are silent", async (t) => {
  const stage = await openSweepStage(t, ["example", "silent"]);
  stage.clock("example").confirm();
  t.strictSame(await stage.prune(), GONE);
});

t.test("a host without a mechanism prunes by the machine's clock", async (t) => {
  t.strictSame(await (await openSweepStage(t, [])).prune(), GONE);
});

t.test("nothing goes while no service has said what time it is", async (t) => {
  t.strictSame(await (await openSweepStage(t, ["example"])).prune(), KEPT);
});

t.test("the least of the clocks counts: a machine or a service that is a year ahead throws nothing away", async (t) => {
  const slow = await openSweepStage(t, ["example", "other"]);
  slow.clock("example").report(-80 * DAY_MS, "");
  slow.clock("other").report(365 * DAY_MS, "");
  t.strictSame(await slow.prune(), KEPT);
  const back = await openSweepStage(t, ["example"]);
  back.time.jump(-80 * DAY_MS);
  back.clock("example").report(365 * DAY_MS, "");
  t.strictSame(await back.prune(), KEPT);
});
