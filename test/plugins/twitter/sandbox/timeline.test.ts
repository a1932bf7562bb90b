import t from "tap";
import { ACCOUNT_ID, startSandbox } from "./client.ts";

const PATH = `/2/users/${ACCOUNT_ID}/tweets`;

t.test("the time line is newest first, above since_id, in pages", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.same((await x.call({ path: PATH })).body, { meta: { result_count: 0 } });
  const ids: string[] = [];
  for (const text of ["1", "2", "3", "4", "5", "6", "7"]) ids.push((await x.post(text)).body.data.id);
  const all = await x.call({ path: `${PATH}?max_results=5` });
  t.same(
    all.body.data.map((post: { text: string }) => post.text),
    ["7", "6", "5", "4", "3"],
  );
  t.match(all.body.meta, { result_count: 5, newest_id: ids[6], oldest_id: ids[2], next_token: String });
  const rest = await x.call({ path: `${PATH}?max_results=5&pagination_token=${all.body.meta.next_token}` });
  t.same(
    rest.body.data.map((post: { id: string }) => post.id),
    [ids[1], ids[0]],
  );
  const since = await x.call({ path: `${PATH}?since_id=${ids[4]}` });
  t.same(
    since.body.data.map((post: { id: string }) => post.id),
    [ids[6], ids[5]],
  );
});

t.test("texts are escaped, links are t.co with their entities, counted in code points", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const text = "🚨 a<b & c>d https://status.example.com/incident/4711?a=1&b=2 or example.com";
  const posted = await x.post(text);
  const { body } = await x.call({ path: `${PATH}?tweet.fields=entities,created_at` });
  const [post] = body.data;
  t.match(post.text, /^🚨 a&lt;b &amp; c&gt;d https:\/\/t\.co\/\w{10} or https:\/\/t\.co\/\w{10}$/);
  t.equal(posted.body.data.text, post.text);
  const [first, second] = post.entities.urls;
  t.equal([...post.text].slice(first.start, first.end).join(""), first.url);
  t.equal([...post.text].slice(second.start, second.end).join(""), second.url);
  t.match(first, { expanded_url: "https://status.example.com/incident/4711?a=1&b=2", display_url: "status.example.com/inciden…" });
  t.match(second, { expanded_url: "http://example.com", display_url: "example.com" });
  t.match(post.created_at, /Z$/);
});

t.test("fields come only when asked for, and unknown ones are refused", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  await x.post("https://example.com/a");
  t.same(Object.keys((await x.call({ path: PATH })).body.data[0]), ["id", "text", "edit_history_tweet_ids"]);
  for (const query of ["tweet.fields=colour", "max_results=4", "max_results=101", "since_id=x"]) {
    t.match(await x.call({ path: `${PATH}?${query}` }), { status: 400, body: { title: "Invalid Request" } }, query);
  }
});

t.test("deleted posts do not show", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  const { id } = (await x.post("1")).body.data;
  await x.call({ method: "DELETE", path: `/2/tweets/${id}` });
  t.same((await x.call({ path: PATH })).body.meta, { result_count: 0 });
});

t.test("a lag hides a post until it has passed", async (t) => {
  let now = Date.now();
  const x = await startSandbox({ now: () => now, timeline: { lagSeconds: 20 } });
  t.teardown(x.close);
  await x.post("1");
  const count = async () => (await x.call({ path: PATH })).body.meta.result_count;
  t.equal(await count(), 0);
  now += 20_000;
  t.equal(await count(), 1);
});

t.test("a time line that the access tier lacks is client-forbidden", async (t) => {
  const x = await startSandbox({ timeline: { readable: false } });
  t.teardown(x.close);
  t.match(await x.call({ path: PATH }), {
    status: 403,
    body: { title: "Client Forbidden", reason: "client-not-enrolled", type: /client-forbidden$/ },
  });
});

t.test("a protected account's time line is for itself, an open one's for all", async (t) => {
  const x = await startSandbox({ accounts: [{ name: "B", token: "b", tokenSecret: "bs" }] });
  t.teardown(x.close);
  await x.post("1");
  const token = { key: "b", secret: "bs" };
  t.match((await x.call({ path: PATH, token })).body, { errors: [{ type: /not-authorized-for-resource$/ }] });
  await x.set({ protected: { ITSM_Notify: false } });
  t.equal((await x.call({ path: PATH, token })).body.data.length, 1);
  t.match((await x.call({ path: "/2/users/42/tweets" })).body, { errors: [{ type: /resource-not-found$/ }] });
});
