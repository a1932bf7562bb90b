import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { startSandbox } from "./client.ts";

t.test("faults that answer", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.beforeEach(() => x.control("POST", "/reset"));

  t.test("a status with body and headers is answered once, and nothing is posted", async (t) => {
    await x.fault({ status: 502, body: { oops: 1 }, headers: { "retry-after": "7" } });
    t.match(await x.post("a"), { status: 502, body: { oops: 1 }, headers: { "retry-after": "7" } });
    t.same(await x.posts(), []);
    t.equal((await x.post("a")).status, 201);
  });

  t.test("X's bodies can be had by name, by code, and in either form", async (t) => {
    await x.fault({ named: "over-capacity" });
    await x.fault({ named: "135", style: "v1" });
    await x.fault({ named: "credits-depleted" });
    await x.fault({ named: "daily-limit" });
    t.match(await x.post("a"), { status: 503, body: { title: "Service Unavailable" } });
    t.match(await x.post("a"), { status: 401, body: { errors: [{ code: 135 }] } });
    t.match(await x.post("a"), { status: 402, body: { title: "CreditsDepleted" } });
    t.match(await x.post("a"), { status: 403, body: { errors: [{ code: 185 }] } });
    t.match(await x.control("POST", "/faults", { fault: { named: "no-such" } }), {
      status: 400,
      body: { error: /No body is called no-such; there are unauthorized,/ },
    });
  });

  t.test("a 500 that was carried out all the same leaves a post", async (t) => {
    await x.fault({ status: 500, accept: true });
    t.equal((await x.post("a")).status, 500);
    t.match(await x.posts(), [{ text: "a" }]);
  });

  t.test("match, after, times and for ever say which requests it meets", async (t) => {
    await x.control("POST", "/accounts", { name: "B", token: "b", tokenSecret: "bs" });
    const b = { token: { key: "b", secret: "bs" } };
    await x.control("POST", "/faults", {
      match: { method: "post", path: "/2/tweets", accountName: "b" },
      after: 1,
      times: 2,
      fault: { status: 500 },
    });
    t.equal((await x.post("1")).status, 201);
    t.equal((await x.call({ path: "/2/users/me", ...b })).status, 200);
    const seen: number[] = [];
    for (const text of ["2", "3", "4", "5"]) seen.push((await x.post(text, b)).status);
    t.same(seen, [201, 500, 500, 201]);
    await x.fault({ status: 500 }, { times: 0 });
    t.match((await x.control("GET", "/faults")).body, [{ left: null }]);
    t.same([(await x.post("6")).status, (await x.post("6")).status], [500, 500]);
    t.same((await x.control("DELETE", "/faults")).body, { forgotten: 2 });
    t.equal((await x.post("6")).status, 201);
  });

  t.test("a redirect, another content type, a wrong Date", async (t) => {
    await x.fault({ redirect: "http://127.0.0.1:1/" });
    t.match(await x.post("a"), { status: 307, headers: { location: "http://127.0.0.1:1/" } });
    await x.fault({ contentType: "text/html" });
    t.match(await x.post("a"), { status: 201, headers: { "content-type": "text/html" }, body: { data: { text: "a" } } });
    await x.fault({ skewDateSeconds: -3600 });
    const skewed = Date.parse(String((await x.post("b")).headers.date));
    t.ok(Math.abs(Date.now() - 3_600_000 - skewed) < 60_000);
  });

  t.test("garbage and huge bodies come after the post was accepted", async (t) => {
    await x.fault({ garbage: true });
    const garbage = await x.post("a");
    t.equal(garbage.status, 201);
    t.throws(() => JSON.parse(garbage.text));
    await x.fault({ huge: true });
    t.ok((await x.post("b")).text.length > 16 * 1024 * 1024);
    t.match(await x.posts(), [{ text: "a" }, { text: "b" }]);
  });

  t.test("a delay is a delay and then all is well; slow bytes all arrive", async (t) => {
    await x.fault({ delayMs: 60 });
    const before = performance.now();
    t.equal((await x.post("a")).status, 201);
    t.ok(performance.now() - before >= 55);
    await x.fault({ slowBytesMs: 0 });
    t.equal((await x.post("b")).body.data.text, "b");
  });
});

t.test("faults that cut the connection", async (t) => {
  const x = await startSandbox();
  t.teardown(x.close);
  t.beforeEach(() => x.control("POST", "/reset"));
  const cases = [
    { fault: { reset: "before" }, accepted: false, status: null },
    { fault: { reset: "during" }, accepted: true, status: 201 },
    { fault: { reset: "during", accept: false }, accepted: false, status: 503 },
    { fault: { reset: "after" }, accepted: true, status: null },
    { fault: { truncate: true }, accepted: true, status: 201 },
    { fault: { drop: true }, accepted: true, status: null },
    { fault: { drop: true, accept: false }, accepted: false, status: null },
  ];
  for (const { fault, accepted, status } of cases) {
    t.test(`${JSON.stringify(fault)} fails at the client, and the post is ${accepted ? "" : "not "}accepted`, async (t) => {
      await x.fault(fault);
      await t.rejects(x.post("a"));
      t.equal((await x.posts()).length, accepted ? 1 : 0);
      t.match((await x.control("GET", "/requests")).body, [
        { method: "POST", path: "/2/tweets", status, accountName: "ITSM_Notify", faultId: /^fault-/ },
      ]);
      t.equal((await x.post("b")).status, 201);
    });
  }
  for (const accept of [true, false]) {
    t.test(`a request that hangs with accept ${accept} is never answered`, async (t) => {
      await x.fault({ hang: true, accept });
      const stop = new AbortController();
      const hung = x.post("a", { signal: stop.signal });
      while ((await x.control("GET", "/requests")).body.length === 0) await sleep(1);
      while (x.lines.length === 0) await sleep(1);
      stop.abort();
      await t.rejects(hung, { name: "AbortError" });
      t.equal((await x.posts()).length, accept ? 1 : 0);
    });
  }
});

t.test("a sandbox with a hung request closes at once", async (t) => {
  const x = await startSandbox();
  await x.fault({ hang: true });
  const hung = t.rejects(x.post("a"));
  while (x.lines.length === 0) await sleep(1);
  await x.close();
  await hung;
});
