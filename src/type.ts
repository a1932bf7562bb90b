/**
 * typebox's builders of JSON Schemas, without typebox: each thread that loads it pays 190 modules, 22 MB and a tenth of a
 * second, for what are a few lines each. The types are typebox's own, so `Static` derives from them as ever.
 *
 * Only what Perch uses; whoever needs more imports typebox itself. Schemas of both may be mixed.
 */
import type Typebox from "typebox";

type Schema = { readonly [keyword: string]: unknown };
type Properties = { readonly [name: string]: Schema };

/** Where typebox keeps it, and as it does: not among the keywords. */
const OPTIONAL = "~optional";
const optional = (schema: Schema): Schema => Object.defineProperty({ ...schema }, OPTIONAL, { value: true });
const isOptional = (schema: Schema): boolean => Object.hasOwn(schema, OPTIONAL);

const kind = (keywords: Schema) => (options?: Schema) => ({ ...keywords, ...options });

function object(properties: Properties, options?: Schema): Schema {
  const required = Object.keys(properties).filter((name) => !isOptional(properties[name] as Schema));
  return { type: "object", ...(required.length > 0 && { required }), properties, ...options };
}

/** Of the object's own keywords none is kept, as typebox has it. */
function partial({ properties }: { properties: Properties }, options?: Schema): Schema {
  return object(Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, optional(schema)])), options);
}

const builders = {
  Array: (items: Schema, options?: Schema) => ({ type: "array", items, ...options }),
  Boolean: kind({ type: "boolean" }),
  Enum: (values: readonly unknown[], options?: Schema) => ({ enum: [...values], ...options }),
  Integer: kind({ type: "integer" }),
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Null: kind({ type: "null" }),
  Number: kind({ type: "number" }),
  Object: object,
  Optional: optional,
  Partial: partial,
  Record: ({ pattern = "^.*$" }: { pattern?: string }, values: Schema, options?: Schema) => ({
    type: "object",
    patternProperties: { [pattern]: values },
    ...options,
  }),
  String: kind({ type: "string" }),
  Union: (anyOf: readonly Schema[], options?: Schema) => ({ anyOf: [...anyOf], ...options }),
  Unknown: kind({}),
};

/** Their types can only be told: typebox's infer what these build at run time. The test compares what both build. */
export const Type = builders as unknown as Pick<typeof Typebox, keyof typeof builders>;
