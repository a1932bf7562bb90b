/** One YAML file: its data with references filled in, and the place of everything in it. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { Problem } from "./problem.ts";
import { fillReferences, type ReferenceReader } from "./references.ts";

export type Path = readonly (string | number)[];
export type Source = {
  /** Absolute. */
  file: string;
  /** It holds secrets, so that whatever stands in it may be one, also where a key belongs. */
  secret: boolean;
  document: Document;
  lines: LineCounter;
  /** As plain JSON, references filled in. */
  data: unknown;
  /** Scalars whose value came from a reference. */
  filled: ReadonlySet<unknown>;
  /** Scalars with a reference that could not be filled in, which has been reported. */
  failed: ReadonlySet<unknown>;
};

/** Deeper than any configuration; bounds aliases that contain themselves and recursion over what is loaded. */
const MAX_DEPTH = 64;
/** Uses of anchors, counted as they multiply ("billion laughs"). */
const MAX_ALIASES = 100;

/** By the parser's own codes. Its texts are not used, since some of them quote the file, which may hold secrets. */
const SYNTAX: Record<YAMLError["code"], string> = {
  ALIAS_PROPS: "an alias (*name) takes no tag and no anchor",
  BAD_ALIAS: "an alias (*name) without its anchor (&name); a text that begins with * needs quotes",
  BAD_COLLECTION_TYPE: "this tag does not fit what follows it",
  BAD_DIRECTIVE: "this directive (%…) is not known",
  BAD_DQ_ESCAPE: "this escape (\\…) is not known; in single quotes a backslash is just a character",
  BAD_INDENT: "this line is not indented like the lines that it belongs to, or a bracket before it is not closed",
  BAD_PROP_ORDER: "an anchor or tag stands in the wrong place",
  BAD_SCALAR_START: "a text that begins with this character needs quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second key on the same line: put it on a line of its own, or the value in quotes",
  BLOCK_IN_FLOW: "inside { } and [ ] values can't be laid out by indentation",
  DUPLICATE_KEY: "this key stands here twice",
  IMPOSSIBLE: "this is not YAML",
  KEY_OVER_1024_CHARS: "this key is longer than 1024 characters",
  MISSING_CHAR: "something is missing here: a closing quote, bracket or brace, a comma, or the blank after a colon",
  MULTILINE_IMPLICIT_KEY: "a key must stand on one line; is a colon or a closing quote missing?",
  MULTIPLE_ANCHORS: "only one anchor (&name) is allowed here",
  MULTIPLE_DOCS: "a second document (---) begins here; a file holds one",
  MULTIPLE_TAGS: "only one tag (!name) is allowed here",
  NON_STRING_KEY: "a key must be a text",
  RESOURCE_EXHAUSTION: "this is nested too deeply",
  TAB_AS_INDENT: "tabs can't indent: use blanks",
  TAG_RESOLVE_FAILED: "tags (!name) are not used here; a text that begins with ! needs quotes",
  UNEXPECTED_TOKEN: "this was not expected here; is a quote, comma or line break missing?",
};

/** Parses a file's text and fills in its references. Problems of syntax end it; those of references do not. */
export async function readSource(
  file: string,
  text: string,
  reader: ReferenceReader,
  secret = false,
): Promise<{ source?: Source; problems: Problem[] }> {
  const lines = countLines(text);
  const problems: Problem[] = [];
  const at = (offset: number, message: string): void => {
    problems.push({ file, ...position(lines, offset), message });
  };
  const document = parseGuarded(text);
  if (!document) return { problems: [{ file, line: 1, column: 1, message: "the file is nested too deeply" }] };
  for (const error of firstOfEachLine([...document.errors, ...document.warnings], lines)) at(error.pos[0], syntaxMessage(error, text));
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== "1.2") at(0, "the file must be YAML 1.2");
  if (problems.length > 0) return { problems };
  if (document.contents === null) return { problems: [{ file, line: 1, column: 1, message: "the file is empty" }] };
  const { scalars, strayAliases } = scan(document);
  for (const alias of strayAliases) at(alias.range?.[0] ?? 0, SYNTAX.BAD_ALIAS);
  if (problems.length > 0) return { problems };
  const [filled, failed] = [new Set<unknown>(), new Set<unknown>()];
  for (const scalar of scalars) {
    const outcome = await fillReferences(scalar.value, file, reader);
    for (const message of outcome.problems) at(scalar.range?.[0] ?? 0, message);
    if (outcome.filled) filled.add(scalar);
    if (outcome.problems.length > 0) failed.add(scalar);
    scalar.value = outcome.text;
  }
  const data = plainData(document);
  if (data.problem) return { problems: [...problems, { file, line: 1, column: 1, message: data.problem }] };
  return { source: { file, secret, document, lines, data: data.value, filled, failed }, problems };
}

/** Not by the parser, which misses line breaks inside what it did not expect, so that all that follows stands too high. */
function countLines(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  return lines;
}

