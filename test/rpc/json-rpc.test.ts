import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import Type from "typebox";
import { done } from "../../src/ar.ts";
import { ROLES } from "../../src/contract.ts";
import type { Caller, Host } from "../../src/host/verbs.ts";
import { openCalls } from "../../src/rpc/calls.ts";
import { MAX_BATCH, openJsonRpc } from "../../src/rpc/json-rpc.ts";
import { defineMethod, type Method } from "../../src/rpc/method.ts";
import { METHODS } from "../../src/rpc/methods.ts";
import { DELIVERY, GOOD_PARAMS, testHost } from "./test-host.ts";

const ADMIN: Caller = { name: "admin", role: "admin" };
type Logged = { fields: Record<string, unknown>; sentence: string };

function open({ methods = METHODS, host = testHost().host }: { methods?: readonly Method[]; host?: Host } = {}) {
  const logged: Logged[] = [];
  const log = { error: (fields: Record<string, unknown>, sentence: string) => void logged.push({ fields, sentence }) };
  const rpc = openJsonRpc({ host, calls: openCalls({ host, methods, log, reference: () => "ref-1" }) });
  const send = (text: string | Uint8Array, caller = ADMIN) => rpc.answer(typeof text === "string" ? Buffer.from(text) : text, caller);
  const ask = async (value: unknown, caller = ADMIN) => {
    const text = await send(JSON.stringify(value), caller);
    return text === undefined ? undefined : JSON.parse(text);
  };
  const call = (method: string, params?: unknown, caller = ADMIN) => ask({ jsonrpc: "2.0", id: 7, method, params }, caller);
  return { send, ask, call, logged };
}

/** The methods of the examples of the specification, section 7. */
const numbers = Type.Object({}, { additionalProperties: true });
const EXAMPLES: readonly Method[] = [
  defineMethod({
    name: "subtract",
    role: "workflow",
    summary: "",
    params: Type.Object({ minuend: Type.Number(), subtrahend: Type.Number() }),
    result: Type.Number(),
    run: async (_host, { minuend, subtrahend }) => done(minuend - subtrahend),
  }),
  defineMethod({
    name: "sum",
    role: "workflow",
    summary: "",
    params: Type.Object({ a: Type.Number(), b: Type.Number(), c: Type.Number() }),
    result: Type.Number(),
    run: async (_host, { a, b, c }) => done(a + b + c),
  }),
  defineMethod({ name: "update", role: "workflow", summary: "", params: numbers, result: Type.Null(), run: async () => done(null) }),
  defineMethod({
    name: "get_data",
    role: "workflow",
    summary: "",
    params: Type.Object({}),
    result: Type.Unknown(),
    run: async () => done(["hello", 5]),
  }),
];

