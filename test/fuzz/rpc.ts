/** Bodies of calls through a real door to a real host. */
import { join } from "node:path";
import fc from "fast-check";
import { METHODS } from "../../src/rpc/methods.ts";
import { anyJson, anyString, fromSchema, mutated, type Schema } from "./from-schema.ts";
import { type FuzzStage, openFuzzStage } from "./fuzz-stage.ts";
import { fieldsOf } from "./json-rpc-answer.ts";
import type { Suite } from "./suite.ts";

/** Stand for what exists when the call is made. */
const REGISTRATION = "{registration}";
const DELIVERY = "{delivery}";
const meaningful = fc.constantFrom(
  REGISTRATION,
  REGISTRATION,
  DELIVERY,
  DELIVERY,
  "ServiceDesk",
  "ITSM_Notify",
  "Broadcast",
  "Twitter",
  "twitter",
  "TWITTER",
  "ARSYS.ALRT.TWITTER",
  "ARSYS.ARF.TWITTER",
  "FINE",
  "warn",
  "2026-11-24T12:00:00Z",
);
const parameterNames = [...new Set(METHODS.flatMap(({ params }) => Object.keys(params.properties)))];

const call = fc.constantFrom(...METHODS).chain(({ name, params }) => {
  const good = fromSchema(params as Schema, meaningful);
  const near = fc.oneof({ weight: 2, arbitrary: good }, { weight: 3, arbitrary: mutated(good, parameterNames) });
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
const bites = fc.option(fc.record({ at: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), cut: fc.option(fc.nat()) }), {
  freq: 6,
});

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
  share: 0.2,
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
  const known = await knownIds(stage);
  const file = join(stage.stage.folder, "fuzzed-backup.db");
  return JSON.parse(JSON.stringify(value) ?? "null", (key, member: unknown) => {
    if (key === "waitSeconds" && typeof member === "number" && member > 0 && member <= 300) return member / 1e5;
    if (key === "file" && typeof member === "string") return file;
    return typeof member === "string" && Object.hasOwn(known, member) ? known[member] : member;
  });
}

async function knownIds({ stage }: FuzzStage): Promise<Record<string, string>> {
  const { registrations } = await stage.call<{ registrations: { id: string }[] }>("registrations.list");
  if (registrations.length === 0) await stage.register("ServiceDesk", "ITSM_Notify");
  const { deliveries } = await stage.call<{ deliveries: { id: string }[] }>("deliveries.list", { limit: 1 });
  return { [REGISTRATION]: registrations[0]?.id ?? "", [DELIVERY]: deliveries[0]?.id ?? "" };
}
