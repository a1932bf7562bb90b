/** `perch status --history`: a line of bars for each figure on a terminal, a row for each step in a pipe. */
import { type History, type HistoryPoint, USUAL_STEPS } from "../shapes.ts";
import { lengthOf } from "../time-words.ts";
import type { Invocation } from "./command.ts";
import type { Style } from "./screen.ts";
import { show } from "./show.ts";
import { sparkline } from "./sparkline.ts";
import { localTime } from "./when.ts";

const SIX_HOURS_MS = 6 * 3_600_000;
const MINUTE_MS = 60_000;
/** Of the longest name, and of what stands behind the bars. */
const NAME_WIDTH = 15;
const NOTE_WIDTH = 34;
const FEWEST_BARS = 12;
/** More is no line any more that one takes in at a glance. */
const MOST_BARS = 72;

/** `column`: its name in a pipe. */
type Figure = {
  name: string;
  column: string;
  value(point: HistoryPoint): number | null;
  style: Style;
  note(values: readonly number[]): string;
};

const total = (values: readonly number[]): string => String(values.reduce((sum, value) => sum + value, 0));
const lastAndMost =
  (write: (value: number) => string) =>
  (values: readonly number[]): string =>
    values.length === 0 ? "not known" : `${write(values.at(-1) ?? 0)} last, ${write(Math.max(...values))} at most`;
const seconds = lastAndMost((value) => lengthOf(value * 1000));

const FIGURES: readonly Figure[] = [
  { name: "Accepted", column: "ACCEPTED", value: ({ accepted }) => accepted, style: "cyan", note: total },
  { name: "Delivered", column: "DELIVERED", value: ({ delivered }) => delivered, style: "green", note: total },
  { name: "Failed", column: "FAILED", value: ({ failed }) => failed, style: "red", note: total },
  { name: "Expired", column: "EXPIRED", value: ({ expired }) => expired, style: "red", note: total },
  { name: "Cancelled", column: "CANCELLED", value: ({ cancelled }) => cancelled, style: "gray", note: total },
  { name: "Retried", column: "RETRIED", value: ({ retried }) => retried, style: "yellow", note: total },
  { name: "Half within", column: "P50 SECONDS", value: ({ latency }) => latency?.p50 ?? null, style: "cyan", note: seconds },
  { name: "95 % within", column: "P95 SECONDS", value: ({ latency }) => latency?.p95 ?? null, style: "magenta", note: seconds },
  { name: "Queued", column: "QUEUED", value: ({ queued }) => queued, style: "yellow", note: lastAndMost(String) },
];

/** With as many steps as there is room for bars; whoever reads it by a program gets the host's own. */
export function showHistory(invocation: Invocation): Promise<number> {
  const { machine, screen, json, text } = invocation;
  const since = text("since") ?? new Date(machine.now() - SIX_HOURS_MS).toISOString();
  const drawn = screen.isTerminal && !json;
  const bars = Math.min(Math.max(invocation.io.columns - NAME_WIDTH - NOTE_WIDTH, FEWEST_BARS), MOST_BARS);
  const minutes = (machine.now() - Date.parse(since)) / MINUTE_MS;
  // One more than the time says, where it begins within a step.
  const step = USUAL_STEPS.find((usual) => minutes / usual <= bars - 1);
  const params = { since, ...(drawn && step !== undefined && { stepSeconds: step * 60 }) };
  return show(invocation, "server.history", params, (history) => (drawn ? sayLines(invocation, history) : sayRows(invocation, history)));
}

function sayLines({ screen, machine }: Invocation, { stepSeconds, points }: History): void {
  const [first] = points;
  if (!first) return;
  screen.say(`Since ${localTime(first.at, machine.now())}, each bar ${lengthOf(stepSeconds * 1000)}, all hosts together`);
  for (const { name, value, style, note } of FIGURES) {
    const values = points.map(value);
    const known = values.filter((one) => one !== null);
    screen.say(`${name.padEnd(NAME_WIDTH)}${screen.paint(style, sparkline(values))}  ${note(known)}`);
  }
}

function sayRows({ screen }: Invocation, { points }: History): void {
  screen.table(
    ["AT", ...FIGURES.map(({ column }) => column)],
    points.map((point) => [point.at, ...FIGURES.map(({ value }) => String(value(point) ?? ""))]),
  );
}
