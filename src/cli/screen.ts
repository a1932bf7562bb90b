import { createRequire } from "node:module";
import { styleText } from "node:util";
import type Table from "cli-table3";
import type { Io } from "./io.ts";
import { printable, printableJson } from "./printable.ts";
import { cutToWidth, widthOf } from "./width.ts";

export type Style = Parameters<typeof styleText>[0];
/** A cell's text and, on a terminal, its colour. */
export type Cell = { text: string; style?: Style };
export type Row = readonly (string | Cell)[];

/** Prints: colour and tables for a terminal, tabs between plain fields for a pipe. */
export type Screen = {
  /** Whether a person looks at it. */
  isTerminal: boolean;
  paint(style: Style, text: string): string;
  /** A line of standard output. */
  say(line?: string): void;
  /** A line of standard error. */
  complain(line: string): void;
  json(value: unknown): void;
  /** `flexible`: index of the column that is cut when the terminal is too narrow. */
  table(head: readonly string[], rows: readonly Row[], flexible?: number): void;
};

const require = createRequire(import.meta.url);

const NARROWEST_COLUMN = 12;
const GAP = 2;

export function openScreen(io: Io): Screen {
  // https://no-color.org: present and not empty.
  const colour = io.isTerminal && !io.env.NO_COLOR && io.env.TERM !== "dumb";
  const paint = (style: Style, text: string) => (colour ? styleText(style, text, { validateStream: false }) : text);
  const say = (line = "") => void io.stdout.write(`${line}\n`);
  return {
    isTerminal: io.isTerminal,
    paint,
    say,
    complain: (line) => void io.stderr.write(`${line}\n`),
    json: (value) => say(printableJson(value, 2)),
    table: (head, rows, flexible) => (io.isTerminal ? say(drawTable(head, rows, flexible, io.columns, paint)) : sayFields(head, rows, say)),
  };
}

const cellOf = (cell: string | Cell): Cell => (typeof cell === "string" ? { text: cell } : cell);

/** A reader that splits at tabs finds every field, the empty ones too. */
function sayFields(head: readonly string[], rows: readonly Row[], say: (line: string) => void): void {
  say(head.join("\t"));
  for (const row of rows) say(row.map((cell) => printable(cellOf(cell).text)).join("\t"));
}

function drawTable(
  head: readonly string[],
  rows: readonly Row[],
  flexible: number | undefined,
  columns: number,
  paint: (style: Style, text: string) => string,
): string {
  const cells = rows.map((row) => row.map((cell) => ({ ...cellOf(cell), text: printable(cellOf(cell).text) })));
  if (flexible !== undefined) {
    const room = Math.max(NARROWEST_COLUMN, columns - widthOfOthers(head, cells, flexible));
    for (const row of cells) {
      const cell = row[flexible];
      if (cell) cell.text = cutToWidth(cell.text, room);
    }
  }
  // Loaded by who draws one: a command that prints no table need not wait for it.
  const Drawn: typeof Table = require("cli-table3");
  const table = new Drawn({
    head: head.map((title) => paint("bold", title)),
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
  });
  table.push(...cells.map((row) => row.map(({ text, style }) => (style ? paint(style, text) : text))));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

function widthOfOthers(head: readonly string[], cells: readonly Cell[][], flexible: number): number {
  return head.reduce((sum, title, index) => {
    const widest = Math.max(widthOf(title), ...cells.map((row) => widthOf(row[index]?.text ?? "")));
    return sum + GAP + (index === flexible ? 0 : widest);
  }, 0);
}

const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};
