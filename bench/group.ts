/** What a second and a third host on the same PostgreSQL bring, or cost where they share its processors. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { Pool } from "undici";
import { type HostChild, openYard, type Yard } from "../test/child-host.ts";
import { judgeOrder } from "../test/judge.ts";
import { startPostgres } from "../test/store/postgres-server.ts";
import type { Bench, Figure, Rig } from "./bench.ts";
import { POSTGRESQL } from "./tools.ts";

const SECONDS = 3;
/** A host that has just been started compiles what it runs for the first time. */
const WARM_UP_SECONDS = 1;
const CALLERS = 64;
const LIVE = "state IN ('queued', 'sending', 'waiting', 'in-doubt')";
const LOOK_MS = 50;
const ACCOUNTS = Array.from({ length: 64 }, (_, index) => `Account_${index + 1}`);
const HOSTS = { "1 host": 1, "2 hosts": 2, "3 hosts": 3 } as const;
type Side = keyof typeof HOSTS;

export const group: Bench = {
  name: "group",
  needs: [POSTGRESQL],
  summary: "two and three hosts on one PostgreSQL ÷ one host on it: calls accepted, and posts sent",
  conditions: {
    load: `closed loop: ${CALLERS} callers over all hosts, each call for one of ${ACCOUNTS.length} accounts; then the lanes are let go`,
    beside: "hosts, PostgreSQL, sandbox X and callers share the processors, so that more hosts have no more of them",
    durability: "PostgreSQL, fsync and synchronous_commit on: a call is answered when it is on the disk",
  },
  sides: Object.keys(HOSTS),
  figures: ["accepts", "posts"].flatMap((value) =>
    ["2 hosts", "3 hosts"].map(
      (side): Figure => ({
        name: `${value}, ${side}`,
        unit: "a second",
        of: { side, value },
        against: { side: "1 host", value },
        goal: { atLeast: 1 },
      }),
    ),
  ),
  open: openRig,
};

/** One host of the group: its folder, and the way to it while it runs. */
type Member = { yard: Yard; host: HostChild | undefined; pool: Pool | undefined };

async function openRig(): Promise<Rig> {
  const server = await startPostgres();
  const store = await server.createDatabase();
  const members = await openMembers(store);
  const [{ yard }] = members as [Member];
  const database = new pg.Client(store);
  await database.connect();
  await run(members, 1);
  await yard.register();
  await pause(yard);
  const wrong: string[] = [];
  let texts = 0;
  const nextText = () => {
    texts += 1;
    return `Notice ${texts}`;
  };
  const measure = async (hosts: number): Promise<{ accepts: number; posts: number }> => {
    const running = members.slice(0, hosts);
    if (await run(members, hosts)) {
      await callAll(running, nextText, WARM_UP_SECONDS);
      await letGo(running, database, WARM_UP_SECONDS);
    }
    const before = await countOf(database, "true");
    const { accepted, seconds } = await callAll(running, nextText, SECONDS);
    const kept = (await countOf(database, "true")) - before;
    if (kept !== accepted) wrong.push(`${accepted} calls were accepted by ${hosts} hosts, ${kept} deliveries are kept`);
    const posts = await letGo(running, database, SECONDS);
    return { accepts: accepted / seconds, posts };
  };
  return {
    turn: (side) => measure(HOSTS[side as Side]),
    async verify() {
      const delivered = (await yard.drained()).filter(({ state }) => state === "delivered");
      return [...wrong, ...judgeOrder(delivered, await yard.posts())];
    },
    async close() {
      await database.end();
      await run(members, 0);
      for (const { yard } of members) await yard.close();
      server.destroy();
    },
  };
}

/** All on the first one's sandbox. */
async function openMembers(store: string): Promise<Member[]> {
  const config = { store };
  const options = { accounts: ACCOUNTS, config, keepLog: false };
  const first = await openYard(options);
  const others = [2, 3].map(() => openYard({ ...options, userDefined: { apiBaseUrl: first.sandboxUrl } }));
  return [first, ...(await Promise.all(others))].map((yard) => ({ yard, host: undefined, pool: undefined }));
}

/** The first so many run; the others do not. Answers whether any was started for it. */
async function run(members: Member[], hosts: number): Promise<boolean> {
  let started = false;
  for (const [index, member] of members.entries()) {
    if (index < hosts && !member.host) {
      started = true;
      member.host = await member.yard.start();
      member.pool = new Pool("http://perch", { socketPath: join(member.yard.folder, "perch.sock"), connections: CALLERS });
    } else if (index >= hosts && member.host) {
      await member.pool?.destroy();
      await member.host.stop();
      Object.assign(member, { host: undefined, pool: undefined });
    }
  }
  return started;
}

async function callAll(members: readonly Member[], text: () => string, forSeconds: number): Promise<{ accepted: number; seconds: number }> {
  let accepted = 0;
  const start = performance.now();
  const end = start + forSeconds * 1000;
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    const { pool } = members[caller % members.length] as Member;
    for (let index = caller; performance.now() < end; index += 1) {
      await notify(pool as Pool, { text: text(), functionalUser: ACCOUNTS[index % ACCOUNTS.length] });
      accepted += 1;
    }
  });
  await Promise.all(callers);
  return { accepted, seconds: (performance.now() - start) / 1000 };
}

async function notify(pool: Pool, params: object): Promise<void> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "notify", params });
  const { body: answer } = await pool.request({ method: "POST", path: "/rpc", headers: { "content-type": "application/json" }, body });
  const { error } = (await answer.json()) as { error?: { message: string } };
  if (error) throw new Error(error.message);
}

const countOf = async (database: pg.Client, where: string): Promise<number> =>
  Number((await database.query(`SELECT count(*) AS count FROM deliveries WHERE ${where}`)).rows[0].count);

async function pause(yard: Yard): Promise<void> {
  for (const accountName of ACCOUNTS) await yard.call("lanes.pause", { accountName });
}

/** Lets all lanes post for a while, each by the host that is asked for it; what is left then is cancelled. Answers posts a second. */
async function letGo(members: readonly Member[], database: pg.Client, forSeconds: number): Promise<number> {
  const yardOf = (index: number) => (members[index % members.length] as Member).yard;
  const delivered = () => countOf(database, "state = 'delivered'");
  for (const [index, accountName] of ACCOUNTS.entries()) await yardOf(index).call("lanes.resume", { accountName });
  const before = await delivered();
  const start = performance.now();
  await sleep(forSeconds * 1000);
  const posts = ((await delivered()) - before) / ((performance.now() - start) / 1000);
  await pause(yardOf(0));
  await yardOf(0).call("deliveries.cancel", { states: ["queued", "waiting"] });
  // Not by a list of the host's: that reads all that was ever delivered, for longer than the turn itself.
  while ((await countOf(database, LIVE)) > 0) await sleep(LOOK_MS);
  return posts;
}
