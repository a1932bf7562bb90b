/**
 * A soak: notifications at a steady rate to several accounts, for as long as is asked. Then everything must stand at X
 * once and in order, and memory and open files of the host must be flat.
 *
 *     npm run soak -- --minutes 60 --rate 100
 */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openYard, type Yard } from "../child-host.ts";
import { judgeOrder } from "../judge.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    rate: { type: "string", default: "100" },
    accounts: { type: "string", default: "8" },
  },
});
const MINUTES = Number(values.minutes);
const RATE = Number(values.rate);
const ACCOUNTS = Array.from({ length: Number(values.accounts) }, (_, index) => `Account_${index}`);
/** Samples of one quarter of the run are averaged; the last may not exceed the second by more (quality figure). */
const MAX_GROWTH = 1.05;

type Sample = { second: number; rssMb: number; handles: number };

async function sampleOf(pid: number, second: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const rssKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  return { second, rssMb: rssKb / 1024, handles: (await readdir(`/proc/${pid}/fd`)).length };
}

/** Calls at the rate, never more than `RATE` behind; answers what was accepted and what was refused. */
async function load(
  yard: Yard,
  seconds: number,
  onSecond: (second: number) => Promise<void>,
): Promise<{ accepted: number; refused: string[] }> {
  const start = performance.now();
  const refused: string[] = [];
  let sent = 0;
  let accepted = 0;
  const inFlight = new Set<Promise<unknown>>();
  for (let second = 0; second < seconds; second += 1) {
    for (let index = 0; index < RATE; index += 1) {
      const functionalUser = ACCOUNTS[sent % ACCOUNTS.length] as string;
      const call = yard.notify({ text: `Notice ${sent} of the soak, at second ${second}`, functionalUser });
      const done = call.then(
        () => (accepted += 1),
        (error: Error) => refused.push(error.message),
      );
      inFlight.add(done);
      void done.finally(() => inFlight.delete(done));
      sent += 1;
    }
    await onSecond(second);
    const next = start + (second + 1) * 1000;
    if (next > performance.now()) await sleep(next - performance.now());
    if (inFlight.size > RATE * 5) await Promise.all(inFlight);
  }
  await Promise.all(inFlight);
  return { accepted, refused };
}

const mean = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length);

function growth(samples: Sample[], figure: "rssMb" | "handles"): { second: number; last: number; ratio: number } {
  const quarter = Math.floor(samples.length / 4);
  const second = mean(samples.slice(quarter, quarter * 2).map((sample) => sample[figure]));
  const last = mean(samples.slice(-quarter).map((sample) => sample[figure]));
  return { second, last, ratio: last / second };
}

const yard = await openYard({ accounts: ACCOUNTS, keepLog: false, config: { outbox: { maxQueued: 1_000_000 } } });
const host = await yard.start();
await yard.register();
const samples: Sample[] = [];
const { accepted, refused } = await load(yard, MINUTES * 60, async (second) => {
  if (second % 5 !== 0) return;
  const sample = await sampleOf(host.child.pid as number, second);
  samples.push(sample);
  if (second % 60 === 0) process.stdout.write(`minute ${second / 60}: ${sample.rssMb.toFixed(1)} MB, ${sample.handles} handles\n`);
});
const deliveries = await yard.drained();
const verdict = judgeOrder(deliveries, await yard.posts());
const rss = growth(samples, "rssMb");
const handles = growth(samples, "handles");
const [status] = await host.stop();
await yard.close();
const holds =
  refused.length === 0 &&
  deliveries.length === accepted &&
  verdict.length === 0 &&
  rss.ratio <= MAX_GROWTH &&
  handles.ratio <= MAX_GROWTH &&
  status === 0;
process.stdout.write(
  `${JSON.stringify({ minutes: MINUTES, rate: RATE, accounts: ACCOUNTS.length, accepted, refused: refused.length, delivered: deliveries.filter(({ state }) => state === "delivered").length, wrong: verdict.slice(0, 10), rss, handles, holds }, null, 2)}\n`,
);
process.exit(holds ? 0 : 1);
