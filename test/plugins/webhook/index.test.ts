import { Webhook } from "standardwebhooks";
import t from "tap";
import { checkPlugin, type FaultyService, type Kit, openFaultyService, openKit, type ServiceRequest } from "../../../src/kit/kit.ts";

const module = new URL("../../../plugins/webhook/index.ts", import.meta.url);
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const newSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const endpoint = (url: string, withSecret = secret) => ({ accounts: { Pager: { url: `${url}/hooks?team=desk`, secret: withSecret } } });

t.test("it keeps the contract", (t) =>
  checkPlugin(t, {
    module,
    settings: () => ({}),
    secrets: (url) => endpoint(url),
    account: (url) => ({ id: "Pager", name: "Pager", token: { url, secret } }),
    accepts: { status: 204 },
    idempotent: true,
  }),
);

/** A host with an endpoint that is registered, and the endpoint. */
async function open(t: Parameters<typeof openKit>[0]): Promise<{ kit: Kit; service: FaultyService }> {
  const service = await openFaultyService(t);
  service.answer({ status: 204 });
  const kit = await openKit(t, { module, secrets: endpoint(service.url) });
  await kit.register();
  return { kit, service };
}

/** Judged by the specification's own package; throws where the signature is wrong. */
const verified = ({ body, headers }: ServiceRequest, by = secret) => new Webhook(by).verify(body, headers as Record<string, string>);

/** The same without its tolerance, since a test that turns the host's clock turns what is signed. */
function isSigned({ body, headers }: ServiceRequest, by: string): boolean {
  const at = new Date(Number(headers["webhook-timestamp"]) * 1000);
  return String(headers["webhook-signature"])
    .split(" ")
    .includes(new Webhook(by).sign(String(headers["webhook-id"]), at, body));
}

t.test("a broadcast arrives signed, as JSON, with what workflow said", async (t) => {
  const { kit, service } = await open(t);
  const { deliveries } = await kit.notify({ text: "E-mail is down in Paris", entryId: "INC1", priority: 2 });
  const { id, acceptedAt } = deliveries[0]!;
  await kit.reaches(id, "delivered");
  const [request] = service.requests;
  t.match(request, { method: "POST", path: "/hooks?team=desk", headers: { "content-type": "application/json", "user-agent": /^Perch/ } });
  t.strictSame(verified(request!), {
    type: "perch.notification",
    timestamp: acceptedAt,
    data: {
      id,
      text: "E-mail is down in Paris",
      content: "Broadcast",
      entryId: "INC1",
      functionalUser: "ServiceDesk",
      priority: 2,
      account: "Pager",
    },
  });
  t.match(await kit.delivery(id), { posts: [{ id: request!.headers["webhook-id"], text: "E-mail is down in Paris" }] });
});

t.test("each attempt has the same id and body, and a signature of its own time", async (t) => {
  const { kit, service } = await open(t);
  service.answer({ status: 500 }, { breaks: "reset-before-answer" }, { status: 204 });
  const { id } = await kit.send("VPN is slow");
  await kit.until(async () => (await kit.delivery(id)).attempts === 1);
  kit.clock.turn(60_000);
  await kit.until(async () => (await kit.delivery(id)).attempts === 2);
  kit.clock.turn(60_000);
  await kit.reaches(id, "delivered");
  t.equal(service.requests.length, 3);
  const [first, ...others] = service.requests;
  for (const other of others) {
    t.equal(other.headers["webhook-id"], first!.headers["webhook-id"]);
    t.equal(other.body, first!.body);
    t.ok(verified(other));
  }
});

t.test("what an operator sends again has the same id", async (t) => {
  const { kit, service } = await open(t);
  service.answer({ status: 422 }, { status: 204 });
  const { id } = await kit.send("VPN is slow");
  t.match(await kit.reaches(id, "failed"), { lastError: { reason: "webhook-refused" } });
  await kit.call("deliveries.retry", { ids: [id] });
  await kit.until(async () => (await kit.delivery(id)).state === "delivered");
  const [first, second] = service.requests;
  t.equal(second!.headers["webhook-id"], first!.headers["webhook-id"]);
});

