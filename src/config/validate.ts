/** Checks data against a JSON Schema and says what is wrong at its line and column. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { DataValidationCxt, SchemaValidateFunction } from "ajv/dist/types/index.js";
import { describeErrors } from "./describe-errors.ts";
import type { Problem } from "./problem.ts";
import { fileTrouble } from "./read-text.ts";
import { nodeAt, type Path, pointerPath, type Source } from "./source.ts";
import { absoluteStore, filesOfStore } from "./store-address.ts";

export type Validated = {
  /** A copy with defaults filled in and paths made absolute. */
  value: unknown;
  problems: Problem[];
  /** Files that it names with `x-path: "file"`, absolute. */
  files: string[];
};

const MAX_ROUNDS = 20;

/** Validates `data`, which stands at `at` in `source`. Throws when the schema itself is wrong. */
export function validate(schema: object, source: Source, at: Path, data: unknown): Validated {
  const files = new Set<string>();
  const context: PathContext = { folder: dirname(source.file), files };
  const validator = compiled(schema);
  const check = (value: unknown): boolean => validator.call(context, value);
  const holder = { value: structuredClone(data) };
  // a round can uncover another (an empty map gets its entries' errors); no schema needs more than its depth
  for (let rounds = 0; rounds < MAX_ROUNDS && !check(holder.value) && convert(validator.errors ?? [], holder, source, at); rounds += 1)
    files.clear();
  const problems = describeErrors(validator.errors ?? [], source, at);
  return { value: holder.value, problems, files: [...files] };
}

/** Compiling costs some 20 ms. Each schema has an ajv of its own, so that both go with the schema. */
const validators = new WeakMap<object, ValidateFunction>();

function compiled(schema: object): ValidateFunction {
  const validator = validators.get(schema) ?? createAjv().compile(schema);
  validators.set(schema, validator);
  return validator;
}

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    useDefaults: true,
    ownProperties: true,
    passContext: true,
    // the schemas of plug-ins may use what this ajv does not know; that must not keep them from loading
    strict: false,
    strictNumbers: true,
    logger: false,
    // Else each ajv compiles the schema of all schemas before its own, which takes longer than all else of a start; what
    // a keyword must not hold is refused all the same.
    validateSchema: false,
    // Spares a few steps of a check that is made once, for more than that when it is compiled.
    code: { optimize: false },
  });
  ajv.addFormat("uri", (text: string) => URL.canParse(text));
  ajv.addKeyword({ keyword: "x-expected", schemaType: "string" });
  ajv.addKeyword({ keyword: "x-path", type: "string", modifying: true, errors: true, validate: makeAbsolute });
  return ajv;
}

/** Where paths start from, and the files that were named; ajv hands it on as `this`. */
type PathContext = { folder: string; files: Set<string> };
type PathKeyword = ((this: PathContext, kind: unknown, text: string, schema?: unknown, place?: DataValidationCxt) => boolean) &
  Pick<SchemaValidateFunction, "errors">;

/** Makes a path absolute where it stands, so that nobody needs to know later which file it came from. */
const makeAbsolute: PathKeyword = function (this: PathContext, kind, text, _schema, place) {
  if (text === "") return true;
  const path = kind === "store" ? absoluteStore(text, this.folder) : resolve(this.folder, text);
  if (place) place.parentData[place.parentDataProperty] = path;
  const needed = kind === "file" ? [path] : kind === "store" ? filesOfStore(path) : [];
  for (const file of needed) this.files.add(file);
  const trouble = needed.map(unreadable).find((found) => found !== undefined);
  if (trouble === undefined) return true;
  makeAbsolute.errors = [{ keyword: "x-path", message: trouble, params: {} }];
  return false;
};

function unreadable(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return `names ${path}, which is not a file`;
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return `names ${path}, which ${fileTrouble(error).message}`;
  }
}

/**
 * Makes values fit that differ only in how YAML or a reference had to write them: a map whose entries are all commented
 * out is empty, and a number or boolean that came from a reference came as text. Answers whether anything was changed.
 */
function convert(errors: readonly ErrorObject[], holder: { value: unknown }, source: Source, at: Path): boolean {
  let changed = false;
  for (const error of errors) {
    if (error.keyword !== "type") continue;
    const path = pointerPath(error.instancePath);
    const value = converted(error, source, [...at, ...path]);
    if (value === undefined) continue;
    put(holder, path, value);
    changed = true;
  }
  return changed;
}

function converted(error: ErrorObject, source: Source, path: Path): unknown {
  const wanted: readonly unknown[] = [error.params.type].flat();
  if (error.data === null && wanted.includes("object")) return {};
  if (typeof error.data !== "string" || !source.filled.has(nodeAt(source, path)?.value)) return undefined;
  const text = error.data.trim();
  if (wanted.includes("boolean") && /^(true|false)$/.test(text)) return text === "true";
  const numeric = wanted.includes("number") || wanted.includes("integer");
  return numeric && /^[-+]?(\d+(\.\d+)?|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function put(holder: { value: unknown }, path: Path, value: unknown): void {
  let parent: unknown = holder;
  const steps = ["value", ...path];
  for (const step of steps.slice(0, -1)) parent = isRecord(parent) ? parent[step] : undefined;
  const last = steps.at(-1);
  if (isRecord(parent) && last !== undefined) parent[last] = value;
}

const isRecord = (value: unknown): value is Record<string | number, unknown> => typeof value === "object" && value !== null;
