/** X is out of order for eight hours: real lanes, store, plug-in and sandbox, and one clock for all that is turned by hand. */
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import t, { type Test } from "tap";
import twitter from "../../plugins/twitter/index.ts";
import { start as startSandbox } from "../../plugins/twitter/sandbox/start.ts";
import { done } from "../../src/ar.ts";
import type { Account } from "../../src/contract.ts";
import { Accounts } from "../../src/host/accounts.ts";
import { PACE } from "../../src/host/back-off.ts";
import { Lanes } from "../../src/host/lanes.ts";
import { Leases } from "../../src/host/leases.ts";
import type { Plugin } from "../../src/host/plugin.ts";
import { Plugins } from "../../src/host/plugins.ts";
import { createSteadyClock } from "../../src/host/steady-clock.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { handTime } from "./hand-time.ts";
import { DAY_MS, newDelivery, storedAccount, storedRegistration } from "./stored.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NAMES = ["Mail", "Network", "Facility"];
const nothing = () => {};

type SandboxPost = { accountName: string; text: string; at: string };

/** A pseudo-random 0 … 1 that is the same in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

async function openWorld(t: Test) {
  const time = handTime(seeded(7));
  const seen: number[] = [];
  const sandbox = await startSandbox({
    port: 0,
    now: time.wall,
    accounts: NAMES.map((name) => ({ name, token: `token-${name}`, tokenSecret: `secret-${name}` })),
    watch: (moment) => void (moment === "arrived" && seen.push(time.wall())),
  });
  const control = async <T>(path: string, body?: unknown): Promise<T> => {
    const init = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    return (await (await fetch(`${sandbox.url}/sandbox/${path}`, init)).json()) as T;
  };
  let working = 0;
  const watch = async <T>(work: () => Promise<T>): Promise<T> => {
    working += 1;
    return work().finally(() => {
      working -= 1;
    });
  };
  const store = await openStore(`sqlite:${join(t.testdir(), "perch.db")}`);
  const watched = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (...args: unknown[]) => watch(async () => Reflect.apply(value, target, args) as unknown) : value;
    },
  });
  const ids = new Map((await control<{ name: string; id: string }[]>("accounts")).map(({ name, id }) => [name, id]));
  for (const name of NAMES) {
    const lane = `twitter:${ids.get(name)}`;
    await store.saveAccount(storedAccount({ lane, plugin: "twitter", accountId: ids.get(name)!, accountName: name, protected: true }));
    await store.saveRegistration(storedRegistration({ id: name, lane, accountName: name, mechanism: "Twitter" }));
  }
  const lanes = await openLanes(watched, time, sandbox.url, watch);
  t.teardown(async () => {
    await lanes.stop();
    await store.close();
    await twitter.terminate?.({} as never);
    await sandbox.close();
  });
  const settled = async () => {
    for (let idle = 0; idle < 2; idle = working === 0 ? idle + 1 : 0) await turn();
  };
  let puts = 0;
  return {
    time,
    store,
    seen,
    control,
    forgetFaults: () => fetch(`${sandbox.url}/sandbox/faults`, { method: "DELETE" }),
    async put(name: string): Promise<void> {
      puts += 1;
      const now = time.wall();
      const lane = `twitter:${ids.get(name)}`;
      const own = { id: `d${puts}`, plugin: "twitter", lane, registrationId: name, accountName: name, text: `Notice ${puts} of ${name}` };
      await store.put({
        deliveries: [newDelivery({ ...own, acceptedAt: now, expiresAt: now + DAY_MS })],
        repeatSince: 0,
        maxQueued: 1_000,
      });
      lanes.poke(lane);
      await settled();
    },
    /** Lets time pass, with all that happens in it; answers when nothing is left to happen by then. */
    async pass(ms: number): Promise<void> {
      const until = time.monotonic() + ms;
      for (let [next] = time.timers(); next !== undefined && time.monotonic() + next <= until; [next] = time.timers()) {
        time.next();
        await settled();
      }
      time.pass(until - time.monotonic());
    },
  };
}

