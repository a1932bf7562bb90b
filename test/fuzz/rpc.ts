/** Bodies of calls through a real door to a real host. */
import { join } from "node:path";
import fc from "fast-check";
import { METHODS } from "../../src/rpc/methods.ts";
import { anyJson, anyString, fromSchema, type Meaningful, mutated, type Schema } from "./from-schema.ts";
import { type FuzzStage, openFuzzStage } from "./fuzz-stage.ts";
import { fieldsOf } from "./json-rpc-answer.ts";
import type { Suite } from "./suite.ts";

/** Stand for what exists when the call is made. */
const REGISTRATION = "{registration}";
const DELIVERY = "{delivery}";
const MEANINGFUL: Readonly<Record<string, readonly string[]>> = {
  id: [REGISTRATION, DELIVERY],
  ids: [DELIVERY],
  functionalUser: ["ServiceDesk"],
  accountName: ["ITSM_Notify", "@itsm_notify"],
  content: ["Broadcast"],
  company: ["Global"],
  mechanism: ["Twitter"],
  name: ["twitter"],
  plugin: ["twitter", "TWITTER", "ARSYS.ALRT.TWITTER", "ARSYS.ARF.TWITTER"],
  level: ["FINE", "WARNING", "info"],
  inValues: ["ServiceDesk", "INC000000000001", "E-mail is down"],
  entryId: ["INC000000000001"],
  since: ["2020-01-01T00:00:00Z"],
  until: ["2100-01-01T00:00:00+01:00"],
};
const meaningful: Meaningful = (name) => {
  const texts = Object.hasOwn(MEANINGFUL, name) ? MEANINGFUL[name] : undefined;
  return texts && fc.constantFrom(...texts);
};
const parameterNames = [...new Set(METHODS.flatMap(({ params }) => Object.keys(params.properties)))];

/** Each costs as much as many others. */
const DEAR: ReadonlySet<string> = new Set(["plugins.restart", "server.reload", "server.backup"]);
const method = fc.oneof(...METHODS.map((one) => ({ weight: DEAR.has(one.name) ? 1 : 10, arbitrary: fc.constant(one) })));

const call = method.chain(({ name, params }) => {
  const good = fromSchema(params as Schema, meaningful);
  const near = fc.oneof({ weight: 1, arbitrary: good }, { weight: 1, arbitrary: mutated(good, parameterNames) });
  return near.map((value) => ({ method: name, params: value }));
});
const request = fc.oneof(
  { weight: 8, arbitrary: call.chain((one) => fc.record({ jsonrpc: fc.constant("2.0"), id: fc.integer(), ...constants(one) })) },
  { weight: 1, arbitrary: call.map((one) => ({ jsonrpc: "2.0", ...one })) },
  {
    weight: 2,
    arbitrary: call.chain((one) =>
      mutated(fc.constant({ jsonrpc: "2.0", id: 1, ...one }), ["jsonrpc", "id", "method", "params", "Method", "result"]),
    ),
  },
);
const constants = (one: { method: string; params: unknown }) => ({ method: fc.constant(one.method), params: fc.constant(one.params) });

/** Some bytes written over, or the end cut off. */
const bite = fc.record({ at: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), cut: fc.option(fc.nat()) });
const bites = fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: bite });

const body = fc.oneof(
  { weight: 1, arbitrary: fc.record({ bytes: fc.uint8Array({ maxLength: 300 }) }) },
  { weight: 1, arbitrary: fc.record({ value: anyJson, bites: fc.constant(null) }) },
  { weight: 10, arbitrary: fc.record({ value: request, bites }) },
  { weight: 1, arbitrary: fc.record({ value: fc.array(fc.oneof(request, anyString), { maxLength: 5 }), bites }) },
);
type Body = { bytes: Uint8Array } | { value: unknown; bites: { at: [number, number][]; cut: number | null } | null };

export const rpc: Suite = {
  name: "rpc",
  statement: "a body of any kind gets a well-formed answer, and a refused call stores nothing",
  share: 0.15,
  async open(t) {
    const stage = await openFuzzStage(t);
    return {
      property: fc.asyncProperty(body, async (generated: Body) => {
        const { bytes, mayStore } = await bytesOf(stage, generated);
        await stage.sendChecked(bytes, mayStore);
      }),
      tidy: stage.tidy,
      verdict: async () => stage.bugs(),
    };
  },
};

async function bytesOf(stage: FuzzStage, generated: Body): Promise<{ bytes: Uint8Array; mayStore: boolean }> {
  if ("bytes" in generated) return { bytes: generated.bytes, mayStore: false };
  const value = await made(stage, generated.value);
  const bytes = Buffer.from(JSON.stringify(value) ?? "");
  const { bites } = generated;
  if (bites === null) return { bytes, mayStore: (Array.isArray(value) ? value : [value]).some(isUnanswered) };
  if (bytes.length > 0) for (const [at, byte] of bites.at) bytes[at % bytes.length] = byte;
  const bitten = bites.cut === null ? bytes : bytes.subarray(0, bites.cut % (bytes.length + 1));
  // A bite may have eaten the id.
  return { bytes: bitten, mayStore: true };
}

const isUnanswered = (value: unknown): boolean => !("id" in fieldsOf(value));

/** Puts in what exists, and keeps calls from waiting, or from writing anywhere but in the test's folder. */
async function made(stage: FuzzStage, value: unknown): Promise<unknown> {
  const { registration, delivery } = await stage.furnish();
  const known: Record<string, string> = { [REGISTRATION]: registration, [DELIVERY]: delivery };
  const file = join(stage.stage.folder, "fuzzed-backup.db");
  return JSON.parse(JSON.stringify(value) ?? "null", (key, member: unknown) => {
    if (key === "waitSeconds" && typeof member === "number" && member > 0 && member <= 300) return member / 1e5;
    if (key === "file" && typeof member === "string") return file;
    return typeof member === "string" && Object.hasOwn(known, member) ? known[member] : member;
  });
}
