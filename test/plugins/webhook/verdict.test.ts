/** What each answer of an endpoint means: single calls to the plug-in, in a real worker, against a real service. */
import { lookup } from "node:dns/promises";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import t from "tap";
import { refusalOfAddress } from "../../../plugins/webhook/address.ts";
import { FAULTS } from "../../../plugins/webhook/faults.ts";
import type { Verdict } from "../../../src/contract.ts";
import { type FaultyService, openFaultyService, openWorker, type ServiceAnswer } from "../../../src/kit/kit.ts";
import { CERTIFICATE, KEY } from "../twitter/loopback-certificate.ts";

const module = new URL("../../../plugins/webhook/index.ts", import.meta.url);
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const POST = { deliveryId: "01a20d8e-791b-750c-8594-6f9e496e474e", text: "VPN is slow", reply: false, index: 0, previousIds: [] };

type Post = (url: string) => Promise<Verdict>;
async function openPoster(t: Parameters<typeof openWorker>[0], settings: Record<string, unknown> = {}): Promise<Post> {
  const worker = await openWorker(t, { module, settings, secrets: { accounts: { Pager: { url: "https://pager.example", secret } } } });
  return async (url) => {
    const answer = await worker.ask("deliver", POST, { account: { id: "Pager", name: "Pager", token: { url, secret } } });
    if (!answer.ok) throw new Error(answer.fault.cause);
    return answer.value;
  };
}
async function openBoth(t: Parameters<typeof openWorker>[0], settings = {}): Promise<{ post: Post; service: FaultyService }> {
  return { post: await openPoster(t, settings), service: await openFaultyService(t) };
}

/** Each status that HTTP knows and a few that it does not; what is not here is refused or broken by its class. */
const STATUSES: Record<string, readonly number[]> = {
  delivered: [200, 201, 202, 204, 299],
  "webhook-moved": [300, 301, 302, 303, 304, 307, 308],
  "webhook-refused": [400, 402, 406, 409, 411, 413, 415, 422, 451, 499],
  "webhook-signature": [401, 403],
  "webhook-not-found": [404, 405],
  "webhook-gone": [410],
  "webhook-busy": [429, 502, 503, 504],
  "webhook-broken": [408, 500, 501, 505, 507, 599],
};
t.test("each status has its verdict, and its row says the same", async (t) => {
  const { post, service } = await openBoth(t);
  for (const [meaning, statuses] of Object.entries(STATUSES)) {
    for (const status of statuses) {
      service.answer({ status, headers: { location: `${service.url}/elsewhere` } });
      const verdict = await post(service.url);
      const reason = verdict.verdict === "delivered" ? "delivered" : verdict.fault.reason;
      t.equal(reason, meaning, `${status}`);
      if (verdict.verdict === "delivered") continue;
      t.match(verdict.fault, { x: { status }, cause: new RegExp(`^${status}:`) });
      t.equal(verdict.verdict, FAULTS[reason as keyof typeof FAULTS].verdict, `${status}`);
    }
  }
  t.notOk(
    service.requests.some(({ path }) => path === "/elsewhere"),
    "no redirect is followed",
  );
});

const DATE = "Tue, 24 Nov 2026 12:00:00 GMT";
const WAITS: [header: string | undefined, waitMs: number | undefined][] = [
  ["30", 30_000],
  ["0", 0],
  ["Tue, 24 Nov 2026 12:02:00 GMT", 120_000],
  ["Tue, 24 Nov 2026 11:00:00 GMT", 0],
  ["999999999", 86_400_000],
  ["soon", undefined],
  ["-5", undefined],
  [undefined, undefined],
];
t.test("Retry-After is read in seconds and as a date, and bounded by a day", async (t) => {
  const { post, service } = await openBoth(t);
  for (const [header, waitMs] of WAITS) {
    const headers = { date: DATE, ...(header !== undefined && { "retry-after": header }) };
    service.answer({ status: 503, headers, dateOffsetSeconds: "none" });
    const verdict = await post(service.url);
    t.equal(verdict.verdict === "retry" ? verdict.waitMs : "none", waitMs, header ?? "no header");
  }
});