/** The parser recurses; on input that is nested some thousand levels deep it runs out of stack. */
function parseGuarded(text: string): Document | undefined {
  try {
    const strict = { version: "1.2", strict: true, uniqueKeys: true, stringKeys: true } as const;
    // below "error" it would write warnings to standard error, quoting the file; "silent" lets a second document pass
    return parseDocument(text, { ...strict, prettyErrors: false, logLevel: "error" });
  } catch {
    return undefined;
  }
}

/** What follows on the same line is mostly the parser finding its way back. */
function firstOfEachLine(errors: readonly YAMLError[], lines: LineCounter): YAMLError[] {
  const first = new Map<number, YAMLError>();
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const { line } = lines.linePos(error.pos[0]);
    if (!first.has(line)) first.set(line, error);
  }
  return [...first.values()];
}

function syntaxMessage(error: YAMLError, text: string): string {
  const start = text.lastIndexOf("\n", error.pos[0] - 1) + 1;
  const line = text.slice(start, text.indexOf("\n", start) === -1 ? undefined : text.indexOf("\n", start));
  // inside { } a brace ends a plain text, so that an unquoted ${env:NAME} falls apart
  const hint = /[{[,].*[^"']\$\{/.test(line) ? `; inside { } and [ ] a reference needs quotes: "\${env:NAME}"` : "";
  return (SYNTAX[error.code] ?? SYNTAX.IMPOSSIBLE) + hint;
}

type TextScalar = { value: string; range?: [number, number, number] | null | undefined };

/** Texts that may hold references, and aliases whose anchor does not exist. */
function scan(document: Document): { scalars: TextScalar[]; strayAliases: Alias[] } {
  const scalars: TextScalar[] = [];
  const strayAliases: Alias[] = [];
  visit(document, {
    Scalar(key, node) {
      if (key !== "key" && typeof node.value === "string") scalars.push(node as TextScalar);
    },
    Alias(_key, node) {
      if (!node.resolve(document)) strayAliases.push(node);
    },
  });
  return { scalars, strayAliases };
}

function plainData(document: Document): { value?: unknown; problem?: string } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return depthOf(value, MAX_DEPTH) ? { value } : { problem: "the file is nested too deeply, or an alias contains itself" };
  } catch {
    return { problem: "the file uses its anchors (&name) more often than is allowed" };
  }
}

function depthOf(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return left > 0 && Object.values(value).every((entry) => depthOf(entry, left - 1));
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** What stands at a path: its key (in a map) and its value; aliases are followed. */
export function nodeAt(source: Source, path: Path): { key?: Node; value?: Node } | undefined {
  let key: Node | undefined;
  let value = follow(source, source.document.contents);
  for (const step of path) {
    if (isMap(value)) {
      const pair = value.items.find((item) => isScalar(item.key) && keyText(item.key.value) === String(step));
      if (!pair) return undefined;
      key = isNode(pair.key) ? pair.key : undefined;
      value = follow(source, pair.value);
    } else if (isSeq(value) && typeof step === "number" && step < value.items.length) {
      key = undefined;
      value = follow(source, value.items[step]);
    } else return undefined;
  }
  return { ...(key && { key }), ...(value && { value }) };
}

const keyText = (key: unknown): string => (key === null ? "" : String(key));

function follow(source: Source, node: unknown): Node | undefined {
  if (isAlias(node)) return node.resolve(source.document);
  return isNode(node) ? node : undefined;
}

/** The place of a key or a value; of the nearest thing around it where it does not exist; 1:1 for the whole file. */
export function placeOf(source: Source, path: Path, what: "key" | "value"): { line: number; column: number } {
  if (path.length === 0) return { line: 1, column: 1 };
  const found = nodeAt(source, path);
  if (!found) return placeOf(source, path.slice(0, -1), "key");
  // an empty value (`port:`) has no place of its own to look at
  const empty = !found.value?.range || found.value.range[0] === found.value.range[1];
  const node = found.key && (what === "key" || empty) ? found.key : (found.value ?? found.key);
  return position(source.lines, node?.range?.[0] ?? 0);
}

/** A problem at a key or value of this file. */
export const problemAt = (source: Source, path: Path, what: "key" | "value", message: string): Problem => ({
  file: source.file,
  ...placeOf(source, path, what),
  message,
});

/** Longer, or with other characters, it may be a secret that stands where a key belongs. */
export const looksLikeName = (key: string): boolean => /^[A-Za-z][\w.-]{0,39}$/.test(key);

/** `plugins[0].userDefined.text`; for people. A key that looks like no name is an ellipsis. */
export const showPath = (path: Path): string => path.map((step, index) => showStep(step, index === 0 ? "" : ".")).join("");

const showStep = (step: Path[number], dot: string): string =>
  typeof step === "number" ? `[${step}]` : dot + (looksLikeName(step) ? step : "…");

/** The steps of a JSON Pointer (RFC 6901); digits are taken as places in a list, which maps look up as well. */
export function pointerPath(pointer: string): (string | number)[] {
  const steps = pointer.split("/").slice(1);
  return steps
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step) => (/^(0|[1-9]\d*)$/.test(step) ? Number(step) : step));
}
