import t, { type Test } from "tap";
import plugin from "../../../plugins/twitter/index.ts";
import { start } from "../../../plugins/twitter/sandbox/start.ts";
import type { Secrets, Settings } from "../../../plugins/twitter/settings.ts";
import type { Account, Mechanism, PluginContext, PostInDoubt, PostToDeliver } from "../../../src/contract.ts";

const mechanism = plugin.mechanism! as Required<Mechanism<Settings, Secrets>>;
t.teardown(() => plugin.terminate?.({} as never));

type Context = PluginContext<Settings, Secrets>;
type World = {
  url: string;
  context: Context;
  account: Account;
  logged: string[];
  /** Makes this host's clock wrong. */
  setHostClock(offsetSeconds: number): void;
  control(path: string, body?: unknown): Promise<Record<string, unknown>>;
  requests(path: string): Promise<{ status: number | null; path: string }[]>;
  posts(): Promise<{ id: string; text: string; inReplyTo?: string; accountName: string }[]>;
};

async function open(t: Test, settings: Settings = {}, accountName = "ITSM_Notify"): Promise<World> {
  const sandbox = await start({ port: 0 });
  t.teardown(() => sandbox.close());
  const call = async <T>(path: string, body?: unknown): Promise<T> => {
    const init = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`${sandbox.url}/sandbox/${path}`, init);
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  };
  const accounts = await call<{ id: string; name: string }[]>("accounts");
  const account: Account = {
    id: accounts.find(({ name }) => name === accountName)!.id,
    name: accountName,
    token: { accessToken: "sandbox-access-token", accessTokenSecret: "sandbox-access-token-secret" },
  };
  const logged: string[] = [];
  const log = (_fields: Record<string, unknown>, sentence: string) => void logged.push(sentence);
  let wrong = 0;
  let learned: number | undefined;
  const wall = () => Date.now() + wrong;
  const report = (offsetMs: number): void => {
    learned = offsetMs;
  };
  const context: Context = {
    settings: { apiBaseUrl: sandbox.url, ...settings },
    secrets: { consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret" },
    log: { debug: log, info: log, warn: log, error: log },
    clock: { wall, now: () => wall() + (learned ?? 0), report },
    signal: new AbortController().signal,
    proxy: {},
    account,
    failingElsewhere: [],
  };
  return {
    url: sandbox.url,
    context,
    account,
    logged,
    setHostClock: (offsetSeconds) => {
      wrong = offsetSeconds * 1000;
    },
    control: call,
    requests: async (path) =>
      (await call<{ status: number | null; path: string }[]>("requests")).filter((request) => request.path === path),
    posts: () => call("posts"),
  };
}

const post = (text: string, more: Partial<PostToDeliver> = {}): PostToDeliver => ({
  text,
  reply: false,
  index: 0,
  previousIds: [],
  deliveryId: "d1",
  ...more,
});
const doubt = (text: string, more: Partial<PostInDoubt> = {}): PostInDoubt => ({
  ...post(text),
  ownedIds: [],
  begunAt: Date.now(),
  ...more,
});

t.test("a post is delivered, with its address", async (t) => {
  const world = await open(t);
  const verdict = await mechanism.deliver(post("E-mail is down in Paris"), world.context);
  const [shown] = await world.posts();
  t.match(shown, { text: "E-mail is down in Paris" });
  const { limits, ...rest } = verdict;
  t.same(rest, { verdict: "delivered", id: shown?.id, url: `${world.url}/ITSM_Notify/status/${shown?.id}` });
  t.match(limits?.[0], { name: "posts-15-minutes", scope: "lane", remaining: 99, size: 100 }, "and what is left of X's limits");
});

for (const offset of [-86_400, -3600, 3600, 86_400]) {
  t.test(`a clock that is ${offset} s off costs one refused request and nothing else`, async (t) => {
    const world = await open(t);
    world.setHostClock(offset);
    for (const text of ["one", "two"]) t.equal((await mechanism.deliver(post(text), world.context)).verdict, "delivered");
    t.same(
      (await world.requests("/2/tweets")).map(({ status }) => status),
      [401, 201, 201],
    );
  });
}

t.test("a clock that jumps while running is corrected again", async (t) => {
  const world = await open(t);
  await mechanism.deliver(post("one"), world.context);
  world.setHostClock(7200);
  t.equal((await mechanism.deliver(post("two"), world.context)).verdict, "delivered");
});