t.test("a 401 of a receiver whose clock differs says by how much", async (t) => {
  const { post, service } = await openBoth(t);
  service.answer({ status: 401, dateOffsetSeconds: 600 });
  const { fault } = (await post(service.url)) as Verdict & { verdict: "retry" };
  t.match(fault.detail, /^The receiver's clock is (599|600) s ahead of the time of this host$/);
  t.ok(Math.abs(fault.clock!.offsetSeconds - 600) <= 2);
  for (const answer of [
    { status: 401 },
    { status: 403, dateOffsetSeconds: "none" },
    { status: 500, dateOffsetSeconds: 600 },
  ] as ServiceAnswer[]) {
    service.answer(answer);
    t.notMatch(await post(service.url), { fault: { clock: {} } }, JSON.stringify(answer));
  }
});

t.test("what never reached the endpoint is told from what may have", async (t) => {
  const { post, service } = await openBoth(t, { requestTimeoutSeconds: 1 });
  const reasonAt = async (url: string) => {
    const verdict = await post(url);
    return verdict.verdict === "retry" ? [verdict.fault.reason, verdict.fault.cause] : [verdict.verdict];
  };
  t.match(await reasonAt("https://no-such-name.invalid/x"), ["webhook-unreachable", /no-such-name\.invalid/]);
  t.match(await reasonAt(service.url.replace("http:", "https:")), ["webhook-unreachable", /SSL|TLS|packet length/i]);
  service.answer({ breaks: "silent" });
  t.strictSame(await reasonAt(service.url), ["webhook-no-answer", "No answer within requestTimeoutSeconds"]);
  service.answer({ breaks: "reset-before-answer" });
  t.match(await reasonAt(service.url), ["webhook-no-answer", /./]);
  t.match(await reasonAt("http://10.1.2.3/x"), ["webhook-address", /allowInsecure/]);
  t.match(await reasonAt("https://169.254.169.254/x"), ["webhook-address", /link-local/]);
  await service.close();
  t.match(await reasonAt(service.url), ["webhook-unreachable", /ECONNREFUSED/]);
});

t.test("a proxy is used where one is given, and resolves the name itself", async (t) => {
  const asked: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
  t.teardown(() => proxy.close());
  const post = await openPoster(t, { proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
  t.match(await post("https://hooks.example.com/x"), { verdict: "retry", fault: { cause: /502/ } });
  t.strictSame(asked, ["hooks.example.com:443"]);
});

/** A service with a certificate that only `caFile` makes good. */
async function openSecure(t: Parameters<typeof openWorker>[0]): Promise<number> {
  const server = createSecureServer({ cert: CERTIFICATE, key: KEY }, (_request, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test("a certificate is checked, with the authorities of caFile besides", async (t) => {
  const url = `https://localhost:${await openSecure(t)}/x`;
  const trusting = await openPoster(t, { caFile: join(t.testdir({ "ca.pem": CERTIFICATE }), "ca.pem") });
  t.match(await trusting(url), { verdict: "delivered" });
  t.match(await (await openPoster(t))(url), { verdict: "retry", fault: { reason: "webhook-unreachable", cause: /self.signed/ } });
});

/** The machine's own name, which most machines resolve to an address of theirs that is not public. */
async function ownName(): Promise<string | undefined> {
  const name = hostname().toLowerCase();
  const addresses = await lookup(name, { all: true }).catch(() => []);
  const isRefused = addresses.some(({ address }) => /is in a private network/.test(refusalOfAddress(address, {}) ?? ""));
  return isRefused && name !== "localhost" ? name : undefined;
}

t.test("a name that resolves to a private address is refused where the connection is made", async (t) => {
  const name = await ownName();
  if (name === undefined) return void t.pass("this machine's name resolves to no private address; address.test.ts has the rule itself");
  const port = await openSecure(t);
  const url = `https://${name}:${port}/x`;
  t.match(await (await openPoster(t))(url), {
    verdict: "retry",
    fault: { reason: "webhook-address", cause: /: .* is in a private network/ },
  });
  const { fault } = (await (await openPoster(t, { allowPrivate: true }))(url)) as Verdict & { verdict: "retry" };
  t.equal(fault.reason, "webhook-unreachable", "the address is allowed; the connection or its certificate is not good");
});

t.test("a caFile that can't be read keeps the plug-in from starting, with its name", async (t) => {
  await t.rejects(openPoster(t, { caFile: "/nowhere/ca.pem" }), /ca\.pem/);
});
