import t from "tap";
import {
  checkPlugin,
  type FaultyService,
  type Kit,
  openFaultyService,
  openKit,
  type ServiceAnswer,
  type ServiceRequest,
} from "../../../src/kit/kit.ts";

const module = new URL("../../../plugins/template/index.ts", import.meta.url);
const settings = (url: string) => ({ url });
const secrets = () => ({ accounts: { Desk: { token: "desk-token" } } });

/** The service when all is well. */
function accepts({ path }: ServiceRequest): ServiceAnswer {
  if (path === "/me") return { body: { id: "7", name: "Desk" } };
  return { status: 201, body: { id: "100" } };
}

t.test("it keeps the contract", (t) =>
  checkPlugin(t, { module, settings, secrets, account: { id: "7", name: "Desk", token: { token: "desk-token" } }, accepts }),
);

/** A host with an account that is registered, and the service. */
async function open(t: Parameters<typeof openKit>[0]): Promise<{ kit: Kit; service: FaultyService }> {
  const service = await openFaultyService(t);
  service.answer(accepts);
  const kit = await openKit(t, { module, settings: settings(service.url), secrets: secrets() });
  await kit.register();
  return { kit, service };
}

t.test("a broadcast is posted with the account's token", async (t) => {
  const { kit, service } = await open(t);
  const { id } = await kit.send("E-mail is down in Paris");
  const delivery = await kit.reaches(id, "delivered");
  t.match(delivery, { attempts: 1, posts: [{ id: "100", state: "posted" }] });
  const post = service.requests.at(-1);
  t.match(post, { method: "POST", path: "/posts", headers: { authorization: "Bearer desk-token" } });
  t.strictSame(post?.json, { text: "E-mail is down in Paris" });
});

t.test("a 429 is waited for as long as the service says, and then posted", async (t) => {
  const { kit, service } = await open(t);
  service.answer({ status: 429, headers: { "retry-after": "60" } }, accepts);
  const { id } = await kit.send("VPN is slow");
  t.match(await kit.reaches(id, "waiting"), { lastError: { reason: "template-busy", message: /ARERR 8753/ } });
  kit.clock.turn(60_000);
  await kit.reaches(id, "delivered");
});

t.test("a post in doubt is sent again with the same key", async (t) => {
  const { kit, service } = await open(t);
  service.answer({ breaks: "reset-before-answer" }, accepts);
  const { id } = await kit.send("Print server is back");
  await kit.reaches(id, "in-doubt");
  // The first look comes after a second, and the post is sent again ten seconds after its request ended.
  kit.clock.turn(1_000);
  await kit.until(async () => (await kit.delivery(id)).lastError?.message.includes("shows no posts"));
  kit.clock.turn(10_000);
  await kit.reaches(id, "delivered");
  const [first, second] = service.requests.filter(({ path }) => path === "/posts").map(({ headers }) => headers["idempotency-key"]);
  t.ok(first);
  t.equal(second, first);
});

t.test("the filter says how long a text is", async (t) => {
  const { kit } = await open(t);
  t.strictSame((await kit.filter("EXAMPLE.TEMPLATE.LENGTH", ["VPN is slow"])).outValues, [11, 1_000]);
  await t.rejects(kit.filter("EXAMPLE.TEMPLATE.LENGTH", [null]), { code: 8753, data: { reason: "bad-input" } });
});

t.test("a wrong setting is refused with its place", async (t) => {
  await t.rejects(openKit(t, { module, settings: { url: "mailto:desk" }, secrets: secrets() }), /perch\.yaml:\d+:\d+: .*url/);
});