t.test("with correction off a wrong clock fails with the offset, and nothing is tried again", async (t) => {
  const world = await open(t, { clock: { correction: "off" } });
  world.setHostClock(-3600);
  const verdict = await mechanism.deliver(post("one"), world.context);
  t.match(verdict, { verdict: "failed", fault: { reason: "clock-skew", cause: /^401:Authentication credentials/ } });
  const { clock } = (verdict as { fault: { clock: { offsetSeconds: number } } }).fault;
  t.ok(Math.abs(clock.offsetSeconds - 3600) < 2, `${clock.offsetSeconds}`);
  t.equal((await world.requests("/2/tweets")).length, 1);
});

t.test("a revoked token is the token's fault, in either form of X's 401", async (t) => {
  for (const revokedStyle of ["v1", "v2"]) {
    const world = await open(t);
    await world.control("settings", { revokedStyle });
    await world.control("accounts/ITSM_Notify/revoke", {});
    t.match(
      await mechanism.deliver(post("one"), world.context),
      { verdict: "retry", holds: "lane", fault: { reason: "token-invalid" } },
      revokedStyle,
    );
    t.match(await mechanism.probe(world.context), { ok: false, fault: { reason: "token-invalid" } });
  }
});

t.test("a wrong consumer key is the key's fault", async (t) => {
  const world = await open(t);
  const secrets = { ...world.context.secrets, consumerSecret: "wrong" };
  const context = { ...world.context, secrets };
  t.match(await mechanism.deliver(post("one"), context), { verdict: "retry", holds: "key", fault: { reason: "consumer-key-invalid" } });
  t.match(await mechanism.authorize({ accountName: "ITSM_Notify" }, context), { ok: false, fault: { reason: "consumer-key-invalid" } });
});

t.test("a 401 that others have too is X's own trouble", async (t) => {
  const world = await open(t);
  await world.control("faults", { match: { path: "/2/tweets" }, fault: { named: "unauthorized" } });
  const context = { ...world.context, failingElsewhere: ["token-invalid"] };
  t.match(await mechanism.deliver(post("one"), context), { verdict: "retry", fault: { reason: "x-unavailable" } });
});

t.test("a refused reply is posted on its own, once", async (t) => {
  const world = await open(t);
  const first = await mechanism.deliver(post("1/2"), world.context);
  await world.control("settings", { repliesRefused: true });
  const id = first.verdict === "delivered" ? first.id : "";
  t.equal((await mechanism.deliver(post("2/2", { reply: true, index: 1, previousIds: [id] }), world.context)).verdict, "delivered");
  t.same(
    (await world.requests("/2/tweets")).map(({ status }) => status),
    [201, 403, 201],
  );
  t.match(world.logged, ["A reply was refused; posting it on its own"]);
});

t.test("a reply answers the post before it", async (t) => {
  const world = await open(t);
  const first = await mechanism.deliver(post("1/2"), world.context);
  const id = first.verdict === "delivered" ? first.id : "";
  await mechanism.deliver(post("2/2", { reply: true, index: 1, previousIds: ["7", id] }), world.context);
  t.match(await world.posts(), [{ text: "1/2" }, { text: "2/2", inReplyTo: id }]);
});

t.test("a text that X calls too long is told with its weight", async (t) => {
  const world = await open(t);
  t.match(await mechanism.deliver(post("x".repeat(281)), world.context), {
    verdict: "failed",
    fault: { reason: "too-long", detail: "281 of 280 weighted characters" },
  });
});

// The kinds of failure that leave a post in doubt although X took it, as the sandbox can make them.
const DOUBTS = [
  { drop: true, accept: true },
  { reset: "after" },
  { reset: "during" },
  { truncate: true },
  { garbage: true },
  { huge: true },
  { hang: true, accept: true },
  { status: 500, accept: true },
  { status: 504, accept: true },
];
for (const fault of DOUBTS) {
  t.test(`a post that X took and answered with ${JSON.stringify(fault)} is in doubt, and is found`, async (t) => {
    const world = await open(t, { requestTimeoutSeconds: 1 });
    await world.control("faults", { match: { path: "/2/tweets" }, fault });
    const text = "Mail & more: https://status.example.com/mail?x=1 <now>";
    t.match(await mechanism.deliver(post(text), world.context), { verdict: "in-doubt", fault: { reason: "in-doubt" } });
    const [shown] = await world.posts();
    t.match(await mechanism.lookUp(doubt(text), world.context), { finding: "found", id: shown!.id });
  });
}