t.test("a secret is changed in the file while the host runs, with both in force meanwhile", async (t) => {
  const { kit, service } = await open(t);
  const next = async () => {
    const { id } = await kit.send("Print server is back");
    await kit.reaches(id, "delivered");
    return service.requests.at(-1)!;
  };
  await kit.configure({ secrets: endpoint(service.url, `${newSecret} ${secret}`) });
  const between = await next();
  t.ok(verified(between, secret));
  t.ok(verified(between, newSecret));
  await kit.configure({ secrets: endpoint(service.url, newSecret) });
  const after = await next();
  t.ok(verified(after, newSecret));
  t.notOk(isSigned(after, secret));
});

t.test("after a 410 nothing is sent until the endpoint is changed, and nothing is lost", async (t) => {
  const { kit, service } = await open(t);
  service.answer((request) => ({ status: isSigned(request, newSecret) ? 204 : 410 }));
  const { id } = await kit.send("VPN is slow");
  t.match(await kit.reaches(id, "waiting"), { lastError: { reason: "webhook-gone" } });
  t.match(await kit.call("registrations.list", {}), { registrations: [{ authorization: "revoked" }] });
  kit.clock.turn(3_600_000);
  await kit.configure({ secrets: endpoint(service.url, newSecret) });
  await kit.reaches(id, "delivered");
  t.strictSame(
    service.requests.map((request) => isSigned(request, newSecret)),
    [false, true],
  );
  t.match(await kit.call("registrations.list", {}), { registrations: [{ authorization: "authorized" }] });
});

t.test("a wrong secret holds the lane, and the right one lets it go on", async (t) => {
  const { kit, service } = await open(t);
  service.answer((request) => ({ status: isSigned(request, newSecret) ? 204 : 401 }));
  const { id } = await kit.send("VPN is slow");
  t.match(await kit.reaches(id, "waiting"), { lastError: { reason: "webhook-signature", message: /401:Unauthorized \(ARERR 8753\)/ } });
  await kit.configure({ secrets: endpoint(service.url, `${newSecret} ${secret}`) });
  kit.clock.turn(300_000);
  await kit.reaches(id, "delivered");
});

t.test("an endpoint that the settings do not allow is not authorised, and the log says why", async (t) => {
  const kit = await openKit(t, { module, secrets: endpoint("https://10.1.2.3") });
  await t.rejects(kit.register(), /allowPrivate is not set/);
});

const WRONG: [what: string, part: Record<string, unknown>, message: RegExp][] = [
  ["a secret of 23 bytes", { secret: `whsec_${Buffer.alloc(23).toString("base64")}` }, /credentials\.yaml:\d+:\d+: .*secret/],
  ["a secret of 65 bytes", { secret: `whsec_${Buffer.alloc(65).toString("base64")}` }, /credentials\.yaml:\d+:\d+: .*secret/],
  ["a secret without whsec_", { secret: Buffer.alloc(32).toString("base64") }, /credentials\.yaml:\d+:\d+: .*secret/],
  ["a URL of another kind", { url: "ftp://x.example" }, /credentials\.yaml:\d+:\d+: .*url/],
  ["a URL with a password", { url: "https://me:pw@x.example" }, /credentials\.yaml:\d+:\d+: .*url/],
];
t.test("what is wrong in the credentials file is refused with its place, and not repeated", async (t) => {
  for (const [what, part, message] of WRONG) {
    const secrets = { accounts: { Pager: { url: "https://x.example", secret, ...part } } };
    const error: Error = await openKit(t, { module, secrets }).then(
      () => new Error("it opened"),
      (thrown) => thrown,
    );
    t.match(error.message, message, what);
    t.notOk(
      Object.values(part).some((value) => error.message.includes(String(value))),
      `${what} is not repeated`,
    );
  }
  for (const length of [24, 25, 26, 62, 63, 64])
    await t.resolves(openKit(t, { module, secrets: endpoint("https://x.example", `whsec_${Buffer.alloc(length, 3).toString("base64")}`) }));
});
