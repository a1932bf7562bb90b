/**
 * Changes `vault.keys` in the text of a credentials file, and leaves every other byte as it is: comments, quotes and
 * layout are their writer's. Written to the text at the places that the parser gives, since a document that is written
 * out anew loses what a person put in order; what comes out is parsed again and compared with what was meant.
 */
import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";

export type NewKey = { id: string; key: string };
/** What the list is to hold: an entry that it has, by its index, or a new one. */
export type Wanted = readonly (number | NewKey)[];
export type Edited = { ok: true; text: string } | { ok: false; message: string };

const BY_HAND = "it is written in a way that can't be changed without harm; change vault.keys by hand";

/** `text` must be a valid credentials file. */
export function editKeys(text: string, wanted: Wanted): Edited {
  const document = parseDocument(text, { version: "1.2" });
  const list = listOf(document);
  if (!list) return { ok: false, message: BY_HAND };
  const edited = list.flow ? editFlow(text, list, wanted) : editBlock(text, list, wanted);
  if (edited === undefined || !isMeant(document, edited, wanted)) return { ok: false, message: BY_HAND };
  return { ok: true, text: edited };
}

/** Keys of the list that are references, which stand for something outside the file. */
export function referencesIn(text: string): string[] {
  const list = listOf(parseDocument(text, { version: "1.2" }));
  const values = list?.items.map((item) => (isMap(item) ? item.get("key") : undefined)) ?? [];
  return values.filter((value): value is string => typeof value === "string" && value.includes("${"));
}

const listOf = (document: Document): YAMLSeq | undefined => {
  const list = document.getIn(["vault", "keys"], true);
  return isSeq(list) && list.items.length > 0 && list.items.every((item) => isMap(item) && item.range) ? list : undefined;
};

type Shape = { vault: { keys: unknown[] } };

function isMeant(before: Document, text: string, wanted: Wanted): boolean {
  const after = parseDocument(text, { version: "1.2" });
  if (after.errors.length > 0) return false;
  const data = before.toJS() as Shape;
  const keys = wanted.map((one) => (typeof one === "number" ? data.vault.keys[one] : one));
  return isDeepStrictEqual(after.toJS(), { ...data, vault: { ...data.vault, keys } });
}

type Span = { start: number; end: number };
const spanOf = (node: unknown): Span => {
  const range = (node as Node).range;
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
};

/** `- id: …` on lines of their own. An entry's lines are moved whole, with the comments above it and behind it. */
function editBlock(text: string, list: YAMLSeq, wanted: Wanted): string | undefined {
  const bodies = list.items.map((item) => linesOf(text, spanOf(item)));
  const [first] = bodies;
  const last = bodies.at(-1);
  if (!first || !last || bodies.some((body) => body === undefined)) return undefined;
  const starts = bodies.map((_body, index) => (index === 0 ? first.start : (bodies[index - 1]?.end ?? 0)));
  const chunks = bodies.map((body, index) => withBreak(text.slice(starts[index], body?.end), text));
  const model = list.items[0] as YAMLMap;
  const pieces = wanted.map((one) => (typeof one === "number" ? (chunks[one] ?? "") : blockOf(one, text, first.start, model)));
  const whole = text.slice(0, first.start) + pieces.join("") + text.slice(last.end);
  return text.endsWith("\n") ? whole : whole.replace(/\r?\n$/, "");
}

/** From the beginning of the line with the entry's dash to the end of its last line. */
function linesOf(text: string, { start, end }: Span): Span | undefined {
  const dash = text.lastIndexOf("-", start - 1);
  const from = text.lastIndexOf("\n", dash) + 1;
  if (dash < 0 || text.slice(from, dash).trim() !== "") return undefined;
  // The parser counts the line break of a block's last line to it.
  const lastByte = text[end - 1] === "\n" ? end - 1 : end;
  const lineEnd = text.indexOf("\n", lastByte);
  return { start: from, end: lineEnd < 0 ? text.length : lineEnd + 1 };
}

const breakOf = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");
const withBreak = (chunk: string, text: string): string => (chunk.endsWith("\n") ? chunk : chunk + breakOf(text));

/** Indented like the first entry. */
function blockOf({ id, key }: NewKey, text: string, start: number, model: YAMLMap): string {
  const [, indent = "", gap = " "] = /^([ ]*)-([ ]*)/.exec(text.slice(start)) ?? [];
  const dash = `${indent}-${gap || " "}`;
  if (model.flow) return `${dash}{ id: "${id}", key: "${key}" }${breakOf(text)}`;
  const below = " ".repeat(dash.length);
  return `${dash}id: "${id}"${breakOf(text)}${below}key: "${key}"${breakOf(text)}`;
}

/** `[ { … }, { … } ]`, as in JSON. What stands between entries stays between them. */
function editFlow(text: string, list: YAMLSeq, wanted: Wanted): string | undefined {
  const spans = list.items.map(spanOf);
  const whole = spanOf(list);
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) return undefined;
  const lead = text.slice(whole.start + 1, first.start);
  if (lead.includes("#")) return undefined;
  const between = spans.slice(1).map(({ start }, index) => text.slice(spans[index]?.end, start));
  const pieces = wanted.map((one) => (typeof one === "number" ? text.slice(spans[one]?.start, spans[one]?.end) : flowOf(one)));
  if (wanted.length >= spans.length && between.some((gap, index) => gap.includes("#") && !follows(wanted, index))) return undefined;
  const separators = pieces.slice(1).map((_piece, index) => separatorOf(wanted, index, between, `,${lead || " "}`));
  const body = pieces.map((piece, index) => piece + (separators[index] ?? "")).join("");
  return text.slice(0, first.start) + body + text.slice(last.end);
}

/** What stood between two entries that still follow each other; else what stands before the first. */
function separatorOf(wanted: Wanted, index: number, between: readonly string[], usual: string): string {
  const [left, right] = [wanted[index], wanted[index + 1]];
  const kept = typeof left === "number" && right === left + 1 ? between[left] : undefined;
  return kept ?? usual;
}

/** Whether an entry is still followed by the one after it. */
const follows = (wanted: Wanted, index: number): boolean => {
  const at = wanted.indexOf(index);
  return at >= 0 && wanted[at + 1] === index + 1;
};

const flowOf = ({ id, key }: NewKey): string => `{ "id": "${id}", "key": "${key}" }`;

/** The ids of the list, in order. */
export function keyIdsIn(text: string): string[] {
  const list = listOf(parseDocument(text, { version: "1.2" }));
  return (list?.items ?? []).map((item) => {
    const id = isMap(item) ? item.get("id", true) : undefined;
    return isScalar(id) ? String(id.value) : "";
  });
}