t.test("a look finds only what can be the post", async (t) => {
  const world = await open(t);
  await world.control("settings", { duplicateRule: false });
  const ids: string[] = [];
  for (const text of ["same", "same", "other", "same"]) {
    const verdict = await mechanism.deliver(post(text), world.context);
    ids.push(verdict.verdict === "delivered" ? verdict.id : "");
  }
  const look = (text: string, more: Partial<PostInDoubt> = {}) => mechanism.lookUp(doubt(text, more), world.context);
  t.match(await look("same"), { finding: "found", id: ids[0] }, "the lowest of several");
  t.match(await look("same", { afterId: ids[0]! }), { finding: "found", id: ids[1] }, "above the last one known");
  t.match(await look("same", { ownedIds: [ids[0]!, ids[1]!] }), { finding: "found", id: ids[3] }, "owned by no other delivery");
  t.same(await look("same", { afterId: ids[3]! }), { finding: "absent" });
  t.same(await look("never"), { finding: "absent" });
});

t.test("an empty time line means absent", async (t) => {
  const world = await open(t);
  t.same(await mechanism.lookUp(doubt("x"), world.context), { finding: "absent" });
});

t.test("a long time line is read page by page", async (t) => {
  const world = await open(t);
  await world.control("settings", { limits: { postsPerUser: 1000 } });
  await mechanism.deliver(post("the first"), world.context);
  for (let i = 0; i < 120; i += 1) await mechanism.deliver(post(`post ${i}`), world.context);
  t.match(await mechanism.lookUp(doubt("the first"), world.context), { finding: "found" });
  t.equal((await world.requests(`/2/users/${world.account.id}/tweets`)).length, 2);
});

t.test("a time line that the access tier hides is unknown for good", async (t) => {
  const world = await open(t);
  await world.control("settings", { timeline: { readable: false } });
  t.match(await mechanism.lookUp(doubt("x"), world.context), { finding: "unknown", readable: false });
});

// What says nothing of the time line: it can be asked again.
const PASSING = [
  { status: 500 },
  { named: "over-capacity" },
  { named: "rate-limited" },
  { drop: true },
  { garbage: true },
  { truncate: true },
];
for (const fault of PASSING) {
  t.test(`a look that ends with ${JSON.stringify(fault)} is unknown for now, never absent`, async (t) => {
    const world = await open(t);
    await world.control("faults", { match: { path: "/2/users" }, fault });
    t.match(await mechanism.lookUp(doubt("x"), world.context), { finding: "unknown", readable: true });
  });
}

async function authorize(world: World, as: string, accountName = "ITSM_Notify") {
  const begun = await mechanism.authorize({ accountName }, world.context);
  if (!begun.ok) throw new Error(begun.fault.cause);
  const { pin } = await world.control("authorize", { authorizeUrl: begun.value.authorizeUrl, accountName: as });
  return { accountName, pending: begun.value.pending, pin: String(pin), authorizeUrl: begun.value.authorizeUrl };
}

t.test("a PIN brings a token that can post", async (t) => {
  const world = await open(t);
  const request = await authorize(world, "ITSM_Notify");
  t.match(request.authorizeUrl, /\/oauth\/authorize\?oauth_token=[^&]+&force_login=true&screen_name=ITSM_Notify$/);
  const confirmed = await mechanism.confirm(request, world.context);
  t.match(confirmed, {
    ok: true,
    value: { account: { id: world.account.id, name: "ITSM_Notify", protected: true, accessLevel: "read-write" } },
  });
  const token = confirmed.ok ? confirmed.value.token : {};
  const context = { ...world.context, account: { ...world.account, token } };
  t.equal((await mechanism.deliver(post("one"), context)).verdict, "delivered");
});

t.test("authorising works with a wrong clock", async (t) => {
  const world = await open(t);
  world.setHostClock(5000);
  t.ok((await mechanism.confirm(await authorize(world, "itsm_notify"), world.context)).ok);
});

