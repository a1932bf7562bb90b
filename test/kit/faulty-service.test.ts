import { request } from "node:http";
import t from "tap";
import { type Break, type FaultyService, openFaultyService } from "../../src/kit/kit.ts";

type Outcome = { status?: number; headers?: Record<string, unknown>; body?: string; error?: string };

/** One POST by Node's own client, and how it ended; what never ends is given up once `enough` bytes have come. */
function post(url: string, body: string, enough = Number.POSITIVE_INFINITY): Promise<Outcome> {
  return new Promise((resolve) => {
    const outcome: Outcome = {};
    const lose = (error: NodeJS.ErrnoException) => resolve({ ...outcome, error: error.code ?? error.message });
    const asking = request(url, { method: "POST", agent: false }, (answer) => {
      Object.assign(outcome, { status: answer.statusCode, headers: answer.headers, body: "" });
      answer.on("data", (chunk: Buffer) => {
        outcome.body += chunk.toString();
        if ((outcome.body ?? "").length < enough) return;
        asking.destroy();
        resolve(outcome);
      });
      answer.on("end", () => resolve(outcome)).on("error", lose);
    });
    asking.on("error", lose);
    asking.end(body);
  });
}

t.test("each request takes one answer, the last goes on, and all is kept", async (t) => {
  const service = await openFaultyService(t);
  service.answer({ status: 201, headers: { "x-one": "1" }, body: { id: "1" } }, { status: 429 }, ({ body }) => ({ body: `${body}!` }));
  t.match(await post(`${service.url}/a?b=c`, '{"x":1}'), {
    status: 201,
    headers: { "x-one": "1", "content-type": "application/json" },
    body: '{"id":"1"}',
  });
  t.match(await post(service.url, "b"), { status: 429, body: "" });
  t.match(await post(service.url, "c"), { status: 200, body: "c!" });
  t.match(await post(service.url, "d"), { status: 200, body: "d!" });
  t.match(service.requests[0], { method: "POST", path: "/a?b=c", json: { x: 1 }, open: false });
  t.strictSame(
    service.requests.map(({ body }) => body),
    ['{"x":1}', "b", "c", "d"],
  );
  t.equal(service.requests[1]?.json, undefined);
  t.equal(service.connections, 4);
});

t.test("its clock is as wrong as it is told, or says nothing", async (t) => {
  const service = await openFaultyService(t);
  service.answer({ dateOffsetSeconds: 3_600 }, { dateOffsetSeconds: "none" }, { headers: { date: "yesterday" } });
  const ahead = Date.parse(String((await post(service.url, "")).headers?.date)) - Date.now();
  t.ok(ahead > 3_500_000 && ahead < 3_700_000, String(ahead));
  t.equal((await post(service.url, "")).headers?.date, undefined);
  t.equal((await post(service.url, "")).headers?.date, "yesterday");
});

const BODY = '{"id":"100"}';
const ENDS: Record<Exclude<Break, "silent" | "endless">, [outcome: Outcome, requests: number]> = {
  "reset-at-connect": [{ error: "ECONNRESET" }, 0],
  "reset-before-answer": [{ error: "ECONNRESET" }, 1],
  "reset-in-answer": [{ error: "ECONNRESET" }, 1],
  "cut-in-answer": [{ status: 200, error: "ECONNRESET" }, 1],
  garbage: [{ error: "HPE_INVALID_CONSTANT" }, 1],
  slow: [{ status: 200, body: BODY }, 1],
};
for (const [breaks, [outcome, requests]] of Object.entries(ENDS) as [Break, [Outcome, number]][])
  t.test(`${breaks} ends for the caller as in a network, and the next answer is whole`, async (t) => {
    const service = await openFaultyService(t);
    service.answer({ breaks, body: BODY, everyMs: 1 }, { body: "whole" });
    t.match(await post(service.url, "one"), outcome);
    t.equal(service.requests.length, requests);
    t.match(await post(service.url, "two"), { status: 200, body: "whole" });
  });

async function untilAsked(service: FaultyService): Promise<void> {
  while (service.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

t.test("silent keeps the request open until the caller goes away", async (t) => {
  const service = await openFaultyService(t);
  service.answer({ breaks: "silent" });
  const asking = request(service.url, { agent: false });
  asking.on("error", () => {});
  asking.end();
  await untilAsked(service);
  t.equal(service.requests[0]?.open, true);
  asking.destroy();
  while (service.requests[0]?.open) await new Promise((resolve) => setTimeout(resolve, 5));
  t.pass("it is not open any more");
});

t.test("endless goes on until the caller goes away", async (t) => {
  const service = await openFaultyService(t);
  service.answer({ breaks: "endless", everyMs: 1 });
  t.match(await post(service.url, "", 500_000), { status: 200 });
});

t.test("once closed it refuses connections, and may be closed twice", async (t) => {
  const service = await openFaultyService(t);
  await service.close();
  await service.close();
  t.match(await post(service.url, ""), { error: "ECONNREFUSED" });
});
