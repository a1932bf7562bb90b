/** Lanes on a real SQLite store, with time turned by hand and a service that answers as a test tells it. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { Test } from "tap";
import { type Answer, done, type Fault, HOST_FAULTS, hostFault, refused } from "../../src/ar.ts";
import type { AccountFacts, Composition, Finding, ServiceFaultTable, Verdict } from "../../src/contract.ts";
import { Accounts } from "../../src/host/accounts.ts";
import { PACE } from "../../src/host/back-off.ts";
import { confirmsClock } from "../../src/host/confirms-clock.ts";
import { Lanes } from "../../src/host/lanes.ts";
import { Leases } from "../../src/host/leases.ts";
import type { LevelLog } from "../../src/host/log.ts";
import type { Plugin } from "../../src/host/plugin.ts";
import { Plugins } from "../../src/host/plugins.ts";
import type { Verb } from "../../src/host/protocol.ts";
import { createSteadyClock, type SteadyClock } from "../../src/host/steady-clock.ts";
import { openStore } from "../../src/store/open.ts";
import type { NewDelivery, Store, StoredDelivery } from "../../src/store/store.ts";
import { type HandTime, handTime } from "./hand-time.ts";
import { DAY_MS, newDelivery, storedAccount, storedRegistration } from "./stored.ts";

export const BUSY: Fault = { reason: "busy", cause: "503:busy" };
export const DEAD: Fault = { reason: "dead", cause: "401:dead" };
export const NO_KEY: Fault = { reason: "no-key", cause: "401:key" };
const plain = { text: "T.", advice: "A.", retryable: true } as const;
const FAULTS: ServiceFaultTable = {
  busy: { ...plain, verdict: "retry" },
  dead: { ...plain, verdict: "retry", holds: "lane", pace: "probe", revokes: true },
  "no-key": { ...plain, verdict: "retry", holds: "key", pace: "probe" },
  limit: { ...plain, verdict: "retry", holds: "lane", free: true },
  same: { ...plain, verdict: "failed", provesDuplicate: true },
};

/** What the service does, a call each; left out or used up: all goes well. */
export type Script = {
  deliver?: (Verdict | Promise<Verdict> | Error | "nonsense" | "unsent")[];
  lookUp?: Finding[];
  probe?: (Answer<AccountFacts> | "set-clock")[];
  compose?: unknown;
  /** Why the call itself failed, by text. */
  uncomposed?: Record<string, Fault>;
  /** Service − machine, reported with each answer. */
  offsetMs?: number;
  /** The plug-in can't work on this host. */
  failed?: boolean;
};

type Call = { verb: string; lane: string; text?: string };

