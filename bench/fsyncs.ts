/** Counts what the host asks of the disk for what it answers: exact, whatever the machine. */
import { join } from "node:path";
import { Pool } from "undici";
import { openYard, type Yard } from "../test/child-host.ts";
import type { Bench, Rig } from "./bench.ts";
import { type Durability, readDurability } from "./read-durability.ts";
import { traceCalls } from "./strace.ts";
import { STRACE } from "./tools.ts";

const CALLERS = { "1 caller": 1, "64 callers": 64 } as const;
type Side = keyof typeof CALLERS;
const CALLS = 320;
const TRACED = ["pwrite64", "fsync", "fdatasync", "write", "writev"];
const ACCOUNT = "ITSM_Notify";

export const fsyncs: Bench = {
  name: "fsyncs",
  needs: [STRACE],
  summary: "fsyncs of the host ÷ its commits, and calls ÷ fsyncs; no answer before its fsync (strace)",
  conditions: {
    load: `${CALLS} notifications by one caller, then by 64 in a closed loop; the lane is paused`,
    counted: "returns of fsync and fdatasync on the WAL that end a commit; those of checkpoints and of a WAL that begins anew are apart",
    order: "an answer must follow the fsync that follows the writing of its delivery's page, in the order that strace saw",
    durability: "SQLite, WAL, synchronous=FULL",
  },
  sides: Object.keys(CALLERS),
  figures: Object.keys(CALLERS).flatMap((side) => [
    {
      name: `fsyncs for a commit, ${side}`,
      unit: "times" as const,
      of: { side, value: "fsyncs" },
      against: { side, value: "commits" },
      goal: { atMost: 1 },
    },
    { name: `calls for an fsync, ${side}`, unit: "times" as const, of: { side, value: "calls" }, against: { side, value: "fsyncs" } },
  ]),
  open: openRig,
};

async function openRig(): Promise<Rig> {
  const yard = await openYard({ accounts: [ACCOUNT], keepLog: false });
  const host = await yard.start();
  await yard.register();
  await yard.call("lanes.pause", { accountName: ACCOUNT });
  const client = new Pool("http://perch", { socketPath: join(yard.folder, "perch.sock"), connections: 1 });
  const wrong: string[] = [];
  let texts = 0;
  const nextText = () => {
    texts += 1;
    return `Notice ${texts}`;
  };
  return {
    async turn(side) {
      const before = await commitsOf(client);
      const trace = await traceCalls(host.child.pid as number, TRACED);
      const inner = await commitsOf(client);
      await callAll(yard, CALLERS[side as Side], nextText);
      const least = (await commitsOf(client)) - inner;
      const seen = readDurability(await trace.end());
      const commits = (await commitsOf(client)) - before;
      wrong.push(...complaints(seen, { least, most: commits }, side));
      return { fsyncs: seen.syncs, commits, calls: CALLS };
    },
    verify: async () => wrong,
    async close() {
      await client.destroy();
      await host.stop();
      await yard.close();
    },
  };
}

/** The host sweeps once a second: a commit just before or after the trace may be in it or not. */
type Commits = { least: number; most: number };

function complaints({ syncs, restarts, answers, early }: Durability, { least, most }: Commits, side: string): string[] {
  const told: string[] = [];
  if (answers !== CALLS) told.push(`${side}: ${CALLS} calls were answered, and strace saw ${answers} answers`);
  if (syncs < least || syncs > most) told.push(`${side}: ${least} to ${most} commits and ${syncs} fsyncs for them`);
  if (restarts > most) told.push(`${side}: the WAL began anew ${restarts} times in ${most} commits`);
  return [...told, ...early.slice(0, 3).map((id) => `${side}: the delivery ${id} was answered before its fsync`)];
}

async function callAll(yard: Yard, callers: number, text: () => string): Promise<void> {
  let left = CALLS;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await yard.notify({ text: text(), functionalUser: ACCOUNT });
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** Of the store's changes that were kept, as the metrics count them. */
async function commitsOf(client: Pool): Promise<number> {
  const { body } = await client.request({ method: "GET", path: "/metrics" });
  const [, count] = /^perch_store_commit_seconds_count (\d+)$/m.exec(await body.text()) ?? [];
  if (count === undefined) throw new Error("the metrics don't count the store's commits any more");
  return Number(count);
}
