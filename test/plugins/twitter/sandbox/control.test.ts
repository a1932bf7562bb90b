import t from "tap";
import { send, startSandbox } from "./client.ts";

t.test("Date comes as GMT, as UTC, not at all, or old with an Age", async (t) => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  const x = await startSandbox({ now: () => now });
  t.teardown(x.close);
  const date = async (dateFormat: string) => {
    await x.set({ dateFormat });
    const { headers } = await x.call({ path: "/2/users/me", oauth: { oauth_timestamp: String(now / 1000) } });
    return { date: headers.date, age: headers.age };
  };
  t.same(await date("GMT"), { date: "Tue, 24 Nov 2026 12:00:00 GMT", age: undefined });
  t.same(await date("UTC"), { date: "Tue, 24 Nov 2026 12:00:00 UTC", age: undefined });
  t.same(await date("missing"), { date: undefined, age: undefined });
  t.same(await date("cached"), { date: "Tue, 24 Nov 2026 11:00:00 GMT", age: "3600" });
});

t.test("the record of requests holds the last thousand and no secret", async (t) => {
  const x = await startSandbox({ limits: { me: 5000 } });
  t.teardown(x.close);
  for (let i = 0; i < 1001; i += 1) await x.call({ path: "/2/users/me" });
  await x.post("last");
  const answer = await x.control("GET", "/requests");
  t.equal(answer.body.length, 1000);
  t.match(answer.body.at(-1), { method: "POST", path: "/2/tweets", status: 201, accountName: "ITSM_Notify", oauthTimestamp: Number });
  t.notMatch(answer.text, /sandbox-access-token|secret|signature|nonce/);
  t.equal(x.lines.at(-1), "POST /2/tweets 201 ITSM_Notify");
});

t.test("reset forgets posts, faults, limits and settings, and keeps accounts and tokens", async (t) => {
  const x = await startSandbox({ limits: { postsPerUser: 1 } });
  t.teardown(x.close);
  await x.post("a");
  await x.fault({ status: 500 }, { times: 0 });
  await x.set({ errorStyle: "v1", limits: { postsPerUser: 7 } });
  await x.control("POST", "/accounts/ITSM_Notify/lock");
  await x.control("POST", "/reset");
  t.same(await x.posts(), []);
  t.match((await x.control("GET", "/settings")).body, { errorStyle: "v2", limits: { postsPerUser: 1 } });
  t.equal((await x.post("a")).status, 201);
});

t.test("an account of the same name gets one more token", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const { body } = await x.control("POST", "/accounts", { name: "itsm_notify", token: "t2", tokenSecret: "s2" });
  t.match(body, { id: "1500000000000000001", token: "t2", tokenSecret: "s2" });
  t.equal((await x.post("a")).status, 201);
  t.equal((await x.post("b", { token: { key: "t2", secret: "s2" } })).status, 201);
  t.match(await x.control("POST", "/accounts", { name: "no such name" }), { status: 400, body: { error: /pattern/ } });
  t.equal((await x.control("POST", "/accounts/nobody/lock")).status, 404);
  t.equal((await x.control("POST", "/accounts/ITSM_Notify/constructor")).status, 404);
});

t.test("an address that X does not have is X's 404, any other a page", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.match(await send(`${x.url}/2/nothing`, "GET", {}), { status: 404, body: { title: "Not Found Error" } });
  t.match(await send(`${x.url}/nothing`, "GET", {}), { status: 404, headers: { "content-type": /html/ } });
});

t.test("nothing in a post reaches the page as HTML", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const { id } = (await x.post(`<img src=x onerror=alert(1)> "' & http://example.com/"><script>`)).body.data;
  for (const path of ["/", `/ITSM_Notify/status/${id}`]) {
    const { text, headers } = await send(x.url + path, "GET", {});
    t.match(text, "&lt;img src=x onerror=alert(1)&gt; &quot;&#39; &amp; ");
    t.notMatch(text, /<img|"><script>/);
    t.match(headers["content-security-policy"], /default-src 'none'/);
  }
  t.equal((await send(`${x.url}/Other/status/${id}`, "GET", {})).status, 404);
});
