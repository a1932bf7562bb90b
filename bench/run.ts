/**
 * Runs benches: of each, two or more things in turns (A B A B …), compared turn by turn.
 *
 *     npm run bench                                  all of them; draws docs/bench.svg
 *     npm run bench isolation -- --turns 7 --json    one
 *     npm run bench growth -- --rows 10000000        one that fills a store, with so many rows
 *
 * Exit status: 0 when everything that was counted really happened, whether or not the goals are reached; else 1.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { installMissing } from "../test/install-missing.ts";
import type { Bench, Rig, Wishes } from "./bench.ts";
import { BENCHES } from "./benches.ts";
import type { Turn } from "./compare.ts";
import { pictureOf } from "./picture.ts";
import { machineNow, type Result, resultOf, tableOf } from "./result.ts";

const LEAST_TURNS = 5;
const RESULTS = new URL("./results/", import.meta.url);
const PICTURE = new URL("../docs/bench.svg", import.meta.url);

/** On a terminal one line that is written over; else, apart from what `--json` prints, one for each step. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  else if (line) process.stderr.write(`${line}\n`);
}

async function takeTurns({ name, sides }: Bench, rig: Rig, turns: number): Promise<Turn[]> {
  const taken: Turn[] = [];
  // The first one only warms up: code that is compiled, files that are cached.
  for (let count = 0; count <= turns; count += 1) {
    const turn: Turn = {};
    for (const side of sides) {
      progress(`${name}: ${count === 0 ? "warming up" : `turn ${count} of ${turns}`}, ${side}`);
      turn[side] = await rig.turn(side);
    }
    if (count > 0) taken.push(turn);
  }
  return taken;
}

type Options = Wishes & { turns: number; json: boolean };

async function run(bench: Bench, { turns, ...wishes }: Options): Promise<{ result: Result; wrong: string[] }> {
  const at = new Date().toISOString();
  const started = performance.now();
  const machine = machineNow();
  progress(`${bench.name}: setting up`);
  const rig = await bench.open((line) => progress(`${bench.name}: ${line}`), wishes);
  try {
    const taken = await takeTurns(bench, rig, turns);
    progress(`${bench.name}: verifying`);
    const wrong = await rig.verify();
    const seconds = (performance.now() - started) / 1000;
    return {
      result: resultOf({ ...bench, conditions: { ...bench.conditions, ...rig.conditions } }, { at, seconds, machine, turns: taken }),
      wrong,
    };
  } finally {
    progress(`${bench.name}: clearing up`);
    await rig.close();
    progress("");
  }
}

function complain(wrong: readonly string[]): void {
  console.error(`\nWhat was counted did not all happen, so the figures mean nothing (${wrong.length} times):`);
  for (const one of wrong.slice(0, 10)) console.error(`  ${one}`);
}

const fileOf = ({ name }: Bench): URL => new URL(`${name}.json`, RESULTS);

/** Answers the result where it means something; it is kept then. */
async function runAndShow(bench: Bench, options: Options): Promise<Result | undefined> {
  const { result, wrong } = await run(bench, options);
  const text = `${JSON.stringify(result, null, 2)}\n`;
  process.stdout.write(options.json ? text : `${tableOf(result)}\n`);
  if (wrong.length > 0) {
    complain(wrong);
    return undefined;
  }
  await mkdir(RESULTS, { recursive: true });
  await writeFile(fileOf(bench), text);
  return result;
}

/** Of the last results of all benches, whenever each was run. */
async function draw(): Promise<void> {
  const texts = await Promise.all(BENCHES.map((bench) => readFile(fileOf(bench), "utf8").catch(() => undefined)));
  await writeFile(PICTURE, pictureOf(texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as Result]))));
}

function usage(): number {
  console.error(`npm run bench [NAME] -- [--turns N, at least ${LEAST_TURNS}] [--rows N, of growth] [--json]\n`);
  for (const { name, summary } of BENCHES) console.error(`  ${name.padEnd(12)}${summary}`);
  return 2;
}

const isWhole = (text: string | undefined): boolean => text === undefined || /^[1-9]\d*$/.test(text);

async function main(): Promise<number> {
  const options = {
    turns: { type: "string", default: String(LEAST_TURNS) },
    rows: { type: "string" },
    json: { type: "boolean", default: false },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const turns = Number(values.turns);
  const chosen = positionals.length === 0 ? BENCHES : BENCHES.filter(({ name }) => positionals.includes(name));
  if (chosen.length < positionals.length || !Number.isInteger(turns) || turns < LEAST_TURNS || !isWhole(values.rows)) return usage();
  const wished = { turns, json: values.json, ...(values.rows !== undefined && { rows: Number(values.rows) }) };
  if (
    !installMissing(
      chosen.flatMap(({ needs = [] }) => needs),
      "npm run bench",
    )
  )
    return 2;
  let failed = 0;
  for (const bench of chosen) if (!(await runAndShow(bench, wished))) failed += 1;
  await draw();
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
