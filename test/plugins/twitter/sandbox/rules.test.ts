import t from "tap";
import { ACCOUNT_ID, startSandbox, TOKEN } from "./client.ts";

const START = Date.parse("2026-11-24T12:00:00Z");

t.test("a post is answered 201 with a rising snowflake id and stands in the record", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const first = await x.post("one");
  const second = await x.post("two", { reply: first.body.data.id });
  t.equal(first.status, 201);
  t.match(first.body.data, { id: /^\d{19}$/, text: "one" });
  t.ok(BigInt(second.body.data.id) > BigInt(first.body.data.id));
  t.match(await x.posts(), [
    { id: first.body.data.id, accountId: ACCOUNT_ID, accountName: "ITSM_Notify", text: "one", deleted: false },
    { text: "two", inReplyTo: first.body.data.id },
  ]);
});

t.test("ids rise when the sandbox clock is set back", async (t) => {
  const x = await startSandbox({ toleranceSeconds: 1e6 });
  t.teardown(x.close);
  const first = await x.post("one");
  await x.set({ clockOffsetSeconds: -86_400 });
  t.ok(BigInt((await x.post("two")).body.data.id) > BigInt(first.body.data.id));
});

t.test("a body that X does not know is refused in X's words", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const refused = async (json: unknown) => {
    const answer = await x.call({ method: "POST", path: "/2/tweets", json });
    t.equal(answer.status, 400);
    t.match(answer.body, { title: "Invalid Request", type: /\/invalid-request$/ });
    return answer.body.errors[0].message;
  };
  t.equal(await refused({ text: "a", reply: {} }), "$.reply.in_reply_to_tweet_id: is missing but it is required");
  t.match(await refused({ text: "a", status: "b" }), /^\$\.status: is not defined in the schema/);
  t.equal(await refused({}), "$.text: is missing but it is required");
  t.match(await refused({ text: 7 }), /^\$\.text: /);
  t.match(await refused({ text: " \n " }), /^\$\.text: /);
  t.match(await refused({ text: "a", reply: { in_reply_to_tweet_id: "x" } }), /^\$\.reply\.in_reply_to_tweet_id: /);
  const form = await x.call({ method: "POST", path: "/2/tweets", form: { text: "a" } });
  t.equal(form.status, 400);
  t.same(await x.posts(), []);
});

t.test("the same words twice are refused, until the first are deleted or the rule is off", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const first = await x.post("Caf\u00e9 is down");
  const again = await x.post(" Cafe\u0301 is down\n");
  t.equal(again.status, 403);
  t.same(again.body, {
    detail: "You are not allowed to create a Tweet with duplicate content.",
    type: "about:blank",
    title: "Forbidden",
    status: 403,
  });
  await x.set({ errorStyle: "v1" });
  t.equal((await x.post("Caf\u00e9 is down")).body.errors[0].code, 187);
  t.same((await x.call({ method: "DELETE", path: `/2/tweets/${first.body.data.id}` })).body, { data: { deleted: true } });
  t.equal((await x.post("Caf\u00e9 is down")).status, 201);
  await x.set({ duplicateRule: false });
  t.equal((await x.post("Caf\u00e9 is down")).status, 201);
});

t.test("another account may say the same words", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const { body } = await x.control("POST", "/accounts", { name: "Other_Desk", protected: false });
  t.equal((await x.post("same")).status, 201);
  t.equal((await x.post("same", { token: { key: body.token, secret: body.tokenSecret } })).status, 201);
  t.match(await x.posts(), [{ accountName: "ITSM_Notify" }, { accountName: "Other_Desk" }]);
});

t.test("280 weighted characters pass and 281 do not, with the status that is set", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.equal((await x.post("a".repeat(280))).status, 201);
  t.equal((await x.post("語".repeat(140))).status, 201);
  t.equal((await x.post(`${"a".repeat(256)} https://example.com/${"long/".repeat(20)}`)).status, 201);
  const long = await x.post("語".repeat(141));
  t.equal(long.status, 400);
  t.match(long.body.detail, /^Your Tweet text is too long\./);
  await x.set({ tooLongStatus: 403 });
  t.match(await x.post("a".repeat(281)), { status: 403, body: { status: 403, detail: /^Your Tweet text is too long\./ } });
  await x.set({ errorStyle: "v1" });
  t.match(await x.post("a".repeat(281)), { status: 403, body: { errors: [{ code: 186 }] } });
});