t.test("a PIN that is none costs nothing, a wrong one costs the authorisation", async (t) => {
  const world = await open(t);
  const request = await authorize(world, "ITSM_Notify");
  for (const pin of ["", "12a", "-1", "1234567; --"]) {
    t.match(await mechanism.confirm({ ...request, pin }, world.context), { ok: false, fault: { reason: "bad-input" } }, pin);
  }
  t.equal((await world.requests("/oauth/access_token")).length, 0);
  t.match(await mechanism.confirm({ ...request, pin: "1" }, world.context), { ok: false, fault: { reason: "pin-rejected" } });
  t.match(await mechanism.confirm(request, world.context), { ok: false, fault: { reason: "pin-rejected" } }, "one try for each PIN");
});

t.test("a token of another account is refused and given back", async (t) => {
  const world = await open(t);
  const request = await authorize(world, "Somebody_Else");
  t.match(await mechanism.confirm(request, world.context), {
    ok: false,
    fault: { reason: "account-mismatch", detail: /Somebody_Else.*ITSM_Notify/ },
  });
  t.match(await world.requests("/1.1/oauth/invalidate_token.json"), [{ status: 200 }]);
});

t.test("a token that may only read is refused", async (t) => {
  const world = await open(t);
  await world.control("settings", { appPermission: "read" });
  t.match(await mechanism.confirm(await authorize(world, "ITSM_Notify"), world.context), { ok: false, fault: { reason: "not-permitted" } });
});

t.test("an account that is not protected is warned about, or refused, or passed in silence", async (t) => {
  for (const protectedAccount of ["warn", "block", "off"] as const) {
    const world = await open(t, { protectedAccount });
    await world.control("settings", { protected: { ITSM_Notify: false } });
    const confirmed = await mechanism.confirm(await authorize(world, "ITSM_Notify"), world.context);
    t.equal(confirmed.ok, protectedAccount !== "block", protectedAccount);
    if (!confirmed.ok)
      t.match(confirmed, { spent: true, fault: { reason: "account-not-protected", advice: /authorise the account again/ } });
    t.equal(world.logged.length, protectedAccount === "warn" ? 1 : 0, protectedAccount);
  }
});

t.test("with the guard on block nothing is posted to an account that lost its protection, and the probe says so", async (t) => {
  const world = await open(t, { protectedAccount: "block" });
  await world.control("settings", { protected: { ITSM_Notify: false } });
  t.match(await mechanism.deliver(post("one"), world.context), {
    verdict: "retry",
    holds: "lane",
    fault: { reason: "account-not-protected" },
    learned: { protected: false },
  });
  t.match(await mechanism.probe(world.context), { ok: false, fault: { reason: "account-not-protected" } });
  t.same(await world.posts(), []);
  await world.control("settings", { protected: { ITSM_Notify: true } });
  t.match(await mechanism.probe(world.context), { ok: true, value: { protected: true } });
  t.match(await mechanism.deliver(post("one"), world.context), { verdict: "delivered", learned: { protected: true } });
});

t.test("a fresh reading of the account spares the question, an old one does not", async (t) => {
  const world = await open(t, { protectedAccount: "block" });
  const at = (checkedAt: number) => ({ ...world.context, account: { ...world.account, protected: true, checkedAt } });
  await mechanism.deliver(post("one"), at(world.context.clock.now() - 3_500_000));
  t.equal((await world.requests("/2/users/me")).length, 0);
  await mechanism.deliver(post("two"), at(world.context.clock.now() - 3_601_000));
  t.equal((await world.requests("/2/users/me")).length, 1);
});

t.test("no failure tells a secret", async (t) => {
  const world = await open(t);
  const SECRETS = ["sandbox-consumer-secret", "sandbox-access-token-secret", "sandbox-access-token", "sandbox-consumer-key"];
  const named = ["unauthorized", "oauth1-permissions", "too-long", "duplicate", "rate-limited", "credits-depleted", "internal-error"];
  for (const fault of [...named.map((name) => ({ named: name })), ...DOUBTS.filter((kind) => !("hang" in kind))]) {
    await world.control("faults", { match: { path: "/2/tweets" }, fault });
    const told = JSON.stringify(await mechanism.deliver(post(`text ${JSON.stringify(fault)}`), world.context));
    for (const secret of SECRETS) t.notMatch(told, secret, JSON.stringify(fault));
  }
});
