/**
 * All fuzz suites, at length, in one process: progress and memory as they go, and memory at the end against the middle.
 *
 *     npm run fuzz
 *     FUZZ_RUNS=1000000 npm run fuzz
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { fuzz, totalRuns } from "./suite.ts";
import { SUITES } from "./suites.ts";

process.env.FUZZ_RUNS ??= "100000";
const TOTAL = totalRuns(process.env);
/** A look at memory is printed after so many cases. */
const PRINT_EVERY = 5_000;
/** The properties of texts have a switch of their own: cases for each of them. */
const TEXT_RUNS = Math.max(100, Math.round(TOTAL / 50));
/** What the collector has not come to yet moves the figure; a leak of one object a case does more than that. */
const MAX_GROWTH = 1.25;

type Sample = { suite: string; cases: number; rssMb: number };
const samples: Sample[] = [];

function note(suite: string, cases: number): void {
  // `--expose-gc`: what is garbage must not count as kept.
  globalThis.gc?.();
  const rssMb = process.memoryUsage.rss() / 2 ** 20;
  samples.push({ suite, cases, rssMb });
  if (cases % PRINT_EVERY === 0) console.error(`${suite}: ${cases} cases, ${rssMb.toFixed(0)} MB`);
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length);

/** Memory of the last tenth of a suite against that of the tenth in its middle: each suite has a level of its own. */
function growthOf(suite: string): { cases: number; middleMb: number; endMb: number } {
  const own = samples.filter((sample) => sample.suite === suite);
  const tenth = Math.max(1, Math.floor(own.length / 10));
  const middle = Math.floor(own.length / 2);
  const level = (part: readonly Sample[]): number => mean(part.map(({ rssMb }) => rssMb));
  return { cases: own.at(-1)?.cases ?? 0, middleMb: level(own.slice(middle, middle + tenth)), endMb: level(own.slice(-tenth)) };
}

/** Their own tests, each in a process of its own. */
async function runTexts(t: Test): Promise<void> {
  const folder = new URL("../plugins/twitter/text/", import.meta.url).pathname;
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".test.ts"))) {
    const env = { ...process.env, FAST_CHECK_RUNS: String(TEXT_RUNS), TAP_TIMEOUT: "900" };
    const { status, stdout } = spawnSync(process.execPath, [join(folder, name)], { env, encoding: "utf8" });
    t.equal(status, 0, name);
    if (status !== 0) console.error(stdout);
  }
}

function judgeMemory(t: Test): number {
  let all = 0;
  for (const { name } of SUITES) {
    const { cases, middleMb, endMb } = growthOf(name);
    const sentence = `${name}: ${cases} cases, ${middleMb.toFixed(0)} MB in the middle, ${endMb.toFixed(0)} MB at the end`;
    console.error(sentence);
    t.ok(endMb <= middleMb * MAX_GROWTH, sentence);
    all += cases;
  }
  return all;
}

// Nothing here has an end in time; a test of it within the default one would be cut off.
t.setTimeout(0);
t.test(`fuzz, ${TOTAL} cases`, { timeout: 0 }, async (t) => {
  const started = performance.now();
  for (const suite of SUITES) await fuzz(t, suite, TOTAL, (done) => note(suite.name, done));
  const cases = judgeMemory(t);
  await t.test(`texts: every property holds (${TEXT_RUNS} cases each)`, { timeout: 0 }, runTexts);
  console.error(`${cases} cases, and the texts, in ${Math.round((performance.now() - started) / 1000)} s`);
});
