/** The README's tables of failures, made from the tables in the code. */
import { FAULTS } from "../plugins/twitter/faults.ts";
import { type FaultRow, HOST_FAULTS } from "../src/ar.ts";
import type { ServiceFaultRow } from "../src/contract.ts";

const numbersOf = ({ number = 8753, note }: FaultRow) => (note === undefined ? `${number}` : `${number}, note ${note}`);

function table<Row extends FaultRow>(faults: Readonly<Record<string, Row>>, title: string, last: (row: Row) => string): string {
  const rows = Object.entries(faults)
    .sort(([, one], [, two]) => (one.number ?? 8753) - (two.number ?? 8753) || (one.note ?? 0) - (two.note ?? 0))
    .map(([reason, row]) => `| ${numbersOf(row)} | \`${reason}\` | ${row.text} | ${last(row)} |`);
  return [`| ARERR | reason | meaning | ${title} |`, "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** By the name that stands in the README's comments around each. */
export const FAILURE_TABLES: Readonly<Record<string, () => string>> = {
  host: () => table(HOST_FAULTS, "call again?", ({ retryable }) => (retryable ? "yes" : "no")),
  twitter: () => table<ServiceFaultRow>(FAULTS, "verdict", ({ verdict }) => `\`${verdict}\``),
};