async function openLanes(store: Store, time: ReturnType<typeof handTime>, url: string, watch: <T>(work: () => Promise<T>) => Promise<T>) {
  const clock = createSteadyClock(time);
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const { mechanism, faults } = twitter;
  if (!mechanism || !faults) throw new Error("the plug-in has no mechanism");
  // The real plug-in in this process: a worker would have a clock of its own.
  const call = (
    verb: "compose" | "deliver" | "lookUp" | "probe",
    request: unknown,
    about: { account: Account; failingElsewhere?: string[] },
  ) =>
    watch(async () => {
      const context = {
        settings: { apiBaseUrl: url },
        secrets: { consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret" },
        log,
        clock,
        signal: new AbortController().signal,
        proxy: {},
        account: about.account,
        failingElsewhere: about.failingElsewhere ?? [],
      };
      if (verb === "probe") return done(await mechanism.probe(context));
      return done(await (mechanism[verb] as (request: unknown, about: typeof context) => unknown)(request, context));
    });
  const plugin = {
    name: "twitter",
    settings: { filterApiTimeoutSeconds: 40 },
    clock,
    manifest: { filters: [], faults },
    isReady: () => true,
    whenReady: async () => undefined,
    call,
  } as unknown as Plugin;
  const plugins = new Plugins();
  plugins.setAll([plugin], {});
  const configuredToken = (_plugin: string, name: string) => done({ accessToken: `token-${name}`, accessTokenSecret: `secret-${name}` });
  const vault = { seal: (text: string) => text, open: (text: string) => text };
  const accounts = new Accounts({ store, vault: () => vault, configuredToken });
  await accounts.load();
  const hostLog = { root: log, forPlugin: () => log, setLevel: () => undefined, resetLevel: () => "info", scrub: (text: string) => text };
  const card = { id: "h1", name: "test", version: "1", url: "", startedAt: 0, keyIds: [], offsets: {} };
  const leases = new Leases({ store, time, log, card: () => card, onRecovered: nothing, onUnheld: nothing });
  return new Lanes({ leases, store, plugins, accounts, time, pace: PACE, log: hostLog, onChange: nothing });
}

t.test("an outage of eight hours loses nothing, and is drained in order within X's limit", async (t) => {
  const world = await openWorld(t);
  for (const name of NAMES) await world.put(name);
  await world.control("faults", { match: { path: "/2/" }, times: 0, fault: { named: "over-capacity" } });
  const began = world.seen.length;

  // 120 a lane and the one before: more than X takes in a quarter of an hour.
  for (let minutes = 0; minutes < 480; minutes += 4) {
    if (minutes < 400) for (const name of NAMES) await world.put(name);
    if (minutes === 60) for (let more = 0; more < 20; more += 1) for (const name of NAMES) await world.put(name);
    await world.pass(4 * MINUTE_MS);
    t.strictSame(await world.store.expire("twitter", world.time.wall(), { by: null, since: 0 }), [], "nothing expires");
  }
  const during = world.seen.length - began;
  const { byState } = await world.store.counts();
  t.strictSame(
    byState,
    { delivered: NAMES.length, waiting: NAMES.length, queued: NAMES.length * 119 },
    "all is kept, and only heads are tried",
  );
  t.ok(during >= NAMES.length * 480, `each lane asks about once a minute (${during} requests)`);
  t.ok(during <= NAMES.length * (8 * 120 + 6), `and at most twice (${during} requests)`);

  await world.forgetFaults();
  const ended = world.time.wall();
  await world.pass(2 * MINUTE_MS);
  t.match((await world.store.counts()).byState, { delivered: NAMES.length * 101 }, "a hundred each go at once, and no more");
  await world.pass(HOUR_MS);
  t.strictSame((await world.store.counts()).byState, { delivered: NAMES.length * 121 });

  const posts = await world.control<SandboxPost[]>("posts");
  for (const name of NAMES) {
    const own = posts.filter(({ accountName }) => accountName === name);
    const order = own.map(({ text }) => Number(/\d+/.exec(text)?.[0]));
    t.strictSame(
      order,
      [...new Set(order)].toSorted((one, other) => one - other),
      `${name}: in order, nothing twice`,
    );
    const late = own.filter(({ at }) => Date.parse(at) > ended + 15 * MINUTE_MS);
    t.equal(late.length, 20, `${name}: the rest when the limit was over`);
  }
  t.equal(world.seen.length - began - during, NAMES.length * 120, "no request was spent on a used-up limit");
});
