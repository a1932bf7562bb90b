/** What a healthy plug-in's callers notice of plug-ins beside it that loop, leak and crash without a pause. */
import { fileURLToPath } from "node:url";
import { openYard, type Yard } from "../test/child-host.ts";
import { judgeOrder } from "../test/judge.ts";
import type { Bench, Figure, Rig } from "./bench.ts";
import { percentile } from "./compare.ts";
import { openLoad } from "./open-load.ts";

const SECONDS = 8;
const CALLS_A_SECOND = 100;
const NOTIFIES_A_SECOND = 25;
const BAD = ["loops", "leaks", "crashes"] as const;
const ACCOUNTS = ["Account_1", "Account_2", "Account_3", "Account_4"];

const module = (name: string, more: object = {}) => ({ module: fileURLToPath(new URL(`./plugins/${name}.ts`, import.meta.url)), ...more });
type PluginState = { name: string; state: string; restarts: number };

export const isolation: Bench = {
  name: "isolation",
  summary: "latency of a healthy plug-in's call and of notify, beside plug-ins that loop, leak and crash ÷ without",
  conditions: {
    load: `open loop: ${CALLS_A_SECOND} calls and ${NOTIFIES_A_SECOND} notifications a second, each timed from the moment when it was due`,
    beside: "each bad plug-in is called again as soon as it has failed, and restarted when it has been stopped for failing too often",
    durability: "SQLite, WAL, synchronous=FULL: a notify is answered when it is on the disk",
  },
  sides: ["without", "beside"],
  figures: ["call p50", "call p99", "notify p50", "notify p99"].map(
    (value): Figure => ({
      name: value,
      unit: "ms",
      of: { side: "beside", value },
      against: { side: "without", value },
      goal: { atMost: 1.3 },
    }),
  ),
  open: openRig,
};

async function openRig(): Promise<Rig> {
  const yard = await openYard({
    accounts: ACCOUNTS,
    keepLog: false,
    plugins: [module("echo"), ...BAD.map((name) => module(name, { maxMemoryMb: 64 }))],
  });
  const host = await yard.start();
  await yard.register();
  const wrong: string[] = [];
  let notified = 0;
  return {
    async turn(side) {
      const outcome = await oneTurn(yard, side, () => (notified += 1));
      wrong.push(...outcome.wrong);
      return outcome.figures;
    },
    async verify() {
      const deliveries = await yard.drained();
      if (deliveries.length !== notified) wrong.push(`${notified} notifications were accepted, ${deliveries.length} deliveries are kept`);
      return [...wrong, ...judgeOrder(deliveries, await yard.posts())];
    },
    async close() {
      await host.stop();
      await yard.close();
    },
  };
}

async function oneTurn(yard: Yard, side: string, count: () => number): Promise<{ figures: Record<string, number>; wrong: string[] }> {
  const before = await deaths(yard);
  const bad = side === "beside" ? misbehave(yard) : undefined;
  const [calls, notifies] = await Promise.all([
    openLoad(CALLS_A_SECOND, SECONDS, async (index) => {
      const { outValues } = await yard.call<{ outValues: unknown[] }>("filterApiCall", { plugin: "BENCH.ECHO", inValues: [index] });
      if (outValues[0] !== index) throw new Error("a wrong answer");
    }),
    openLoad(NOTIFIES_A_SECOND, SECONDS, async (index) => {
      const text = `Notice ${count()}`;
      await yard.notify({ text, functionalUser: ACCOUNTS[index % ACCOUNTS.length] as string });
    }),
  ]);
  await bad?.end();
  const died = (await deaths(yard)) - before;
  const wrong = [...calls.failures, ...notifies.failures];
  if (side === "beside" && died < BAD.length) wrong.push(`the bad plug-ins died ${died} times only`);
  if (side === "without" && died > 0) wrong.push(`${died} workers died in a turn without bad plug-ins`);
  return {
    figures: {
      "call p50": percentile(calls.latenciesMs, 50),
      "call p99": percentile(calls.latenciesMs, 99),
      "notify p50": percentile(notifies.latenciesMs, 50),
      "notify p99": percentile(notifies.latenciesMs, 99),
    },
    wrong,
  };
}

const plugins = async (yard: Yard): Promise<PluginState[]> => (await yard.call<{ plugins: PluginState[] }>("plugins.list")).plugins;
const deaths = async (yard: Yard): Promise<number> => (await plugins(yard)).reduce((sum, { restarts }) => sum + restarts, 0);

/** Keeps each of the bad plug-ins failing until it is ended; then lets them come to rest. */
function misbehave(yard: Yard): { end(): Promise<void> } {
  let over = false;
  const fail = async (name: (typeof BAD)[number]) => {
    while (!over) {
      const failed = await yard
        .call("filterApiCall", { plugin: `BENCH.${name.toUpperCase()}`, inValues: [] })
        .catch((cause: Error) => cause);
      if (failed instanceof Error && failed.message.includes("ARERR 8762")) await yard.call("plugins.restart", { name });
    }
  };
  const failing = BAD.map(fail);
  return {
    async end() {
      over = true;
      await Promise.all(failing);
      for (const name of BAD) await yard.call("plugins.restart", { name });
    },
  };
}
