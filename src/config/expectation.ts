/** What a JSON Schema wants, in words that go on after "must be". */

type Schema = Readonly<Record<string, unknown>>;
const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
  null: "empty",
};

/** `a whole number from 1 to 300`, `one of "split", "thread"`; the schema's own `x-expected` wins. */
export function expectation(schema: unknown): string {
  if (!isSchema(schema)) return "something else";
  if (typeof schema["x-expected"] === "string") return schema["x-expected"];
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(", ")}`;
  if ("const" in schema) return JSON.stringify(schema.const);
  const branches = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(branches)) return unionExpectation(branches);
  return [schema.type]
    .flat()
    .map((type) => typeExpectation(type, schema))
    .join(" or ");
}

function unionExpectation(branches: readonly unknown[]): string {
  const constants = branches.filter(isSchema).filter((branch) => "const" in branch);
  if (constants.length === branches.length) return `one of ${constants.map((branch) => JSON.stringify(branch.const)).join(", ")}`;
  return branches.map(expectation).join(" or ");
}

function typeExpectation(type: unknown, schema: Schema): string {
  if (type === "integer" || type === "number") return `${type === "integer" ? "a whole number" : "a number"}${range(schema)}`;
  if (type === "string" && typeof schema.format === "string") return `a text of the format "${schema.format}"`;
  if (type === "string" && typeof schema.pattern === "string") return `a text that matches ${schema.pattern}`;
  return TYPES[String(type)] ?? "something else";
}

function range(schema: Schema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const lower = exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : minimum !== undefined ? ` of at least ${minimum}` : "";
  const upper = exclusiveMaximum !== undefined ? ` below ${exclusiveMaximum}` : maximum !== undefined ? ` of at most ${maximum}` : "";
  const both = lower !== "" && upper !== "" ? `${lower} and${upper.replace(" of ", " ")}` : lower + upper;
  return multipleOf === undefined ? both : `${both} in steps of ${multipleOf}`;
}

/** The kind of a value, never the value; `wanted` is the type it should have. */
export function kindOf(value: unknown, wanted?: unknown): string {
  if (typeof value === "number" && wanted === "integer") return "a fraction";
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  return (
    { string: "a text", number: "a number", boolean: "true or false", object: "a map of keys" }[typeof value as string] ?? "something else"
  );
}
