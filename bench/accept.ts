/** Calls accepted and kept durably, against the same door that keeps nothing, and against queues behind that door. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import pg from "pg";
import { openYard } from "../test/child-host.ts";
import { startPostgres } from "../test/store/postgres-server.ts";
import type { Bench, Figure, Rig } from "./bench.ts";
import { type Call, type ClosedLoad, closedLoad } from "./closed-load.ts";
import { percentile } from "./compare.ts";
import { installPeers } from "./peers.ts";
import { startRedis, waitingJobs } from "./redis.ts";
import { POSTGRESQL, REDIS } from "./tools.ts";

const SECONDS = 1.2;
const CONNECTIONS = [1, 16, 64, 256] as const;
const ACCOUNTS = Array.from({ length: 16 }, (_, index) => `Account_${index + 1}`);
const SIDES = ["ceiling", "perch", "bullmq", "pg-boss"] as const;
type Side = (typeof SIDES)[number];

type Goal = Exclude<Figure["goal"], undefined>;
const figure = (value: string, against: Side, unit: Figure["unit"], goal?: Goal): Figure => ({
  name: `${value} ÷ ${against}`,
  unit,
  of: { side: "perch", value },
  against: { side: against, value },
  ...(goal && { goal }),
});
/** From the table of figures to reach. */
const GOALS: Readonly<Record<string, Goal>> = {
  "notify 64 ÷ ceiling": { atLeast: 0.8 },
  "notify 256 ÷ ceiling": { atLeast: 0.9 },
  "p99 64 ÷ ceiling": { atMost: 1.5 },
  "notify 64 ÷ bullmq": { atLeast: 1.5 },
  "notify 64 ÷ pg-boss": { atLeast: 5 },
};
const compared = (what: string, against: Side, unit: Figure["unit"]) =>
  CONNECTIONS.map((connections) => figure(`${what} ${connections}`, against, unit, GOALS[`${what} ${connections} ÷ ${against}`]));

export const accept: Bench = {
  name: "accept",
  needs: [REDIS, POSTGRESQL],
  summary: "calls accepted and committed ÷ the same door that keeps nothing, and ÷ queues behind that door",
  conditions: {
    load: `closed loop over TCP: 1, 16, 64 and 256 connections, bodies of 400 bytes; the callers share the processors with the servers`,
    ceiling: "Fastify with the same schemas and answers, which keeps nothing and asks for no password",
    perch:
      "notify and filterApiCall with a password, for 16 accounts whose lanes are paused; its log goes through a pipe and is thrown away; SQLite, WAL, synchronous=FULL",
    bullmq: "queue.add behind the ceiling's door; Redis, appendonly, appendfsync always",
    "pg-boss": "boss.send behind the ceiling's door; PostgreSQL, fsync and synchronous_commit on",
  },
  sides: SIDES,
  figures: [
    ...compared("notify", "ceiling", "a second"),
    ...compared("p50", "ceiling", "ms"),
    ...compared("p99", "ceiling", "ms"),
    ...compared("filterApiCall", "ceiling", "a second"),
    ...compared("filterApiCall p50", "ceiling", "ms"),
    ...compared("filterApiCall p99", "ceiling", "ms"),
    ...compared("notify", "bullmq", "a second"),
    ...compared("notify", "pg-boss", "a second"),
  ],
  open: openRig,
};

/** Something that takes calls over HTTP. */
type Server = {
  url: string;
  notifyPath: string;
  filterPath: string;
  authorization?: string;
  /** How many calls it has kept; undefined for one that keeps nothing. */
  kept(): Promise<number> | number | undefined;
  close(): Promise<void>;
};

async function openRig(progress: (line: string) => void): Promise<Rig> {
  await installPeers(progress);
  progress("starting Perch, Redis and PostgreSQL");
  const servers: Record<Side, Server> = {
    ceiling: await openPeer("ceiling", [], { kept: () => undefined, close: async () => {} }),
    perch: await openPerch(),
    bullmq: await openBullmq(),
    "pg-boss": await openPgBoss(),
  };
  const wrong: string[] = [];
  const answered = new Map<string, number>(SIDES.map((side) => [side, 0]));
  return {
    async turn(side) {
      const loads = await loadAll(side, servers[side as Side]);
      for (const { answered: count, failures } of Object.values(loads)) {
        answered.set(side, (answered.get(side) ?? 0) + count);
        wrong.push(...failures.map((failure) => `${side}: ${failure}`));
      }
      return Object.fromEntries(Object.entries(loads).flatMap(([name, load]) => valuesOf(name, load)));
    },
    async verify() {
      for (const [side, { kept }] of Object.entries(servers)) {
        const count = await kept();
        if (count !== undefined && count !== answered.get(side))
          wrong.push(`${side} answered ${answered.get(side)} calls with success and keeps ${count}`);
      }
      return wrong;
    },
    async close() {
      for (const server of Object.values(servers)) await server.close();
    },
  };
}

