/** From the turns of a run to its figures. Machines drift, so that only what was measured side by side is compared. */
import type { Figure, Side } from "./bench.ts";

export type Turn = Record<Side, Record<string, number>>;
export type Compared = {
  figure: string;
  goal: string;
  /** Of measured ÷ baseline, pair by pair. */
  ratio: { median: number; min: number; max: number };
  baseline: string;
  measured: string;
  reached: boolean;
};

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export function compare({ name, unit, goal }: Figure, turns: readonly Turn[]): Compared {
  const of = (side: Side) => turns.map((turn) => turn[side][name] ?? Number.NaN);
  const ratios = turns.map(({ baseline, measured }) => (measured[name] ?? Number.NaN) / (baseline[name] ?? Number.NaN));
  const ratio = { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
  const shown = (side: Side) => `${median(of(side)).toPrecision(3)} ${unit}`;
  return {
    figure: name,
    goal: "atMost" in goal ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`,
    ratio,
    baseline: shown("baseline"),
    measured: shown("measured"),
    reached: "atMost" in goal ? ratio.median <= goal.atMost : ratio.median >= goal.atLeast,
  };
}
