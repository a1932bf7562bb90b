import { Ajv2020 } from "ajv/dist/2020.js";
import t, { type Test } from "tap";
import { Problem } from "../../src/rest/problem.ts";
import { Delivery, type NotifyResult } from "../../src/shapes.ts";
import { basic, testDoor } from "../rpc/test-door.ts";
import { testHost } from "../rpc/test-host.ts";
import { openStage, PASSWORDS } from "../stage.ts";
import { AS_WORKFLOW, type CurlAnswer, curl, JSON_BODY } from "./rest-client.ts";

const isProblem = new Ajv2020().compile(Problem);

/** It is a problem of this status and reason, as the schema has it. */
function mustBeProblem(t: Test, answer: CurlAnswer, status: number, reason: string, detail: RegExp, title = `${status} ${reason}`) {
  t.equal(answer.status, status, title);
  t.same(answer.headers["content-type"], ["application/problem+json; charset=utf-8"]);
  t.same(answer.headers["cache-control"], ["no-store"]);
  t.same(answer.headers["x-content-type-options"], ["nosniff"]);
  const problem = answer.json();
  t.ok(isProblem(problem), JSON.stringify(isProblem.errors));
  t.match(problem, { status, reason, detail, type: `urn:problem-type:perch:${reason}`, title: /^[A-Z].*\.$/ }, title);
}

t.test("a notification is 202 once it is kept, 200 when it has ended, and can be looked at", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const notify = (body: object) => curl(...AS_WORKFLOW, ...JSON_BODY, "-d", JSON.stringify(body), `${stage.host.url}/notify`);
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  const accepted = await notify({ text: "VPN is slow", entryId: "INC000000012346" });
  t.equal(accepted.status, 202);
  t.same(accepted.headers["content-type"], ["application/json; charset=utf-8"]);
  const [delivery] = (accepted.json() as NotifyResult).deliveries;
  const repeated = await notify({ text: "VPN is slow", entryId: "INC000000012346" });
  t.equal(repeated.status, 200, "a repeat");
  t.match(repeated.json(), { duplicate: true, deliveries: [{ id: delivery?.id }] });
  const look = (query = "") => curl(...AS_WORKFLOW, `${stage.host.url}/deliveries/${delivery?.id}${query}`);
  t.match((await look()).json(), { id: delivery?.id, text: "VPN is slow" });
  const looked = look("?waitSeconds=60.5");
  await stage.call("lanes.resume", { accountName: "ITSM_Notify" });
  t.match((await looked).json(), { state: "delivered", posts: [{ state: "posted" }] });
  t.equal((await notify({ text: "It is back", waitSeconds: 60 })).status, 200, "it ended within the wait");
  const ended = await look();
  t.equal(ended.status, 200);
  const isDelivery = new Ajv2020().compile(Delivery);
  t.ok(isDelivery(ended.json()), JSON.stringify(isDelivery.errors));
  t.same((await stage.posts()).map(({ text }) => text).sort(), ["It is back", "VPN is slow"]);
});

t.test("what ends failed within the wait is 200 with its state and error", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.fault({ status: 403, body: { detail: "You are not allowed to create a Tweet with duplicate content." } });
  const answer = await curl(...AS_WORKFLOW, ...JSON_BODY, "-d", '{"text":"again","waitSeconds":60}', `${stage.host.url}/notify`);
  t.equal(answer.status, 200);
  t.match(answer.json(), { deliveries: [{ state: "failed", lastError: { reason: "duplicate-content" } }] });
});

t.test("each refusal of a body says where and what, as a problem", async (t) => {
  const { url } = (await openStage(t)).host;
  const cases: [body: string, detail: RegExp][] = [
    ["", /the body is empty/],
    ["{", /the body is not JSON/],
    ["[]", /the body must be a JSON object/],
    ["null", /the body must be a JSON object/],
    ['"text"', /the body must be a JSON object/],
    ["{}", /\/text is missing/],
    ['{"text":"x","entryid":"INC1"}', /\/entryid is not a parameter; did you mean entryId\?/],
    ['{"text":1}', /\/text must be string/],
    ['{"text":""}', /\/text must NOT have fewer than 1/],
    ['{"text":"x","priority":11}', /\/priority must be <= 10/],
    ['{"text":"x","waitSeconds":"10"}', /\/waitSeconds must be number/],
    ['{"text":"a\\u0000b"}', /\/text must not hold the NUL character/],
    ['{"text":"\\ud83d"}', /\/text must be well-formed Unicode/],
    ['{"text":"x","__proto__":{}}', /\/__proto__ is not allowed as a name/],
  ];
  for (const [body, detail] of cases) {
    const answer = await curl(...AS_WORKFLOW, ...JSON_BODY, "--data-binary", body, `${url}/notify`);
    mustBeProblem(t, answer, 400, "bad-input", detail, `400 for ${body}`);
    t.match(answer.json(), { arerr: 8753, statusList: [{ messageNum: 8753 }, { messageNum: 20023 }], instance: "/notify" });
  }
  const bytes = await post(`${url}/notify`, Buffer.from('{"text":"Caf\xe9"}', "latin1"));
  t.match(JSON.parse(bytes.text), { status: 400, reason: "bad-input", detail: /the body is not UTF-8/ });
  const query = await curl(...AS_WORKFLOW, ...JSON_BODY, "-d", '{"text":"x"}', `${url}/notify?waitSeconds=1`);
  mustBeProblem(t, query, 400, "bad-input", /the address takes no query/);
});

