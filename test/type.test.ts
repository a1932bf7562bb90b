import t from "tap";
import Typebox, { type TSchema } from "typebox";
import { Type } from "../src/type.ts";

type Builders = Pick<typeof Typebox, keyof typeof Type>;

/** One or more of each builder, made by whichever is given. */
function examples(T: Builders): Record<string, TSchema> {
  const text = T.String({ minLength: 1, description: "words" });
  const whole = T.Object({ a: text, b: T.Optional(T.Integer()) }, { additionalProperties: false, description: "whole" });
  return {
    array: T.Array(text, { maxItems: 2 }),
    boolean: T.Boolean({ default: false }),
    enum: T.Enum(["a", "b"] as const, { default: "a" }),
    text: T.Literal("x"),
    number: T.Literal(1),
    truth: T.Literal(true, { description: "yes" }),
    null: T.Null(),
    numbers: T.Number({ exclusiveMinimum: 0 }),
    whole,
    nothing: T.Object({}),
    optionals: T.Object({ a: T.Optional(text), b: T.Optional(whole) }),
    partial: T.Partial(whole),
    described: T.Partial(whole, { description: "in part" }),
    "of a partial": T.Object({ ...T.Partial(whole).properties, c: text }),
    record: T.Record(T.String(), T.Unknown(), { default: {} }),
    keyed: T.Record(T.String({ pattern: "^a$" }), text),
    union: T.Union([text, T.Null()], { description: "or none" }),
    unknown: T.Unknown({ description: "anything" }),
  };
}

t.test("each builder makes what typebox makes", async (t) => {
  const ours = examples(Type);
  for (const [name, schema] of Object.entries(examples(Typebox))) t.equal(JSON.stringify(ours[name]), JSON.stringify(schema), name);
  const used = Object.keys(Type).filter((name) => !String(examples).includes(`T.${name}(`));
  t.strictSame(used, [], "and each is compared");
});

t.test("a property is optional whichever of the two said so", async (t) => {
  t.strictSame(Type.Object({ a: Typebox.Optional(Typebox.String()), b: Typebox.String() }).required, ["b"]);
  t.strictSame(Typebox.Object({ a: Type.Optional(Type.String()), b: Type.String() }).required, ["b"]);
});
