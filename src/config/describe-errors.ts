/** What ajv found, in words for people, each at its place. Values are never shown: any of them could be a secret. */
import type { ErrorObject } from "ajv/dist/2020.js";
import { distance } from "fastest-levenshtein";
import { expectation, kindOf } from "./expectation.ts";
import type { Problem } from "./problem.ts";
import { looksLikeName, nodeAt, type Path, pointerPath, problemAt, type Source, showPath } from "./source.ts";

/** `at`: where the validated data stands in the source. */
export function describeErrors(errors: readonly ErrorObject[], source: Source, at: Path): Problem[] {
  const relevant = withoutAlternatives(errors);
  const placed = relevant.map((error) => ({ error, path: [...at, ...pointerPath(error.instancePath)] }));
  // a key that was meant is not also reported as missing
  const meant = new Set(placed.map(({ error, path }) => showPath([...path, typoOf(error, source, path) ?? ""])));
  return placed
    .filter(({ path }) => !source.failed.has(nodeAt(source, path)?.value))
    .filter(
      ({ error, path }) => error.params.missingProperty === undefined || !meant.has(showPath([...path, error.params.missingProperty])),
    )
    .map(({ error, path }) => describe(error, source, path));
}

const typoOf = (error: ErrorObject, source: Source, path: Path): string | undefined =>
  error.keyword === "additionalProperties" ? suggestion(error, source, path) : undefined;

/** Of a union, ajv reports every branch that failed; people get the sum of them, or what is wrong deeper inside. */
function withoutAlternatives(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter((error) => error.keyword === "anyOf" || error.keyword === "oneOf");
  const inside = (error: ErrorObject, union: ErrorObject): boolean => error.schemaPath.startsWith(`${union.schemaPath}/`);
  const deeper = (union: ErrorObject): boolean =>
    errors.some((error) => inside(error, union) && error.instancePath.length > union.instancePath.length);
  return errors.filter((error) => {
    if (unions.includes(error)) return !deeper(error);
    return unions.every((union) => !inside(error, union) || (deeper(union) && error.instancePath.length > union.instancePath.length));
  });
}

function describe(error: ErrorObject, source: Source, path: Path): Problem {
  const row = ROWS[error.keyword];
  if (row) return row(error, source, path);
  return problemAt(source, path, "value", `${name(path)} must be ${expectation(error.parentSchema)}`);
}

type Describe = (error: ErrorObject, source: Source, path: Path) => Problem;

const name = (path: Path): string => (path.length === 0 ? "the file" : showPath(path));
const inside = (path: Path): string => (path.length === 0 ? "" : ` in ${showPath(path)}`);

const missing = (error: ErrorObject, source: Source, path: Path): Problem =>
  problemAt(source, path, "key", `missing key "${error.params.missingProperty}"${inside(path)}`);

const count =
  (words: string): Describe =>
  (error, source, path) => {
    const things = error.params.limit === 1 ? words.replace(/ies$/, "y").replace(/s$/, "") : words;
    return problemAt(source, path, "value", `${name(path)} must have ${countWords(error.keyword)} ${error.params.limit} ${things}`);
  };
const countWords = (keyword: string): string => (keyword.startsWith("max") ? "at most" : "at least");

/** By ajv's keyword; those that are not listed say what was expected. */
const ROWS: Readonly<Record<string, Describe>> = {
  type(error, source, path) {
    const advice = typeAdvice(error, source, path);
    return problemAt(
      source,
      path,
      "value",
      `${name(path)} must be ${expectation(error.parentSchema)}, not ${kindOf(error.data, error.params.type)}${advice}`,
    );
  },
  required: missing,
  dependentRequired: missing,
  additionalProperties: unknownKey,
  unevaluatedProperties: unknownKey,
  propertyNames: (error, source, path) =>
    problemAt(source, [...path, String(error.params.propertyName)], "key", `a key${inside(path)} is not allowed here`),
  minLength: (error, source, path) =>
    error.params.limit === 1
      ? problemAt(source, path, "value", `${name(path)} must not be empty`)
      : count("characters")(error, source, path),
  maxLength: count("characters"),
  minItems: count("entries"),
  maxItems: count("entries"),
  minProperties: count("keys"),
  maxProperties: count("keys"),
  uniqueItems: (error, source, path) =>
    problemAt(source, [...path, Number(error.params.i)], "value", `${name(path)} has the same entry twice`),
  "x-path": (error, source, path) => problemAt(source, path, "value", `${name(path)} ${error.message}`),
};

function typeAdvice(error: ErrorObject, source: Source, path: Path): string {
  const wanted: readonly unknown[] = [error.params.type].flat();
  if (source.filled.has(nodeAt(source, path)?.value)) return "; look at what the reference holds";
  const quotable = typeof error.data === "number" || typeof error.data === "boolean";
  return quotable && wanted.includes("string") ? ": put it in quotes" : "";
}

function unknownKey(error: ErrorObject, source: Source, path: Path): Problem {
  const key = unknownKeyOf(error);
  const meant = suggestion(error, source, path);
  const hint = meant === undefined ? inside(path) : `: did you mean "${meant}"?`;
  const shown = isHarmless(key, entryOf(error.data, key), meant, source) ? ` "${key}"` : "";
  return problemAt(source, [...path, key], "key", `unknown key${shown}${hint}`);
}

/**
 * A key without a value, or one that looks like no name, may be a secret that lost its quotes or its key; and in the
 * credentials file any key may be, or may have run into one, but for a known key with a slip or two.
 */
function isHarmless(key: string, value: unknown, meant: string | undefined, { secret }: Source): boolean {
  if (!looksLikeName(key) || value === null) return false;
  return !secret || (meant !== undefined && distance(meant.toLowerCase(), key.toLowerCase()) <= MAX_SLIPS);
}
const MAX_SLIPS = 2;

const unknownKeyOf = (error: ErrorObject): string => String(error.params.additionalProperty ?? error.params.unevaluatedProperty);

const entryOf = (data: unknown, key: string): unknown => (isRecord(data) ? data[key] : undefined);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** The nearest key that could stand there and does not yet; two in five characters may differ. */
function suggestion(error: ErrorObject, source: Source, path: Path): string | undefined {
  const key = unknownKeyOf(error);
  const properties: unknown = error.parentSchema?.properties;
  // the file is asked and not the data, which has its defaults by now
  const free = isRecord(properties) ? Object.keys(properties).filter((known) => !nodeAt(source, [...path, known])) : [];
  const near = free.map((known) => ({ known, steps: distance(known.toLowerCase(), key.toLowerCase()) }));
  const best = near.sort((a, b) => a.steps - b.steps)[0];
  return best && best.steps <= Math.ceil(key.length * 0.4) && best.steps < best.known.length ? best.known : undefined;
}
