/** A file of users, CSV or JSON, as rows with the line that each stands in. */
import { CsvError, parse as parseCsv } from "csv-parse/sync";
import { visit } from "jsonc-parser";

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
    const records = parseCsv(text, { ...options, delimiter: delimiterOf(text) }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
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

/** More than the widest form of AR System has fields; where names stand as keys, there are as many as there are users. */
const MAX_KEYS = 1_000;

function readJson(text: string): TableResult {
  const json = text.replace(/^\uFEFF/, "");
  let located: Located | undefined;
  /** The text is gone through again only to name what is wrong. */
  const locate = (): Located => {
    located ??= locateEntries(json);
    return located;
  };
  const lineOf = (index: number): number => locate().entries[index] ?? 1;
  const value = parse(json);
  if (value === undefined) return { ok: false, line: locate().error ?? 1, message: "this is not JSON" };
  if (!Array.isArray(value)) return { ok: false, line: 1, message: "the file must be a list (JSON array) of users" };
  const entries: unknown[] = value;
  const wrong = entries.findIndex((entry) => !isRecord(entry));
  if (wrong >= 0) return { ok: false, line: lineOf(wrong), message: `entry ${wrong + 1} is not an object` };
  const records = entries.filter(isRecord);
  const header = [...new Set(records.flatMap(Object.keys))];
  if (header.length > MAX_KEYS)
    return { ok: false, line: 1, message: `its entries have ${header.length} different keys; at most ${MAX_KEYS} are read` };
  const rows = records.map((record, index) => ({
    what: `entry ${index + 1}`,
    /** Put together when they are read: rows are many, and some lists have many keys. */
    get cells() {
      return header.map((key) => (Object.hasOwn(record, key) ? record[key] : undefined));
    },
    get line() {
      return lineOf(index);
    },
  }));
  return { ok: true, table: { header, rows } };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Lines from 1: of each entry of the list, and of the first mistake. Node names the place of some mistakes only. */
type Located = { entries: number[]; error?: number };

function locateEntries(json: string): Located {
  const located: Located = { entries: [] };
  let depth = 0;
  const meet = (line: number): void => {
    if (depth === 1) located.entries.push(line + 1);
  };
  const begin = (_offset: number, _length: number, line: number): void => {
    meet(line);
    depth += 1;
  };
  const end = (): void => {
    depth -= 1;
  };
  const onError = (_error: unknown, _offset: number, _length: number, line: number): void => {
    located.error ??= line + 1;
  };
  const onLiteralValue = (_value: unknown, _offset: number, _length: number, line: number): void => meet(line);
  const lists = { onArrayBegin: begin, onArrayEnd: end, onObjectBegin: begin, onObjectEnd: end };
  visit(json, { ...lists, onLiteralValue, onError }, { disallowComments: true });
  return located;
}
