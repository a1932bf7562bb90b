import { csvLine } from "../csv.ts";
import type { AuditEntry } from "../shapes.ts";
import type { Invocation } from "./command.ts";
import { printable } from "./printable.ts";
import type { Screen, Style } from "./screen.ts";
import { localTime } from "./when.ts";

const STYLES: Readonly<Record<AuditEntry["outcome"], Style>> = { begun: "yellow", done: "green", refused: "red", failed: "red" };

/** Entries, a line each: short times for a person, ISO 8601 for a pipe. */
export function sayAudit({ screen, machine }: Invocation, entries: readonly AuditEntry[]): void {
  if (entries.length === 0 && screen.isTerminal) {
    screen.say("Nothing is on record.");
    return;
  }
  screen.table(
    ["AT", "WHO", "FROM", "METHOD", "TARGET", "OUTCOME", "DETAIL"],
    entries.map((entry) => [
      screen.isTerminal ? localTime(entry.at, machine.now()) : entry.at,
      entry.client,
      entry.address ?? "",
      entry.method,
      entry.target ?? "",
      { text: outcomeOf(entry), style: STYLES[entry.outcome] },
      detailOf(entry),
    ]),
    6,
  );
}

const outcomeOf = ({ outcome, reason, arerr }: AuditEntry): string =>
  [outcome, reason, arerr === undefined ? undefined : `(ARERR ${arerr})`].filter((part) => part !== undefined).join(" ");

const detailOf = ({ detail }: AuditEntry): string =>
  Object.entries(detail)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(",") : String(value)}`)
    .join(" ");

const COLUMNS = ["id", "at", "client", "role", "address", "method", "target", "outcome", "arerr", "reason", "detail"] as const;

/** The screen ends each line itself. */
const sayLine = (screen: Screen, cells: readonly string[]): void => screen.say(csvLine(cells).slice(0, -1));

export const sayCsvHead = (screen: Screen): void => sayLine(screen, COLUMNS);

/** RFC 4180; `detail` is JSON. */
export function sayCsv(screen: Screen, entries: readonly AuditEntry[]): void {
  for (const entry of entries) {
    const cells = COLUMNS.map((name) => (name === "detail" ? JSON.stringify(entry.detail) : String(entry[name] ?? "")));
    sayLine(screen, cells.map(printable));
  }
}
