/** From the turns of a run to its figures. Machines drift, so that only what was measured side by side is compared. */
import type { Figure, Operand } from "./bench.ts";

/** What each side answered, by side and by name. */
export type Turn = Record<string, Record<string, number>>;
export type Compared = {
  figure: string;
  /** Empty where there is none. */
  goal: string;
  /** Of `of` ÷ `against`, turn by turn. */
  ratio: { median: number; min: number; max: number };
  /** Medians with their unit and side, as `1234 a second (perch)`. */
  of: string;
  against: string;
  /** Undefined where there is no goal. */
  reached?: boolean;
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

const valueIn = (turn: Turn, { side, value }: Operand): number => turn[side]?.[value] ?? Number.NaN;

/** Three digits that tell something, never `4.12e+3`. */
const short = (number: number): string => String(Number(number.toPrecision(3)));

export function compare({ name, unit, of, against, goal }: Figure, turns: readonly Turn[]): Compared {
  const ratios = turns.map((turn) => valueIn(turn, of) / valueIn(turn, against));
  const ratio = { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
  const shown = (operand: Operand) => `${short(median(turns.map((turn) => valueIn(turn, operand))))} ${unit} (${operand.side})`;
  const compared = { figure: name, goal: "", ratio, of: shown(of), against: shown(against) };
  if (!goal) return compared;
  return "atMost" in goal
    ? { ...compared, goal: `≤ ${goal.atMost}`, reached: ratio.median <= goal.atMost }
    : { ...compared, goal: `≥ ${goal.atLeast}`, reached: ratio.median >= goal.atLeast };
}
