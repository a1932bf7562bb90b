import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import { HOST_FAULTS } from "../../src/ar.ts";
import { METHODS } from "../../src/rpc/methods.ts";
import { openRpcDocument } from "../../src/rpc/open-rpc.ts";

/** As it arrives: plain JSON. */
const published: ReturnType<typeof openRpcDocument> = JSON.parse(JSON.stringify(openRpcDocument(METHODS)));

t.test("the document lists every method once, with its role", async (t) => {
  t.match(published.openrpc, /^1\.3\.\d+$/);
  t.same(
    published.methods.map((method) => [method.name, method["x-role"]]),
    METHODS.map(({ name, role }) => [name, role]),
  );
  t.equal(new Set(METHODS.map(({ name }) => name)).size, METHODS.length);
  t.ok(published.methods.some(({ name }) => name === "rpc.discover"));
});

t.test("every schema in it compiles by itself", async (t) => {
  for (const method of published.methods) {
    for (const { name, schema } of [...method.params, method.result]) {
      t.doesNotThrow(() => new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema), `${method.name} ${name}`);
    }
  }
});

t.test("required params come before optional ones, as OpenRPC demands", async (t) => {
  for (const { name, params } of published.methods) {
    const flags = params.map(({ required }) => required);
    t.same(
      flags,
      [...flags].sort((a, b) => Number(b) - Number(a)),
      name,
    );
  }
  const create = published.methods.find(({ name }) => name === "registrations.create");
  t.same(
    create?.params.slice(0, 2).map(({ name }) => name),
    ["functionalUser", "accountName"],
  );
});

t.test("every number that the host's faults are answered with is among the errors, once", async (t) => {
  const codes = published.methods[0]?.errors.map(({ code }) => code) ?? [];
  t.equal(new Set(codes).size, codes.length);
  for (const [reason, row] of Object.entries(HOST_FAULTS)) t.ok(codes.includes("number" in row ? row.number : 8753), reason);
});

t.test("every method says in a sentence what it is for", async (t) => {
  for (const { name, summary } of METHODS) t.match(summary, /^[A-Z].*\.$/, name);
});