t.test("each refusal of an address says where and what, as a problem", async (t) => {
  const { url } = (await openStage(t)).host;
  const cases: [path: string, status: number, reason: string, detail: RegExp][] = [
    ["/deliveries/019f0000-0000-7000-8000-000000000001", 404, "not-found", /delivery 019f0000/],
    ["/deliveries/x?waitSeconds=soon", 400, "bad-input", /\/waitSeconds must be a number/],
    ["/deliveries/x?waitSeconds=", 400, "bad-input", /\/waitSeconds must be a number/],
    ["/deliveries/x?waitSeconds=0x10", 400, "bad-input", /\/waitSeconds must be a number/],
    ["/deliveries/x?waitSeconds=1e1", 400, "bad-input", /\/waitSeconds must be a number/],
    ["/deliveries/x?waitSeconds=301", 400, "bad-input", /\/waitSeconds must be <= 300/],
    ["/deliveries/x?waitSeconds=1&waitSeconds=2", 400, "bad-input", /\/waitSeconds is given twice/],
    ["/deliveries/x?waitseconds=1", 400, "bad-input", /\/waitseconds is not a parameter; did you mean waitSeconds\?/],
    ["/deliveries/x?id=y", 400, "bad-input", /\/id is given twice/],
    ["/deliveries/x%00", 400, "bad-input", /\/id must not hold the NUL character/],
    ["/deliveries/", 400, "bad-input", /\/id must NOT have fewer than 1/],
    [`/deliveries/${"x".repeat(65)}`, 400, "bad-input", /\/id must NOT have more than 64/],
    [`/deliveries/${"x".repeat(300)}`, 414, "bad-input", /\(ARERR 8753\)$/],
    ["/deliveries/%zz", 400, "bad-input", /is not a valid url component/],
    ["/deliveries", 404, "not-found", /there is nothing here/],
    ["/deliveries/x/posts", 404, "not-found", /there is nothing here/],
  ];
  for (const [path, status, reason, detail] of cases) {
    mustBeProblem(t, await curl(...AS_WORKFLOW, url + path), status, reason, detail, `${status} for ${path.slice(0, 60)}`);
  }
});

t.test("another verb is 405 with those that there are", async (t) => {
  const { url } = (await openStage(t)).host;
  const cases: [verb: string, path: string, allow: string][] = [
    ["GET", "/notify", "POST"],
    ["OPTIONS", "/notify", "POST"],
    ["PUT", "/notify", "POST"],
    ["POST", "/deliveries/x", "GET, HEAD"],
    ["DELETE", "/deliveries/x", "GET, HEAD"],
    ["OPTIONS", "/deliveries/x", "GET, HEAD"],
    ["PROPFIND", "/deliveries/x", "GET, HEAD"],
  ];
  for (const [verb, path, allow] of cases) {
    const answer = await curl(...AS_WORKFLOW, "-X", verb, url + path);
    mustBeProblem(t, answer, 405, "bad-input", new RegExp(`${path} takes ${allow.replace(", ", " or ")}, not ${verb}`), `${verb} ${path}`);
    t.same(answer.headers.allow, [allow]);
  }
});

t.test("HEAD is GET without the body", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const { deliveries } = await stage.notify({ text: "x", waitSeconds: 60 });
  const answer = await curl(...AS_WORKFLOW, "--head", `${stage.host.url}/deliveries/${deliveries[0]?.id}`);
  t.equal(answer.status, 200);
  t.equal(answer.text, "");
  t.ok(Number(answer.headers["content-length"]?.[0]) > 100);
  t.equal((await curl("--head", `${stage.host.url}/deliveries/x`)).status, 401);
});

