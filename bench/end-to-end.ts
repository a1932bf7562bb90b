/** How long it takes from a call that is due to its post at X, against a relay that keeps nothing. */
import { join } from "node:path";
import { callerOf, type Yard } from "../test/child-host.ts";
import { accountNames, textOf, tokenOf } from "./accounts.ts";
import type { BareX, Got } from "./bare-x.ts";
import type { Bench, Figure, Rig } from "./bench.ts";
import { openChild } from "./child.ts";
import { percentile } from "./compare.ts";
import { machineMs } from "./machine-ms.ts";
import { openLoad } from "./open-load.ts";
import { openPerch } from "./perch-host.ts";
import type { Relay } from "./relay.ts";

const SECONDS = 5;
const RATE = 100;
const ACCOUNTS = accountNames(16);

export const endToEnd: Bench = {
  name: "end-to-end",
  summary: "time from the moment when a call is due to its post's arrival at X ÷ that of a relay that keeps nothing",
  conditions: {
    load: `open loop: ${RATE} calls a second for ${ACCOUNTS.length} accounts in turn, over a Unix socket`,
    beside: "X, Perch and the relay (Fastify with Perch's schema, then undici) are a process each",
    durability: "SQLite, WAL, synchronous=FULL: accepted on the disk, then begun on the disk, then posted",
  },
  sides: ["perch", "relay"],
  figures: ["p50", "p99"].map(
    (value): Figure => ({ name: value, unit: "ms", of: { side: "perch", value }, against: { side: "relay", value } }),
  ),
  open: openRig,
};

async function openRig(): Promise<Rig> {
  const x = openChild<BareX>(new URL("./bare-x.ts", import.meta.url));
  const xUrl = await x.ask("listen", null);
  const perch = await openPerch(xUrl, ACCOUNTS.length);
  const relay = openChild<Relay>(new URL("./relay.ts", import.meta.url));
  const socketPath = join(perch.folder, "relay.sock");
  await relay.ask("listen", { socketPath, xUrl });
  const relayed = callerOf(socketPath);
  const calls: Record<string, Yard["call"]> = { perch: perch.call, relay: relayed.call };
  const record: Record<string, Got[]> = {};
  const wrong: string[] = [];
  let told = 0;
  return {
    async turn(side) {
      const { dueAt, failures } = await load(calls[side] as Yard["call"], told);
      if (side === "perch") await perch.drained();
      const got = await x.ask("take", null);
      const latencies = Object.values(got).flatMap((posts) => posts.map(({ text, at }) => at - (dueAt.get(text) ?? Number.NaN)));
      wrong.push(...failures);
      if (latencies.length !== dueAt.size) wrong.push(`${side}: of ${dueAt.size} texts X got ${latencies.length}`);
      if (side === "perch") {
        told += dueAt.size;
        for (const [token, posts] of Object.entries(got)) record[token] = [...(record[token] ?? []), ...posts];
      }
      return { p50: percentile(latencies, 50), p99: percentile(latencies, 99) };
    },
    async verify() {
      const got = Object.fromEntries(ACCOUNTS.map((account) => [account, record[tokenOf(account)] ?? []]));
      return [...wrong, ...perch.judge(told, got)];
    },
    async close() {
      await relayed.reconnect();
      await relay.close();
      await perch.close();
      await x.close();
    },
  };
}

/** The moments by `machineMs` at which each text was to leave. */
async function load(call: Yard["call"], firstText: number): Promise<{ dueAt: Map<string, number>; failures: string[] }> {
  const dueAt = new Map<string, number>();
  const ahead = machineMs() - performance.now();
  const { failures } = await openLoad(RATE, SECONDS, async (index, due) => {
    const text = textOf(firstText + index);
    dueAt.set(text, due + ahead);
    await call("notify", { text, functionalUser: ACCOUNTS[index % ACCOUNTS.length] as string });
  });
  return { dueAt, failures };
}
