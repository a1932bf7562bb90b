/** What a run leaves: kept as JSON beside the benches, printed as a table. */
import { cpus, loadavg, totalmem } from "node:os";
import Table from "cli-table3";
import type { Bench } from "./bench.ts";
import { type Compared, compare, type Turn } from "./compare.ts";

export type Result = {
  bench: string;
  summary: string;
  /** When it began, ISO 8601. */
  at: string;
  seconds: number;
  machine: Record<string, string>;
  conditions: Record<string, string>;
  turns: readonly Turn[];
  figures: Compared[];
};

export const machineNow = (): Record<string, string> => ({
  processors: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
  memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
  "load before": loadavg()
    .map((load) => load.toFixed(1))
    .join(" "),
  versions: `Node ${process.versions.node}, V8 ${process.versions.v8}`,
});

type Run = Pick<Result, "at" | "seconds" | "machine" | "turns">;
export const resultOf = ({ name, summary, conditions, figures }: Bench, run: Run): Result => ({
  ...{ bench: name, summary, at: run.at, seconds: run.seconds, machine: run.machine, conditions, turns: run.turns },
  figures: figures.map((figure) => compare(figure, run.turns)),
});

const said = (reached: boolean | undefined): string => (reached === undefined ? "" : reached ? "reached" : "not reached");

export function tableOf({ bench, summary, machine, conditions, turns, figures, seconds }: Result): string {
  const facts = Object.entries({ ...machine, ...conditions }).map(([name, text]) => `${name.padEnd(13)}${text}`);
  const table = new Table({
    head: ["FIGURE", "RATIO", "MIN", "MAX", "GOAL", "", "OF", "AGAINST"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const { figure, ratio, goal, reached, of, against } of figures) {
    const numbers = [ratio.median, ratio.min, ratio.max].map((number) => number.toFixed(2));
    table.push([figure, ...numbers, goal, said(reached), of, against]);
  }
  const closing = `Median, least and greatest of ${turns.length} turns of each side, taken in turns; ${Math.round(seconds)} s.`;
  return `${bench}: ${summary}\n\n${facts.join("\n")}\n\n${table}\n${closing}\n`;
}
