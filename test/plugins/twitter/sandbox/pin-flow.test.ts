import t from "tap";
import { type Answer, send, startSandbox, type Token } from "./client.ts";

type X = Awaited<ReturnType<typeof startSandbox>>;
const fields = (answer: Answer) => Object.fromEntries(new URLSearchParams(answer.text));

async function begin(x: X, more: Record<string, string> = {}) {
  const answer = await x.call({ method: "POST", path: "/oauth/request_token", oauth: { oauth_callback: "oob", ...more }, token: null });
  const { oauth_token: key = "", oauth_token_secret: secret = "", oauth_callback_confirmed: confirmed } = fields(answer);
  return { answer, token: { key, secret }, confirmed, authorizeUrl: `${x.url}/oauth/authorize?oauth_token=${key}` };
}
const pinOf = async (x: X, authorizeUrl: string, accountName = "ITSM_Notify") =>
  (await x.control("POST", "/authorize", { authorizeUrl, accountName })).body.pin;
const exchange = (x: X, token: Token, pin: string) =>
  x.call({ method: "POST", path: "/oauth/access_token", token, oauth: { oauth_verifier: pin } });

t.test("request token, PIN, access token: and the token works", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const { token, confirmed, authorizeUrl } = await begin(x);
  t.equal(confirmed, "true");
  const pin = await pinOf(x, authorizeUrl);
  t.match(pin, /^\d{7}$/);
  const access = fields(await exchange(x, token, pin));
  t.match(access, { screen_name: "ITSM_Notify", user_id: "1500000000000000001" });
  t.equal((await x.post("hello", { token: { key: access.oauth_token!, secret: access.oauth_token_secret! } })).status, 201);
});

t.test("a wrong PIN kills the request token, and a right one is good once", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const first = await begin(x);
  const pin = await pinOf(x, first.authorizeUrl);
  const wrong = await exchange(x, first.token, pin === "1234567" ? "7654321" : "1234567");
  t.match(wrong, { status: 401, text: "Invalid / expired Token" });
  t.equal((await exchange(x, first.token, pin)).status, 401);
  const second = await begin(x);
  const good = await pinOf(x, second.authorizeUrl);
  t.equal((await exchange(x, second.token, good)).status, 200);
  t.equal((await exchange(x, second.token, good)).status, 401);
});

t.test("no PIN without somebody who authorises, and none after the request token's life", async (t) => {
  let now = Date.now();
  const x = await startSandbox({ now: () => now });
  t.teardown(x.close);
  const { token } = await begin(x);
  t.equal((await exchange(x, token, "1234567")).status, 401);
  const late = await begin(x);
  const pin = await pinOf(x, late.authorizeUrl);
  now += 3_601_000;
  await x.set({ clockOffsetSeconds: -3601 });
  t.equal((await exchange(x, late.token, pin)).status, 401);
  t.equal((await x.control("POST", "/authorize", { authorizeUrl: late.authorizeUrl, accountName: "ITSM_Notify" })).status, 404);
});

t.test("only oob is a callback, and read access can be asked for", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.match((await begin(x, { oauth_callback: "https://example.com/" })).answer, { status: 403, body: { errors: [{ code: 415 }] } });
  const { token, authorizeUrl } = await begin(x, { x_auth_access_type: "read" });
  const access = fields(await exchange(x, token, await pinOf(x, authorizeUrl)));
  const me = await x.call({ path: "/2/users/me", token: { key: access.oauth_token!, secret: access.oauth_token_secret! } });
  t.equal(me.headers["x-access-level"], "read");
});

t.test("invalidate_token ends a token", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.same((await x.call({ method: "POST", path: "/1.1/oauth/invalidate_token.json" })).body, { access_token: "sandbox-access-token" });
  t.match(await x.post("x"), { status: 401, body: { errors: [{ code: 89 }] } });
});

t.test("an account that logs in for the first time is made on the spot, whoever was expected", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const { token, authorizeUrl } = await begin(x);
  const access = fields(await exchange(x, token, await pinOf(x, authorizeUrl, "Somebody_Else")));
  t.match(access, { screen_name: "Somebody_Else", user_id: "1500000000000000002" });
});

t.test("the pages refuse a dead token and a name that is none, and cancel kills the token", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.equal((await send(`${x.url}/oauth/authorize?oauth_token=none`, "GET", {})).status, 401);
  const { token, authorizeUrl } = await begin(x);
  const submit = (form: Record<string, string>) =>
    send(
      `${x.url}/oauth/authorize`,
      "POST",
      { "content-type": "application/x-www-form-urlencoded" },
      new URLSearchParams({ oauth_token: token.key, ...form }).toString(),
    );
  const bad = await submit({ account: "(other)", other: "<script>alert(1)</script>" });
  t.equal(bad.status, 400);
  t.notMatch(bad.text, /<script>alert/);
  t.equal((await submit({ account: "ITSM_Notify", answer: "cancel" })).status, 200);
  t.equal((await send(authorizeUrl, "GET", {})).status, 401);
});