/** [what is sent, what must come back]; of errors only code and id are compared, since texts are ours. */
const SPECIFICATION: [title: string, sent: string, expected: unknown][] = [
  ["positional parameters", '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', { jsonrpc: "2.0", result: 19, id: 1 }],
  [
    "positional parameters, reversed",
    '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
    { jsonrpc: "2.0", result: -19, id: 2 },
  ],
  [
    "named parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    { jsonrpc: "2.0", result: 19, id: 3 },
  ],
  ["a notification", '{"jsonrpc": "2.0", "method": "update", "params": []}', undefined],
  ["a notification of a method that is not there", '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  ["a method that is not there", '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', { code: -32601, id: "1" }],
  ["invalid JSON", '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', { code: -32700, id: null }],
  ["an invalid request", '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', { code: -32600, id: null }],
  [
    "a batch with invalid JSON",
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]',
    { code: -32700, id: null },
  ],
  ["an empty batch", "[]", { code: -32600, id: null }],
  ["an invalid batch", "[1]", [{ code: -32600, id: null }]],
  ["three invalid requests", "[1,2,3]", Array.from({ length: 3 }, () => ({ code: -32600, id: null }))],
  [
    "a mixed batch",
    `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "update", "params": []},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
    [
      { jsonrpc: "2.0", result: 7, id: "1" },
      { jsonrpc: "2.0", result: 19, id: "2" },
      { code: -32600, id: null },
      { code: -32601, id: "5" },
      { jsonrpc: "2.0", result: ["hello", 5], id: "9" },
    ],
  ],
  ["a batch of notifications", '[{"jsonrpc": "2.0", "method": "update"}, {"jsonrpc": "2.0", "method": "update", "params": []}]', undefined],
];

type Answered = { jsonrpc: string; id: unknown; error?: { code: number } };
const essence = (answer: Answered) => (answer.error ? { code: answer.error.code, id: answer.id } : answer);

t.test("the specification's own examples are answered as it prints them", async (t) => {
  const { send } = open({ methods: EXAMPLES });
  for (const [title, sent, expected] of SPECIFICATION) {
    const text = await send(sent);
    const answer = text === undefined ? undefined : JSON.parse(text);
    t.same(Array.isArray(answer) ? answer.map(essence) : answer && essence(answer), expected, title);
  }
});

t.test("every method of the table calls its verb and answers what its schema says", async (t) => {
  const ajv = new Ajv2020();
  for (const method of METHODS) {
    const { host, calls } = testHost();
    const answer = await open({ host }).call(method.name, GOOD_PARAMS[method.name]);
    t.ok(ajv.validate(method.result, answer.result), `${method.name}: ${JSON.stringify(answer.error ?? ajv.errors)}`);
    t.equal(calls.length, method.name === "rpc.discover" ? 0 : 1, `${method.name} calls one verb`);
    if (calls[0]?.request !== undefined) t.same(calls[0].request, GOOD_PARAMS[method.name], `${method.name} hands its params on`);
  }
  t.same(Object.keys(GOOD_PARAMS).sort(), METHODS.map(({ name }) => name).sort());
});

const NEEDS: Readonly<Record<string, string>> = {
  filterApiCall: "workflow",
  notify: "workflow",
  preview: "workflow",
  "deliveries.get": "workflow",
  "rpc.discover": "workflow",
  "deliveries.list": "operator",
  "deliveries.retry": "operator",
  "deliveries.cancel": "operator",
  "lanes.list": "operator",
  "lanes.pause": "operator",
  "lanes.resume": "operator",
  "registrations.list": "operator",
  "registrations.get": "operator",
  "plugins.list": "operator",
  "server.status": "operator",
  "server.history": "operator",
  "server.logs": "operator",
};

t.test("each role may call what is its own and what is below it, and nothing else", async (t) => {
  const { call } = open();
  for (const { name } of METHODS) {
    for (const role of ROLES) {
      const answer = await call(name, GOOD_PARAMS[name], { name: "c", role });
      const needed = ROLES.findIndex((known) => known === (NEEDS[name] ?? "admin"));
      const title = `${role} calls ${name}`;
      if (ROLES.indexOf(role) >= needed) t.ok(answer.result, title);
      else
        t.match(
          answer.error,
          { code: 8753, data: { reason: "not-allowed", statusList: [{ messageNum: 8753 }, { messageNum: 20026 }] } },
          title,
        );
    }
  }
});

t.test("a refusal of the host's carries AR's number, the line and the status list", async (t) => {
  const { error } = await open().call("notify", { text: "full" });
  t.equal(error.code, 8753);
  t.equal(error.message, "Error in plugin : 100000 deliveries are queued (ARERR 8753)");
  t.match(error.data, {
    reason: "outbox-full",
    retryable: true,
    advice: String,
    statusList: [{ messageNum: 8753 }, { messageNum: 20030 }],
  });
  t.notOk("message" in error.data);
});

t.test("a bug is answered with a reference and nothing of its cause, which is logged", async (t) => {
  const { call, ask, logged } = open();
  const { error } = await call("notify", { text: "bug" });
  t.equal(error.code, -32603);
  t.match(error.message, /ref-1/);
  t.notMatch(JSON.stringify(error), /s3cr3t/);
  t.match(logged, [{ fields: { method: "notify", client: "admin", reference: "ref-1", err: Error }, sentence: String }]);
  t.equal(await ask({ jsonrpc: "2.0", method: "notify", params: { text: "bug" } }), undefined, "a notification stays unanswered");
  t.equal(logged.length, 2, "but not unlogged");
});

t.test("wrong params say where and what", async (t) => {
  const { call } = open();
  const cases: [method: string, params: unknown, message: RegExp][] = [
    ["notify", {}, /: \/text is missing$/],
    ["notify", undefined, /: \/text is missing$/],
    ["notify", { text: 1 }, /: \/text must be string$/],
    ["notify", { text: "" }, /: \/text must NOT have fewer than 1 characters$/],
    ["notify", { text: "x".repeat(100_001) }, /: \/text must NOT have more than 100000 characters$/],
    ["notify", { text: "x", priority: 11 }, /: \/priority must be <= 10$/],
    ["notify", { text: "x", waitSeconds: 301 }, /: \/waitSeconds must be <= 300$/],
    ["notify", { text: "x", functionaluser: "y" }, /: \/functionaluser is not a parameter; did you mean functionalUser\?$/],
    ["lanes.list", { zzzzzzzzzz: 1 }, /: \/zzzzzzzzzz is not a parameter; there are none$/],
    ["deliveries.list", { states: ["gone"] }, /: \/states\/0 must be one of queued, sending/],
    ["filterApiCall", { plugin: "p", inValues: [true] }, /: \/inValues\/0 must be a string, a number, null or/],
    ["filterApiCall", { plugin: "p", inValues: [{ type: "NOPE", value: 1 }] }, /: \/inValues\/0 must be a string, a number, null or/],
    ["notify", ["a", "b", "c", "d", 5, 6, "g", 8, 9], /9 values by position, and there are only 8 parameters: text, content/],
    ["notify", { text: "a\0b" }, /: \/text must not hold the NUL character \(at position 1\)$/],
  ];
  for (const [method, params, message] of cases) {
    const { error } = await call(method, params);
    t.equal(error.code, -32602);
    t.match(error.message, message);
    t.match(error.data, { reason: "bad-input", retryable: false, statusList: [{ messageNum: 8753 }, { messageNum: 20023 }] });
  }
});

t.test("half of a surrogate pair is refused with its path, in keys that are values too", async (t) => {
  const { send } = open();
  const body = String.raw`{"jsonrpc":"2.0","id":1,"method":"filterApiCall","params":{"plugin":"p","inValues":["ok","\ud83d!"]}}`;
  t.match(JSON.parse((await send(body)) ?? "").error, { code: -32602, message: /\/inValues\/1 must be well-formed Unicode/ });
  const whole = await send(String.raw`{"jsonrpc":"2.0","id":1,"method":"notify","params":{"text":"\ud83d\ude00"}}`);
  t.equal(JSON.parse(whole ?? "").result.deliveries[0].text, "😀");
});

t.test("params by position are taken in the order of the OpenRPC document", async (t) => {
  const { host, calls } = testHost();
  await open({ host }).call("registrations.create", ["ITSM", "ITSM_Notify", "Global"]);
  t.same(calls[0]?.request, { functionalUser: "ITSM", accountName: "ITSM_Notify", company: "Global" });
});

t.test("a method that is nearly right gets a suggestion", async (t) => {
  const { call } = open();
  t.match((await call("deliveries.List")).error.message, /did you mean deliveries\.list\?/);
  t.match((await call("notifiy")).error.message, /did you mean notify\?/);
  t.notMatch((await call("q".repeat(100_000))).error.message, /did you mean/);
  t.match((await call("constructor")).error, { code: -32601 }, "and names of an object's prototype are no methods");
  t.match((await call("__proto__")).error, { code: -32601 });
});

t.test("what is no request is refused with the id where there is one", async (t) => {
  const { send } = open();
  const cases: [body: string, id: unknown, message: RegExp][] = [
    ['"text"', null, /a request must be an object/],
    ["null", null, /a request must be an object/],
    ['{"jsonrpc":"1.0","id":5,"method":"notify"}', 5, /jsonrpc must be exactly "2.0"/],
    ['{"id":5,"method":"notify"}', 5, /jsonrpc must be exactly "2.0"/],
    ['{"jsonrpc":"2.0","id":"a","method":null}', "a", /method must be a string/],
    ['{"jsonrpc":"2.0","id":5,"method":"notify","params":null}', 5, /params must be an object or an array/],
    ['{"jsonrpc":"2.0","id":5,"method":"notify","params":"x"}', 5, /params must be an object or an array/],
    ['{"jsonrpc":"2.0","id":{},"method":"notify"}', null, /id must be a string/],
    ['{"jsonrpc":"2.0","id":true,"method":"notify"}', null, /id must be a string/],
    ['{"jsonrpc":"2.0","id":1e999,"method":"notify"}', null, /id must be a string/],
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"notify"}', null, /id must be a string/],
    ['{"jsonrpc":"2.0","id":5,"method":"notify","params":{"text":"x","__proto__":{"a":1}}}', 5, /params\/__proto__ is not allowed/],
    [
      '{"jsonrpc":"2.0","id":5,"method":"notify","params":{"text":"x","a":[{"constructor":{"prototype":1}}]}}',
      5,
      /params\/a\/0\/constructor/,
    ],
    ['{"jsonrpc":"2.0","id":5,"method":"notify","__proto__":{}}', 5, /\/__proto__ is not allowed/],
    [
      `{"jsonrpc":"2.0","id":5,"method":"notify","params":{"text":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`,
      5,
      /nested deeper than 16 levels/,
    ],
  ];
  for (const [body, id, message] of cases) {
    const answer = JSON.parse((await send(body)) ?? "");
    t.match(answer, { jsonrpc: "2.0", error: { code: -32600, message } }, body.slice(0, 90));
    t.equal(answer.id, id);
  }
});

t.test("an id comes back as it was, null too", async (t) => {
  const { ask } = open();
  for (const id of [null, 0, -1, 1.5, "", "x", "\u0000"]) t.equal((await ask({ jsonrpc: "2.0", id, method: "lanes.list" })).id, id);
});

t.test("bytes that are not UTF-8 are a parse error, a byte order mark is not", async (t) => {
  const { send } = open();
  const latin = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"notify","params":{"text":"\u00fc"}}', "latin1");
  t.match(JSON.parse((await send(latin)) ?? "").error, { code: -32700, message: /not UTF-8/ });
  t.match(JSON.parse((await send("")) ?? "").error, { code: -32700, message: /empty/ });
  const marked = '\ufeff{"jsonrpc":"2.0","id":1,"method":"lanes.list"}';
  t.ok(JSON.parse((await send(marked)) ?? "").result);
});

t.test("a batch begins in order, is answered in order, and waits for none of its own", async (t) => {
  const { host, calls, release } = testHost();
  const { ask } = open({ host });
  const texts = ["hang", ...Array.from({ length: MAX_BATCH - 1 }, (_, index) => `text ${index}`)];
  const asked = ask(texts.map((text, id) => ({ jsonrpc: "2.0", id, method: "notify", params: { text } })));
  t.same(
    calls.map(({ request }) => request),
    texts.map((text) => ({ text })),
    "all have begun before the first has ended",
  );
  release();
  const answers: { id: number }[] = await asked;
  t.same(
    answers.map(({ id }) => id),
    texts.map((_, id) => id),
  );
});

t.test("a batch over the bound is refused whole", async (t) => {
  const { host, calls } = testHost();
  const { ask } = open({ host });
  const one = { jsonrpc: "2.0", id: 1, method: "notify", params: { text: "x" } };
  const answer = await ask(Array.from({ length: MAX_BATCH + 1 }, () => one));
  t.match(answer, { id: null, error: { code: -32600, message: /at most 1000 requests; this one holds 1001/ } });
  t.equal(calls.length, 0);
});

t.test("the caller reaches the host", async (t) => {
  const { host, calls } = testHost();
  const caller: Caller = { name: "ar-server", role: "workflow", address: "127.0.0.1" };
  await open({ host }).call("notify", { text: DELIVERY.text }, caller);
  t.same(calls[0]?.caller, caller);
});