/** Latencies of notify, which every side takes, go by no name of a call. */
function valuesOf(name: string, { aSecond, latenciesMs }: ClosedLoad): [string, number][] {
  const [call, connections] = name.split(" ");
  const prefix = call === "notify" ? "" : `${call} `;
  return [
    [name, aSecond],
    [`${prefix}p50 ${connections}`, percentile(latenciesMs, 50)],
    [`${prefix}p99 ${connections}`, percentile(latenciesMs, 99)],
  ];
}

async function loadAll(side: string, server: Server): Promise<Record<string, ClosedLoad>> {
  const loads: Record<string, ClosedLoad> = {};
  const load = async (name: string, connections: number, next: () => Call) => {
    const { authorization } = server;
    loads[name] = await closedLoad(
      server.url,
      { connections, seconds: SECONDS, ...(authorization !== undefined && { authorization }) },
      next,
    );
  };
  for (const connections of CONNECTIONS) await load(`notify ${connections}`, connections, () => notifyCall(server.notifyPath));
  // A queue knows no filters.
  if (side === "perch" || side === "ceiling")
    for (const connections of CONNECTIONS) await load(`filterApiCall ${connections}`, connections, () => filterCall(server.filterPath));
  return loads;
}

let calls = 0;
/** Perch takes the same text for the same entry for a repeat. */
function nextNotice() {
  calls += 1;
  const text = `E-mail is down in Paris; notice ${calls}. We are on it, more follows within the hour. `.padEnd(
    220,
    "Please call again later. ",
  );
  return { text, functionalUser: ACCOUNTS[calls % ACCOUNTS.length], entryId: `INC${String(calls).padStart(12, "0")}` };
}

function notifyCall(path: string): Call {
  return { path, body: JSON.stringify({ jsonrpc: "2.0", id: calls, method: "notify", params: nextNotice() }) };
}

function filterCall(path: string): Call {
  const { text, functionalUser, entryId } = nextNotice();
  const params = { plugin: "ARSYS.ALRT.TWITTER", inValues: [functionalUser, entryId, text] };
  return { path, body: JSON.stringify({ jsonrpc: "2.0", id: calls, method: "filterApiCall", params }) };
}

async function openPerch(): Promise<Server> {
  const port = await freePort();
  const yard = await openYard({
    accounts: ACCOUNTS,
    keepLog: false,
    config: { server: { port, socket: "./perch.sock" }, outbox: { maxQueued: 100_000_000 } },
  });
  const host = await yard.start();
  await yard.register();
  for (const accountName of ACCOUNTS) await yard.call("lanes.pause", { accountName });
  // It writes a line for each call; to take them apart would be work of the callers' process for one side only.
  host.ignoreLog();
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ notifyPath: "/rpc", filterPath: "/rpc" },
    authorization: `Basic ${Buffer.from("admin:admin-password").toString("base64")}`,
    kept() {
      const store = new Database(join(yard.folder, "perch.db"), { readonly: true });
      const { count } = store.prepare("SELECT count(*) AS count FROM deliveries").get() as { count: number };
      store.close();
      return count;
    },
    async close() {
      await host.stop();
      await yard.close();
    },
  };
}

async function openBullmq(): Promise<Server> {
  const redis = await startRedis(await freePort());
  return openPeer("bullmq", [String(redis.port)], { kept: () => waitingJobs(redis, "notices"), close: () => redis.close() });
}

async function openPgBoss(): Promise<Server> {
  const server = await startPostgres();
  const address = await server.createDatabase();
  return openPeer("pg-boss", [address], {
    kept: () => countJobs(address),
    close: async () => server.destroy(),
  });
}

async function countJobs(address: string): Promise<number> {
  const client = new pg.Client(address);
  await client.connect();
  const { rows } = await client.query<{ count: string }>("SELECT count(*) AS count FROM pgboss.job WHERE name = 'notices'");
  await client.end();
  return Number(rows[0]?.count);
}

/** A process of bench/peers; it prints its address when it is ready. */
async function openPeer(name: string, args: string[], behind: Pick<Server, "kept" | "close">): Promise<Server> {
  const script = fileURLToPath(new URL(`./peers/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, ["--max-semi-space-size=16", script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const orphaned = () => child.kill("SIGKILL");
  process.once("exit", orphaned);
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (status) => reject(new Error(`${script} ended with ${status}`)));
    createInterface({ input: child.stdout }).once("line", resolve);
  });
  return {
    url,
    ...{ notifyPath: "/notify", filterPath: "/filter" },
    kept: behind.kept,
    async close() {
      process.off("exit", orphaned);
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await behind.close();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
