/** A file of users, CSV or JSON, as rows with the line that each stands in. */
import { CsvError, parse } from "csv-parse/sync";
import { isSeq, LineCounter, parseDocument } from "yaml";

/** `what`: the entry, where the line alone would not say it. */
export type Row = { cells: readonly unknown[]; line: number; what?: string };
export type UserTable = { header: string[]; rows: Row[] };
/** The message goes on after `file:line:1: `. */
export type TableResult = { ok: true; table: UserTable } | { ok: false; line: number; message: string };

/** A file that begins like JSON is JSON, whatever its name. */
export const readUserTable = (text: string): TableResult => (/^\uFEFF?\s*[[{]/.test(text) ? readJson(text) : readCsv(text));

/** What is wrong, by csv-parse's code; its own messages quote the file. */
const CSV_TROUBLES: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is opened here or above and never closed",
  CSV_INVALID_CLOSING_QUOTE: "after a closing quote there must be a delimiter",
  INVALID_OPENING_QUOTE: "a quote may stand only around a whole cell, and is doubled inside it",
};

function readCsv(text: string): TableResult {
  const options = { bom: true, info: true, trim: true, relaxColumnCount: true, skipEmptyLines: true } as const;
  try {
    const records = parse(text, { ...options, delimiter: delimiterOf(text) }) as unknown as { record: string[]; info: { lines: number } }[];
    const [header, ...rows] = records.map(({ record, info }) => ({ cells: record, line: info.lines }));
    if (!header) return { ok: false, line: 1, message: "the file is empty" };
    return { ok: true, table: { header: header.cells, rows } };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as CsvError & { lines?: number };
    return { ok: false, line: lines ?? 1, message: CSV_TROUBLES[error.code] ?? "this is not CSV (RFC 4180)" };
  }
}

/** Spreadsheets of many countries write semicolons. */
function delimiterOf(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  const counted = [",", ";", "\t"].map((delimiter) => ({ delimiter, count: header.split(delimiter).length }));
  return counted.reduce((most, one) => (one.count > most.count ? one : most)).delimiter;
}

function readJson(text: string): TableResult {
  const parsed = parseJson(text.replace(/^\uFEFF/, ""));
  if ("line" in parsed) return { ok: false, ...parsed };
  if (!Array.isArray(parsed.value)) return { ok: false, line: 1, message: "the file must be a list (JSON array) of users" };
  const entries: unknown[] = parsed.value;
  const wrong = entries.findIndex((entry) => !isRecord(entry));
  const lineOf = lineFinder(text);
  if (wrong >= 0) return { ok: false, line: lineOf(wrong), message: `entry ${wrong + 1} is not an object` };
  const records = entries.filter(isRecord);
  const header = [...new Set(records.flatMap(Object.keys))];
  const rows = records.map((record, index) => ({
    cells: header.map((key) => (Object.hasOwn(record, key) ? record[key] : undefined)),
    what: `entry ${index + 1}`,
    get line() {
      return lineOf(index);
    },
  }));
  return { ok: true, table: { header, rows } };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Node's message says where it is, and quotes what stands there. */
function parseJson(text: string): { value: unknown } | { line: number; message: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const at = /at position (\d+)/.exec(String(error))?.[1];
    return { line: text.slice(0, at === undefined ? text.length : Number(at)).split("\n").length, message: "this is not JSON" };
  }
}

/** Parsing more than so many characters as YAML would hold up the host for a second. */
const MAX_LOCATED = 1_000_000;

/** The line of an entry, 1 in a long file. JSON is YAML; it is parsed once more only to name what is wrong. */
function lineFinder(text: string): (index: number) => number {
  let starts: number[] | undefined;
  return (index) => {
    starts ??= text.length > MAX_LOCATED ? [] : entryLines(text);
    return starts[index] ?? 1;
  };
}

function entryLines(text: string): number[] {
  const lineCounter = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter, logLevel: "silent" });
  if (!isSeq(contents)) return [];
  return contents.items.map((item) => lineCounter.linePos((item as { range: [number, number, number] }).range[0]).line);
}
