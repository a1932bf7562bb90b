/** Values that a JSON Schema allows, and values that it almost allows. */
import fc from "fast-check";

export type Schema = {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  minimum?: number;
  maximum?: number;
};

/** Texts as programs and people send them, and as nobody should. */
const NASTY = [
  "",
  " ",
  "\0",
  "\ud800",
  "\udc00x",
  "__proto__",
  "constructor",
  "a".repeat(256),
  "é".repeat(255),
  "\r\nSet-Cookie: a=b",
  "'; DROP TABLE deliveries; --",
  "%_",
  "<script>alert(1)</script>",
  "../../etc/passwd",
  "2026-02-30T25:61:61Z",
  "275760-09-13",
  "1e999",
  "\u202e\u2066",
  "👨‍👩‍👧‍👦",
];
export const anyString = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 2, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()) },
);
const anyNumber = fc.oneof(
  fc.constantFrom(0, -1, 1, -0, 255, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324, 0.5),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
export const anyJson = fc.oneof(fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }), anyString, anyNumber);

/** Texts that mean something for a member of this name, mixed in among others; undefined where none do. */
export type Meaningful = (name: string) => fc.Arbitrary<string> | undefined;

/** What the schema allows, but for a text's pattern. */
export function fromSchema(schema: Schema, meaningful: Meaningful, name = ""): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => fromSchema(one, meaningful, name)));
  const { minimum, maximum } = schema;
  switch (schema.type) {
    case "string":
      return fromText(schema, meaningful(name));
    case "integer":
      return fc.integer({ min: minimum ?? -1000, max: maximum ?? 1000 });
    case "number":
      return fc.oneof(fc.double({ min: minimum ?? -1e6, max: maximum ?? 1e6, noNaN: true }), fc.integer({ min: 0, max: 1 }));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(fromSchema(schema.items ?? {}, meaningful, name), { minLength: schema.minItems ?? 0, maxLength: 6 });
    case "object":
      return fromObject(schema, meaningful);
    default:
      return anyJson;
  }
}

function fromObject({ properties = {}, required = [] }: Schema, meaningful: Meaningful): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, fromSchema(schema, meaningful, name)]));
  return fc.record(members, { requiredKeys: [...required] });
}

const fromText = (schema: Schema, meaningful: fc.Arbitrary<string> | undefined): fc.Arbitrary<string> =>
  meaningful ? fc.oneof({ weight: 9, arbitrary: meaningful }, { weight: 1, arbitrary: fitting(schema) }) : fitting(schema);

/** Well-formed, within the lengths; mostly short. */
const fitting = ({ minLength = 0, maxLength = 400 }: Schema): fc.Arbitrary<string> =>
  fc.string({ unit: "grapheme", minLength, maxLength: Math.max(minLength, Math.min(maxLength, 400)), size: "small" });

/** One change to an object: a member dropped, replaced, added, or all of it replaced. */
export function mutated(value: fc.Arbitrary<unknown>, names: readonly string[]): fc.Arbitrary<unknown> {
  const change = fc.record({
    kind: fc.constantFrom("drop", "replace", "add", "rename", "all"),
    pick: fc.nat(),
    name: fc.oneof(fc.constantFrom(...names), anyString),
    json: anyJson,
  });
  return fc.tuple(value, change).map(([original, { kind, pick, name, json }]) => {
    if (kind === "all" || typeof original !== "object" || original === null) return json;
    const entries = Object.entries(original);
    const at = entries.length === 0 ? -1 : pick % entries.length;
    if (kind === "add" || at < 0) entries.push([name, json]);
    else if (kind === "drop") entries.splice(at, 1);
    else if (kind === "replace") entries[at] = [entries[at]?.[0] ?? name, json];
    else entries[at] = [name, entries[at]?.[1]];
    // Not Object.fromEntries of a literal: "__proto__" has to arrive as a member, as JSON.parse would make it.
    return entries.reduce<object>(
      (object, [key, member]) =>
        Object.defineProperty(object, key, { value: member, enumerable: true, configurable: true, writable: true }),
      {},
    );
  });
}