t.test("an app that may only read cannot post, and raising it does not raise a token of that time", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  await x.set({ appPermission: "read" });
  const refused = await x.post("x");
  t.equal(refused.status, 403);
  t.equal(refused.headers["x-access-level"], "read");
  t.match(refused.body, { type: "https://api.x.com/2/problems/oauth1-permissions", detail: /oauth1 app permissions/ });
  const { body } = await x.control("POST", "/accounts", { name: "Late" });
  await x.set({ appPermission: "read-write" });
  t.equal((await x.post("x")).status, 201);
  t.equal((await x.post("y", { token: { key: body.token, secret: body.tokenSecret } })).status, 403);
});

t.test("a locked account gets 326 until it is unlocked", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  await x.control("POST", "/accounts/ITSM_Notify/lock");
  t.match(await x.post("x"), { status: 403, body: { errors: [{ code: 326 }] } });
  t.equal((await x.call({ path: "/2/users/me" })).status, 403);
  await x.control("POST", "/accounts/ITSM_Notify/unlock");
  t.equal((await x.post("x")).status, 201);
});

t.test("replies can be refused, and must answer a post that is there", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const { body } = await x.post("one");
  t.match(await x.post("two", { reply: "1" }), { status: 403, body: { detail: /deleted or not visible/ } });
  await x.set({ repliesRefused: true });
  t.match(await x.post("two", { reply: body.data.id }), { status: 403, body: { title: "Forbidden", detail: /not been mentioned/ } });
});

t.test("more than one cashtag is refused", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.equal((await x.post("$ABC is fine")).status, 201);
  t.equal((await x.post("$ABC and $DEF are not")).status, 403);
});

t.test("who is protected can be set, also for an account that does not exist: no", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  await x.set({ protected: { itsm_notify: false } });
  t.equal((await x.call({ path: "/2/users/me?user.fields=protected" })).body.data.protected, false);
  t.equal((await x.set({ protected: { Nobody: true } })).status, 404);
  t.equal((await x.set({ colour: "red" })).status, 400);
});

t.test("the hundred-and-first post in the window is a 429 with X's headers, and the next window is open", async (t) => {
  let now = START;
  const x = await startSandbox({ now: () => now, limits: { postsPerUser: 2 } });
  t.teardown(x.close);
  const post = (text: string) => x.post(text, { oauth: { oauth_timestamp: String(Math.floor(now / 1000)) } });
  const first = await post("1");
  t.match(first.headers, {
    "x-rate-limit-limit": "2",
    "x-rate-limit-remaining": "1",
    "x-rate-limit-reset": String(START / 1000 + 900),
    "x-app-limit-24hour-limit": "10000",
    "x-app-limit-24hour-remaining": "9999",
    "x-app-limit-24hour-reset": String(START / 1000 + 86_400),
    "x-user-limit-24hour-limit": "2400",
    "x-user-limit-24hour-remaining": "2399",
    "x-user-limit-24hour-reset": String(START / 1000 + 86_400),
  });
  await post("2");
  const third = await post("3");
  t.match(third, { status: 429, body: { title: "Too Many Requests" }, headers: { "x-rate-limit-remaining": "0" } });
  now += 900_000;
  t.equal((await post("3")).status, 201);
});

t.test("the day's limit is a 429 although the window has room, code 88 in v1.1 form", async (t) => {
  const x = await startSandbox({ limits: { postsPerUserDay: 1 }, errorStyle: "v1" });
  t.teardown(x.close);
  await x.post("1");
  const second = await x.post("2");
  t.match(second, {
    status: 429,
    body: { errors: [{ code: 88 }] },
    headers: { "x-rate-limit-remaining": "99", "x-user-limit-24hour-remaining": "0" },
  });
});

t.test("the app's day is shared by all accounts", async (t) => {
  const x = await startSandbox({ limits: { postsPerAppDay: 1 }, accounts: [{ name: "B", token: "b", tokenSecret: "bs" }] });
  t.teardown(x.close);
  await x.post("1");
  t.equal((await x.post("2", { token: { key: "b", secret: "bs" } })).status, 429);
});

t.test("only an own post can be deleted, and only once", async (t) => {
  const x = await startSandbox({ accounts: [{ name: "B", token: "b", tokenSecret: "bs" }] });
  t.teardown(x.close);
  const { id } = (await x.post("1")).body.data;
  const remove = async (token = TOKEN) => (await x.call({ method: "DELETE", path: `/2/tweets/${id}`, token })).status;
  t.same([await remove({ key: "b", secret: "bs" }), await remove(), await remove()], [403, 200, 404]);
  t.match(await x.posts(), [{ deleted: true }]);
});

t.test("v1.1 posting is closed, as for every self-serve app", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.match(await x.call({ method: "POST", path: "/1.1/statuses/update.json", form: { status: "x" } }), {
    status: 403,
    body: { errors: [{ code: 453 }] },
  });
});
