/**
 * Runs a bench: two things in turns (A B A B …), compared pair by pair.
 *
 *     npm run bench isolation -- --turns 7 --json
 *
 * Exit status: 0 when everything that was counted really happened, whether or not the goals are reached; else 1.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import type { Bench, Rig } from "./bench.ts";
import { BENCHES } from "./benches.ts";
import { type Compared, compare, type Turn } from "./compare.ts";

const LEAST_TURNS = 5;

type Result = {
  bench: string;
  summary: string;
  at: string;
  machine: Record<string, string>;
  conditions: Record<string, string>;
  turns: readonly Turn[];
  figures: Compared[];
};

const machine = (): Record<string, string> => ({
  processors: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
  memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
  "load before": loadavg()
    .map((load) => load.toFixed(1))
    .join(" "),
  versions: `Node ${process.versions.node}, V8 ${process.versions.v8}`,
});

/** On a terminal only, and not among what `--json` prints. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
}

async function takeTurns(rig: Rig, turns: number): Promise<Turn[]> {
  const taken: Turn[] = [];
  // The first pair only warms up: code that is compiled, files that are cached.
  for (let turn = 0; turn <= turns; turn += 1) {
    const words = turn === 0 ? "warming up" : `turn ${turn} of ${turns}`;
    progress(`${words}: baseline`);
    const baseline = await rig.turn("baseline");
    progress(`${words}: measured`);
    const measured = await rig.turn("measured");
    if (turn > 0) taken.push({ baseline, measured });
  }
  return taken;
}

async function run(bench: Bench, turns: number): Promise<{ result: Result; wrong: string[] }> {
  const at = new Date().toISOString();
  const before = machine();
  progress("setting up");
  const rig = await bench.open();
  try {
    const taken = await takeTurns(rig, turns);
    progress("verifying");
    const wrong = await rig.verify();
    const figures = bench.figures.map((figure) => compare(figure, taken));
    const { name, summary, conditions } = bench;
    return { result: { bench: name, summary, at, machine: before, conditions, turns: taken, figures }, wrong };
  } finally {
    await rig.close();
    progress("");
  }
}

function print({ bench, summary, machine: facts, conditions, turns, figures }: Result): void {
  console.log(`${bench}: ${summary}\n`);
  for (const [name, text] of Object.entries({ ...facts, ...conditions })) console.log(`${name.padEnd(13)}${text}`);
  const table = new Table({ head: ["FIGURE", "RATIO", "MIN", "MAX", "GOAL", "", "BASELINE", "MEASURED"], style: { head: [], border: [] } });
  for (const { figure, ratio, goal, reached, baseline, measured } of figures) {
    const numbers = [ratio.median, ratio.min, ratio.max].map((number) => number.toFixed(2));
    table.push([figure, ...numbers, goal, reached ? "reached" : "not reached", baseline, measured]);
  }
  console.log(`\n${table}\nMedian, least and greatest of ${turns.length} pairs of turns.`);
}

async function main(): Promise<number> {
  const options = { turns: { type: "string", default: String(LEAST_TURNS) }, json: { type: "boolean", default: false } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const bench = BENCHES.find(({ name }) => name === positionals[0]);
  const turns = Number(values.turns);
  if (!bench || positionals.length !== 1 || !Number.isInteger(turns) || turns < LEAST_TURNS) {
    console.error(`npm run bench NAME -- [--turns N, at least ${LEAST_TURNS}] [--json]\n`);
    for (const { name, summary } of BENCHES) console.error(`  ${name}: ${summary}`);
    return 2;
  }
  const { result, wrong } = await run(bench, turns);
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (values.json) process.stdout.write(text);
  else print(result);
  if (wrong.length > 0) {
    console.error(`\nWhat was counted did not all happen, so the figures mean nothing (${wrong.length} times):`);
    for (const one of wrong.slice(0, 10)) console.error(`  ${one}`);
    return 1;
  }
  const results = new URL("./results/", import.meta.url);
  await mkdir(results, { recursive: true });
  await writeFile(new URL(`${bench.name}.json`, results), text);
  return 0;
}

process.exitCode = await main();