t.test("only JSON in UTF-8 is taken, and a body of bounded length", async (t) => {
  const { url } = (await openStage(t)).host;
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=iso-8859-1",
    "application/problem+json",
  ]) {
    const answer = await curl(...AS_WORKFLOW, "-H", `Content-Type: ${type}`, "-d", '{"text":"x"}', `${url}/notify`);
    mustBeProblem(t, answer, 415, "bad-input", /Content-Type must be application\/json/, type);
  }
  const packed = await curl(...AS_WORKFLOW, ...JSON_BODY, "-H", "Content-Encoding: gzip", "-d", "x", `${url}/notify`);
  mustBeProblem(t, packed, 415, "bad-input", /Content-Encoding must be left out/);
  const { status, headers, text } = await post(`${url}/notify`, `{"text":"${"x".repeat(5 * 1024 * 1024)}"}`);
  t.equal(status, 413);
  t.match(headers.get("content-type"), "application/problem+json");
  t.match(JSON.parse(text), { status: 413, reason: "bad-input", detail: /larger than 4194304 bytes/ });
});

async function post(url: string, body: string | Buffer<ArrayBuffer>) {
  const authorization = basic("workflow", PASSWORDS.workflow);
  const answer = await fetch(url, { method: "POST", headers: { authorization, "content-type": "application/json" }, body });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

t.test("who is nobody gets 401 with challenges before the body is looked at, and 429 when he guesses", async (t) => {
  const { url } = (await openStage(t)).host;
  const nobody = await curl("-d", "no JSON", `${url}/notify`);
  mustBeProblem(t, nobody, 401, "bad-password", /\(ARERR 8761\)$/);
  t.same(nobody.headers["www-authenticate"], ['Basic realm="perch", charset="UTF-8"', 'Bearer realm="perch"']);
  t.match(nobody.json(), { arerr: 8761 });
  mustBeProblem(t, await curl(`${url}/deliveries/x`), 401, "bad-password", /missing or malformed/);
  for (let n = 0; n < 5; n += 1) {
    mustBeProblem(t, await curl("-u", `workflow:wrong${n}`, `${url}/deliveries/x`), 401, "bad-password", /no client has this name/);
  }
  const throttled = await curl(...AS_WORKFLOW, `${url}/deliveries/x`);
  mustBeProblem(t, throttled, 429, "bad-password", /too many wrong passwords/);
  t.match(throttled.headers["retry-after"], [/^[1-9]\d*$/]);
});

t.test("what the host refuses has a status that says whose turn it is", async (t) => {
  const stage = await openStage(t, { config: { outbox: { maxQueued: 1 } } });
  const notify = (body: object) => curl(...AS_WORKFLOW, ...JSON_BODY, "-d", JSON.stringify(body), `${stage.host.url}/notify`);
  mustBeProblem(t, await notify({ text: "x" }), 404, "not-registered", /Broadcast/);
  const created = await stage.call<{ id: string }>("registrations.create", { functionalUser: "Nobody", accountName: "Nobody" });
  mustBeProblem(t, await notify({ text: "x" }), 409, "not-authorized", /Nobody/);
  await stage.call("registrations.delete", { id: created.id });
  const { id } = await stage.register();
  await stage.call("registrations.update", { id, status: "Disabled" });
  mustBeProblem(t, await notify({ text: "x" }), 409, "disabled", /ITSM_Notify/);
  await stage.call("registrations.update", { id, status: "Enabled" });
  await stage.call("lanes.pause", { accountName: "ITSM_Notify" });
  t.equal((await notify({ text: "first", idempotencyKey: "k" })).status, 202);
  mustBeProblem(t, await notify({ text: "other", idempotencyKey: "k" }), 409, "conflict", /./);
  const full = await notify({ text: "second" });
  mustBeProblem(t, full, 503, "outbox-full", /1 deliveries are waiting/);
  t.match(full.json(), { retryable: true, statusList: [{}, { messageNum: 20030 }], advice: /Call again later/ });
});

t.test("a bug is 500 with a reference and nothing of its cause", async (t) => {
  const { door, logged } = await testDoor(t, { host: testHost().host });
  const answer = await curl("-u", "admin:a-pass", ...JSON_BODY, "-d", '{"text":"bug"}', `${door.url}/notify`);
  mustBeProblem(t, answer, 500, "internal-error", /internal error, reference [0-9a-f]{8}/);
  t.notMatch(answer.text, "s3cr3t");
  t.match(logged, [{ level: "error", fields: { method: "notify" }, sentence: "A method failed unexpectedly" }]);
});

t.test("calls are counted as those of /rpc are", async (t) => {
  const calls: string[] = [];
  const { door } = await testDoor(t, { host: testHost().host, onCall: (method, code) => void calls.push(`${method} ${code}`) });
  const as = (body: string) => curl("-u", "ar-server:w-pass", ...JSON_BODY, "-d", body, `${door.url}/notify`);
  for (const body of ['{"text":"x"}', '{"text":"full"}', '{"text":"bug"}', "{}", "{"]) await as(body);
  await curl("-u", "ar-server:w-pass", `${door.url}/deliveries/x`);
  t.same(calls, ["notify ok", "notify 8753", "notify -32603", "notify -32602", "notify -32602", "deliveries.get ok"]);
});
