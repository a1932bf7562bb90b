import t from "tap";
import { ACCOUNT_ID, CONSUMER, startSandbox, TOKEN } from "./client.ts";

const UNAUTHORIZED = { title: "Unauthorized", type: "about:blank", status: 401, detail: "Unauthorized" };
const START = Date.parse("2026-11-24T12:00:00Z");

t.test("a well-signed request is let in, and the answer says what the token may do and what time it is", async (t) => {
  const x = await startSandbox({ now: () => START + 400 });
  t.teardown(x.close);
  const answer = await x.call({ path: "/2/users/me?user.fields=protected,verified", oauth: { oauth_timestamp: String(START / 1000) } });
  t.equal(answer.status, 200);
  t.same(answer.body, { data: { id: ACCOUNT_ID, name: "ITSM_Notify", username: "ITSM_Notify", protected: true, verified: false } });
  t.equal(answer.headers["x-access-level"], "read-write");
  t.equal(answer.headers.date, "Tue, 24 Nov 2026 12:00:00 GMT");
});

t.test("a wrong key, secret, token, signature or header is refused", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const wrong = [
    { consumer: { key: "other", secret: CONSUMER.secret } },
    { consumer: { key: CONSUMER.key, secret: "other" } },
    { token: { key: TOKEN.key, secret: "other" } },
    { tamper: (header: string) => header.replace(/oauth_signature="..../, 'oauth_signature="AAAA') },
    { tamper: (header: string) => header.replace("HMAC-SHA1", "PLAINTEXT") },
    { tamper: (header: string) => header.replace('oauth_version="1.0"', 'oauth_version="2.0"') },
    { tamper: () => "Bearer abc" },
    { oauth: { oauth_nonce: "nöt-ascii" } },
  ];
  for (const part of wrong) {
    const answer = await x.post("hello", part);
    t.equal(answer.status, 401, JSON.stringify(part) + String(part.tamper));
    t.same(answer.body, UNAUTHORIZED);
    t.notOk(answer.headers["x-access-level"]);
  }
  t.same(await x.posts(), []);
});

t.test("a parameter that comes twice is refused, as X does", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.equal((await x.call({ path: "/2/users/me?a=1&a=1" })).status, 401);
});

t.test("a form body is part of the signature", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const form = { x_auth_access_type: "read" };
  const call = { method: "POST", path: "/oauth/request_token", form, token: null, oauth: { oauth_callback: "oob" } } as const;
  t.equal((await x.call(call)).status, 200);
  t.equal((await x.call({ ...call, sentForm: { x_auth_access_type: "write" } })).status, 401);
  t.equal((await x.call({ method: "GET", path: "/2/users/me", sentQuery: "?user.fields=protected" })).status, 401);
  t.equal((await x.call({ method: "POST", path: "/2/tweets", json: { text: "a" }, form: { text: "a" } })).status, 401);
});

t.test("a timestamp is good up to the tolerance on either side of the sandbox clock", async (t) => {
  const x = await startSandbox({ now: () => START });
  t.teardown(x.close);
  const at = async (seconds: number) =>
    (await x.call({ path: "/2/users/me", oauth: { oauth_timestamp: String(START / 1000 + seconds) } })).status;
  t.same([await at(300), await at(-300), await at(301), await at(-301)], [200, 200, 401, 401]);
  await x.set({ clockOffsetSeconds: 1200, toleranceSeconds: 10 });
  t.same([await at(0), await at(1200), await at(1211)], [401, 200, 401]);
});

t.test("a bad timestamp is code 135 in v1.1 form, bare in v2 form, the old plain text if so set", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const late = () => x.call({ path: "/2/users/me", oauth: { oauth_timestamp: "1318622958" } });
  t.same((await late()).body, UNAUTHORIZED);
  await x.set({ errorStyle: "v1" });
  t.same((await late()).body, { errors: [{ code: 135, message: "Timestamp out of bounds" }] });
  await x.set({ errorStyle: "plain401" });
  const plain = await late();
  t.equal(plain.text, "Failed to validate oauth signature and token");
  t.match(plain.headers["content-type"], /text\/html/);
  await x.set({ errorStyle: "v2" });
  const token = await x.call({
    method: "POST",
    path: "/oauth/request_token",
    token: null,
    oauth: { oauth_callback: "oob", oauth_timestamp: "1318622958" },
  });
  t.same(token.body, { errors: [{ code: 135, message: "Timestamp out of bounds" }] });
});

t.test("a nonce is good once for a timestamp and token", async (t) => {
  const x = await startSandbox({ now: () => START });
  t.teardown(x.close);
  const use = async (oauth_timestamp: number, oauth_nonce: string) =>
    (await x.call({ path: "/2/users/me", oauth: { oauth_timestamp: String(oauth_timestamp), oauth_nonce } })).status;
  const second = START / 1000;
  t.same([await use(second, "n"), await use(second, "n"), await use(second + 1, "n"), await use(second, "m")], [200, 401, 200, 200]);
});

t.test("a revoked token is code 89, or bare if so set", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.same((await x.control("POST", "/accounts/itsm_notify/revoke")).body, { revoked: 1 });
  t.same((await x.post("x")).body, { errors: [{ code: 89, message: "Invalid or expired token." }] });
  await x.set({ revokedStyle: "v2" });
  t.same((await x.post("x")).body, UNAUTHORIZED);
});