export async function openLaneStage(t: Test, script: Script = {}, wrap: (store: Store) => Store = (store) => store) {
  const folder = t.testdir();
  const store = await openStore(`sqlite:${join(folder, "perch.db")}`);
  t.teardown(async () => {
    await running.lanes.stop();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  for (const id of ["7", "8"]) {
    await store.saveAccount(storedAccount({ lane: `example:${id}`, accountId: id, accountName: `Account${id}` }));
    await store.saveRegistration(storedRegistration({ id: `r${id}`, lane: `example:${id}`, accountName: `Account${id}` }));
  }
  const calls: Call[] = [];
  const log: string[] = [];
  let working = 0;
  let lastPost = 100;
  let hosts = 0;
  const watch = async <T>(work: () => T): Promise<Awaited<T>> => {
    working += 1;
    try {
      return await work();
    } finally {
      working -= 1;
    }
  };
  const answers: Record<string, (request: { text: string }, clock: SteadyClock) => unknown> = {
    compose: ({ text }) =>
      "compose" in script
        ? script.compose
        : done<Composition>({
            posts: text.split("|").map((text) => ({ text, weightedLength: text.length, valid: true })),
            overflow: "split",
          }),
    deliver: async () => {
      const verdict = await script.deliver?.shift();
      lastPost += 1;
      if (verdict instanceof Error) throw verdict;
      return verdict ?? { verdict: "delivered", id: String(lastPost) };
    },
    lookUp: () => script.lookUp?.shift() ?? { finding: "absent" },
    probe: (_request, clock) => {
      const answer = script.probe?.shift();
      if (answer === "set-clock") clock.report(script.offsetMs ?? 0, "Tue, 24 Nov 2026 08:00:00 GMT");
      return answer === undefined || answer === "set-clock" ? done({ id: "7", name: "Account7" }) : answer;
    },
  };

  const line = (level: string) => (fields: Record<string, unknown>, sentence: string) =>
    void log.push(`${level} ${sentence}${fields.reason === undefined ? "" : ` ${String(fields.reason)}`}`);
  const level: LevelLog = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const watched = watching(wrap(store), watch);

  async function start(time: HandTime) {
    const clock = createSteadyClock(time);
    // The smallest plug-in that lanes ask for; the class itself would bring a worker and its ping along.
    const plugin = {
      name: "example",
      settings: { filterApiTimeoutSeconds: 40 },
      clock,
      manifest: { filters: [], faults: FAULTS },
      isReady: () => true,
      whenReady: async () => undefined,
      report: () => ({ state: script.failed ? "failed" : "ready" }),
      call: (verb: string, request: { text: string }, about: { account: { id: string } }) =>
        watch(async () => {
          calls.push({ verb, lane: about.account.id, ...(request?.text !== undefined && { text: request.text }) });
          const fault = verb === "compose" ? script.uncomposed?.[request.text] : undefined;
          if (fault) return refused(fault);
          const said = await answers[verb]?.(request, clock);
          if (said === "unsent") return { ...refused(hostFault("init-failed", "example: no worker")), unsent: true };
          const answer = done(said);
          if (confirmsClock(verb as Verb, answer as Answer<never>)) clock.confirm();
          return answer;
        }),
    } as unknown as Plugin;
    const plugins = new Plugins();
    plugins.setAll([plugin], {});
    const vault = { seal: (text: string) => text, open: (text: string) => text };
    const accounts = new Accounts({
      store: watched,
      vault: () => vault,
      configuredToken: (_plugin, name) => done({ t: name }),
    });
    await accounts.load();
    const hostLog = {
      root: level,
      forPlugin: () => level,
      setLevel: () => undefined,
      resetLevel: () => "info",
      scrub: (text: string) => text,
    };
    const card = { id: `h${hosts++}`, name: "test", version: "1", url: "", startedAt: 0, keyIds: [], offsets: {} };
    const leases = new Leases({ store: watched, time, log: level, card: () => card, onRecovered: () => {}, onUnheld: () => {} });
    const lanes = new Lanes({ leases, store: watched, plugins, accounts, time, pace: PACE, log: hostLog, onChange: () => {} });
    return { time, clock, plugins, accounts, lanes, leases };
  }
  let running = await start(handTime());
  let ids = 0;

  const stage = {
    store,
    calls,
    log,
    faults: { ...HOST_FAULTS, ...FAULTS },
    get time() {
      return running.time;
    },
    get clock() {
      return running.clock;
    },
    get lanes() {
      return running.lanes;
    },
    get accounts() {
      return running.accounts;
    },
    /** Texts that were sent to the service, in order. */
    sent: () => calls.filter(({ verb }) => verb === "deliver").map(({ text }) => text),
    count: (verb: string) => calls.filter((call) => call.verb === verb).length,
    async put(text: string, more: Partial<NewDelivery> & { account?: string; ttlMs?: number } = {}): Promise<string> {
      const { account = "7", ttlMs = DAY_MS, ...rest } = more;
      const now = running.clock.now();
      ids += 1;
      const id = rest.id ?? `d${ids}`;
      const lane = `example:${account}`;
      const times = { acceptedAt: now, expiresAt: now + ttlMs, datedBy: running.clock.datedBy() };
      const delivery = newDelivery({ id, lane, registrationId: `r${account}`, accountName: `Account${account}`, text, ...times, ...rest });
      await store.put({ deliveries: [delivery], repeatSince: 0, maxQueued: 1_000 });
      return id;
    },
    async state(id: string): Promise<StoredDelivery> {
      const delivery = await store.get(id);
      if (!delivery) throw new Error(`no delivery ${id}`);
      return delivery;
    },
    /** Until nothing can happen but by time: no call to store or service is under way, in two turns of the event loop. */
    async settled(): Promise<void> {
      for (let idle = 0; idle < 2; idle = working === 0 ? idle + 1 : 0) await turn();
    },
    /** Pokes the lane and lets it do what it can without time passing. */
    async poke(account = "7"): Promise<void> {
      running.lanes.poke(`example:${account}`);
      await stage.settled();
    },
    /** Goes to the next timer; answers how long that took. */
    async next(): Promise<number | undefined> {
      const passed = running.time.next();
      await stage.settled();
      return passed;
    },
    /** The host ends and another begins on the same store, on a machine whose clock is then as given. */
    async restart(time: HandTime): Promise<void> {
      await running.lanes.stop();
      await running.leases.stop();
      running = await start(time);
      await running.lanes.start();
      await stage.settled();
    },
  };
  return stage;
}

/** The same store, with every call counted while it is under way. */
function watching(store: Store, watch: <T>(work: () => T) => Promise<Awaited<T>>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (...args: unknown[]) => watch(() => Reflect.apply(value, target, args)) : value;
    },
  });
}
