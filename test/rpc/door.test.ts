import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import t from "tap";
import { Client } from "undici";
import { openDoor } from "../../src/rpc/door.ts";
import { ADMIN, basic, request, testDoor } from "./test-door.ts";
import { testHost } from "./test-host.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** Sends bytes as they are, and answers all that comes back until the other side ends. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(text);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}

t.test("a call is answered with 200, as JSON that nobody keeps", async (t) => {
  const { post } = await testDoor(t);
  const response = await post(request("notify", { text: "E-mail is down" }));
  t.equal(response.status, 200);
  t.equal(response.headers.get("content-type"), "application/json; charset=utf-8");
  t.equal(response.headers.get("cache-control"), "no-store");
  t.equal(response.headers.get("x-content-type-options"), "nosniff");
  t.match(await response.json(), { id: 1, result: { deliveries: [{ text: "E-mail is down" }] } });
});

t.test("an error of a call is 200 too, and only notifications are 204 without a body", async (t) => {
  const { post } = await testDoor(t);
  t.equal((await post(request("nothing"))).status, 200);
  t.equal((await post("{")).status, 200);
  t.equal((await post("")).status, 200);
  const response = await post(JSON.stringify([{ jsonrpc: "2.0", method: "lanes.list" }]));
  t.equal(response.status, 204);
  t.equal(await response.text(), "");
});

t.test("missing and wrong credentials are 401 with a challenge and 8761, before the body is looked at", async (t) => {
  const { post } = await testDoor(t);
  const basicOnly = 'Basic realm="perch", charset="UTF-8"';
  const cases: [headers: Record<string, string>, challenge: string | RegExp][] = [
    [JSON_TYPE, `${basicOnly}, Bearer realm="perch"`],
    [{ ...JSON_TYPE, authorization: basic("admin", "wrong") }, basicOnly],
    [{ authorization: "Bearer x" }, /^Bearer realm="perch", error="invalid_token", error_description="[^"]+"$/],
  ];
  for (const [headers, challenge] of cases) {
    const response = await post("no JSON", headers);
    t.equal(response.status, 401);
    t.match(response.headers.get("www-authenticate"), challenge);
    const body = await response.json();
    t.match(body, {
      jsonrpc: "2.0",
      id: null,
      error: {
        code: 8761,
        message: /\(ARERR 8761\)$/,
        data: { reason: "bad-password", statusList: [{ messageType: "ERROR", messageNum: 8761 }] },
      },
    });
  }
});

t.test("guessing is answered 429 with the time to wait, and 8761 still", async (t) => {
  const { post } = await testDoor(t);
  for (let n = 0; n < 5; n += 1) t.equal((await post("{}", { ...JSON_TYPE, authorization: basic("ops", `wrong ${n}`) })).status, 401);
  const response = await post("{}", { ...JSON_TYPE, authorization: basic("ops", "o-pass") });
  t.equal(response.status, 429);
  t.match(response.headers.get("retry-after"), /^[1-9]\d*$/);
  t.match(await response.json(), { error: { code: 8761 } });
  t.equal((await post(request("lanes.list"))).status, 200, "the others are let in");
});

t.test("each client has its role", async (t) => {
  const { post } = await testDoor(t);
  const ask = async (name: string, password: string, method: string) => {
    const response = await post(request(method), { ...JSON_TYPE, authorization: basic(name, password) });
    const answer: { error?: { data: { reason: string } } } = JSON.parse(await response.text());
    return answer.error?.data.reason;
  };
  t.equal(await ask("ar-server", "w-pass", "lanes.list"), "not-allowed");
  t.equal(await ask("ops", "o-pass", "lanes.list"), undefined);
  t.equal(await ask("ops", "o-pass", "server.reload"), "not-allowed");
  t.equal(await ask("admin", "a-pass", "server.reload"), undefined);
});

t.test("forget makes a changed password count at once", async (t) => {
  let password = "old";
  const { door, post } = await testDoor(t, { clients: () => [{ name: "ops", role: "operator", password }] });
  const ask = async (offered: string) => (await post(request("lanes.list"), { ...JSON_TYPE, authorization: basic("ops", offered) })).status;
  t.equal(await ask("old"), 200);
  password = "new";
  door.forget(["ops"]);
  t.equal(await ask("old"), 401);
  t.equal(await ask("new"), 200);
});

t.test("only application/json in UTF-8 is taken, and the answer says so", async (t) => {
  const { post } = await testDoor(t);
  const refused = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json-rpc",
    "application/json; charset=iso-8859-1",
    "nonsense",
    "multipart/form-data; boundary=x",
  ];
  for (const type of refused) {
    const response = await post(request("lanes.list"), { ...ADMIN, "content-type": type });
    t.equal(response.status, 415, type);
    t.match(await response.json(), { error: { code: -32600, message: /Content-Type must be application\/json/ } });
  }
  for (const type of ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"']) {
    t.equal((await post(request("lanes.list"), { ...ADMIN, "content-type": type })).status, 200, type);
  }
  t.equal((await post(Buffer.from(request("lanes.list")), { authorization: ADMIN.authorization })).status, 415, "no type at all");
  t.equal((await post(request("lanes.list"), { ...ADMIN, "content-encoding": "gzip" })).status, 415);
});

t.test("a long text and a long body get an answer, not a reset", async (t) => {
  const { post, door } = await testDoor(t);
  const mebibyte = await post(request("notify", { text: "x".repeat(1024 * 1024) }));
  t.match(await mebibyte.json(), { error: { code: -32602, message: /\/text must NOT have more than 100000/ } });
  for (const size of [5, 20]) {
    const response = await post(request("notify", { text: "x".repeat(size * 1024 * 1024) }));
    t.equal(response.status, 413);
    t.match(await response.json(), { error: { code: -32600, message: /larger than 4194304 bytes/ } });
  }
  const stranger = await fetch(`${door.url}/rpc`, { method: "POST", headers: JSON_TYPE, body: "x".repeat(3_000_000) });
  t.equal(stranger.status, 401);
  t.equal((await post(request("lanes.list"))).status, 200);
});

t.test("a chunked body is bounded like any other", async (t) => {
  const { door } = await testDoor(t);
  const client = new Client(door.url);
  t.teardown(() => client.close());
  async function* chunks() {
    for (let n = 0; n < 100; n += 1) yield Buffer.alloc(64 * 1024, "x");
  }
  const { statusCode, body } = await client.request({ method: "POST", path: "/rpc", headers: ADMIN, body: Readable.from(chunks()) });
  t.equal(statusCode, 413);
  t.match(await body.json(), { error: { code: -32600 } });
});

t.test("whether it lives and whether it is ready is open to everybody", async (t) => {
  let ready = true;
  const { host } = testHost({ readiness: async () => ({ ready, reasons: ready ? [] : ["the store can't be written"] }) });
  const { door } = await testDoor(t, { host });
  const alive = await fetch(`${door.url}/healthz`);
  t.equal(alive.status, 200);
  t.same(await alive.json(), { status: "alive" });
  t.equal((await fetch(`${door.url}/readyz`)).status, 200);
  ready = false;
  const answer = await fetch(`${door.url}/readyz`);
  t.equal(answer.status, 503);
  t.match(await answer.json(), { reasons: ["the store can't be written"] });
});

t.test("what is not there is 404 or 405 in JSON, and says where calls go", async (t) => {
  const { door } = await testDoor(t);
  const cases: [method: string, path: string, status: number][] = [
    ["GET", "/", 404],
    ["POST", "/", 404],
    ["GET", "/rpc/../etc/passwd", 404],
    ["GET", "/rpc", 405],
    ["DELETE", "/rpc?x=1", 405],
    ["OPTIONS", "/rpc", 405],
    ["POST", "/healthz", 405],
    ["PROPFIND", "/rpc", 405],
    ["GET", "/%zz", 400],
    ["GET", `/${"x".repeat(5_000)}`, 404],
  ];
  for (const [method, path, status] of cases) {
    const response = await fetch(door.url + path, { method });
    t.equal(response.status, status, `${method} ${path.slice(0, 30)}`);
    t.match(response.headers.get("content-type"), /^application\/json/);
    t.match(await response.json(), { jsonrpc: "2.0", id: null, error: { code: -32600 } });
    t.equal(response.headers.get("cache-control"), "no-store");
    if (status === 405) t.match(response.headers.get("allow"), path.startsWith("/rpc") ? /^POST$/ : /^GET, HEAD$/);
  }
  const hint = await fetch(`${door.url}/jsonrpc`, {
    method: "POST",
    body: "a=b",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  t.equal(hint.status, 404);
  t.match(await hint.json(), { error: { message: /POST \/rpc/ } });
});

t.test("no page of another origin is told that it may read or send", async (t) => {
  const { post } = await testDoor(t);
  const response = await post(request("lanes.list"), { ...ADMIN, origin: "https://evil.example" });
  t.equal(response.headers.get("access-control-allow-origin"), null);
});

t.test("what is not HTTP, or could be read in two ways, is cut off with 400", async (t) => {
  const { door } = await testDoor(t);
  const cases = [
    "nonsense\r\n\r\n",
    "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n",
  ];
  for (const text of cases) {
    const answer = await raw(door.port, text);
    t.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, JSON.stringify(text.slice(0, 40)));
    t.notMatch(answer, /alive/);
    const body = answer.slice(answer.indexOf("\r\n\r\n") + 4);
    t.match(JSON.parse(body), { jsonrpc: "2.0", error: { code: -32600 } });
  }
  t.match(await raw(door.port, `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
});

t.test("a bug outside of a call is 500 with a reference, and logged", async (t) => {
  const { host } = testHost({ readiness: () => Promise.reject(new Error("s3cr3t")) });
  const { door, logged } = await testDoor(t, { host });
  const response = await fetch(`${door.url}/readyz?key=s3cr3t`);
  t.equal(response.status, 500);
  const text = await response.text();
  t.notMatch(text, /s3cr3t/);
  t.match(JSON.parse(text), { error: { code: -32603, message: /reference [0-9a-f]{8}/ } });
  t.match(logged, [{ level: "error", fields: { path: "/readyz" } }]);
});

t.test("over the Unix socket there is no password, and the caller is the local admin", async (t) => {
  const { host, calls } = testHost();
  const { door } = await testDoor(t, { host });
  const client = new Client("http://localhost", { socketPath: door.socket ?? "" });
  t.teardown(() => client.close());
  const ask = (body: string) => client.request({ method: "POST", path: "/rpc", headers: JSON_TYPE, body });
  t.match(await (await ask(request("notify", { text: "x" }))).body.json(), { result: { deliveries: [] } });
  t.match(await (await ask(request("server.reload"))).body.json(), { result: { changed: [] } });
  t.same(calls[0]?.caller, { name: "local", role: "admin" });
  const health = await client.request({ method: "GET", path: "/healthz" });
  t.same(await health.body.json(), { status: "alive" });
  t.equal(lstatSync(door.socket ?? "").mode & 0o777, 0o600);
});

t.test("the TCP port of the same door still asks for a password", async (t) => {
  const { door, post } = await testDoor(t);
  t.ok(door.socket);
  t.equal((await post(request("lanes.list"), JSON_TYPE)).status, 401);
});

t.test("close() lets what is in flight end, on both ways in, and leaves nothing behind", async (t) => {
  const { host, calls, release } = testHost();
  // Longer than the test may take: only what ended by itself is passed over.
  const { door, post } = await testDoor(t, { host, stopTimeoutMs: () => 3_600_000 });
  const ahead = connect(door.port, "127.0.0.1");
  const aheadClosed = once(ahead, "close");
  await once(ahead, "connect");
  const client = new Client("http://localhost", { socketPath: door.socket ?? "" });
  t.teardown(() => client.close());
  const overTcp = post(request("notify", { text: "hang" }));
  const overSocket = client.request({ method: "POST", path: "/rpc", headers: JSON_TYPE, body: request("notify", { text: "hang" }) });
  while (calls.length < 2) await new Promise(setImmediate);
  const closed = door.close();
  release();
  t.match(await (await overTcp).json(), { result: { deliveries: [{ text: "hang" }] } });
  t.match(await (await overSocket).body.json(), { result: { deliveries: [{ text: "hang" }] } });
  await closed;
  await aheadClosed;
  await t.rejects(fetch(`${door.url}/healthz`));
  t.notOk(existsSync(door.socket ?? ""));
});

t.test("close() cuts off what does not end in time", async (t) => {
  const { host, calls } = testHost();
  const { door, post } = await testDoor(t, { host, stopTimeoutMs: () => 1 });
  const hanging = post(request("notify", { text: "hang" }));
  const lost = t.rejects(hanging);
  while (calls.length < 1) await new Promise(setImmediate);
  await door.close();
  await lost;
});

t.test("a caller who hangs up leaves no error, and nothing that close() waits for", async (t) => {
  const { host, calls } = testHost();
  const { door, post, logged } = await testDoor(t, { host, stopTimeoutMs: () => 3_600_000 });
  const cut = new AbortController();
  const gone = t.rejects(
    fetch(`${door.url}/rpc`, { method: "POST", headers: ADMIN, body: request("notify", { text: "hang" }), signal: cut.signal }),
  );
  while (calls.length < 1) await new Promise(setImmediate);
  cut.abort();
  await gone;
  t.equal((await post(request("lanes.list"))).status, 200);
  await door.close();
  t.same(logged, []);
});

t.test("an address that can't be used is refused with what to change, and nothing stays open", async (t) => {
  const { door } = await testDoor(t);
  const options = {
    host: testHost().host,
    clients: () => [],
    verify: async () => false,
    tokenKeys: () => [],
    wall: Date.now,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  };
  const taken = openDoor({ ...options, listen: { host: "127.0.0.1", port: door.port } });
  await t.rejects(taken, {
    message: `127.0.0.1:${door.port}: another program uses that port; stop it or change server.port`,
  });
  const socketTaken = openDoor({ ...options, listen: { host: "127.0.0.1", port: 0, socket: door.socket ?? "" } });
  await t.rejects(socketTaken, { message: /another host uses/ });
});

t.test("further routes share the door", async (t) => {
  const { door } = await testDoor(t, {
    addRoutes: (app) => void app.get("/", async (_request, reply) => reply.type("text/html").send("<p>console</p>")),
  });
  t.equal(await (await fetch(door.url)).text(), "<p>console</p>");
});

t.test("with TLS the door speaks https, 1.2 at least", async (t) => {
  const dir = t.testdir();
  const files = ["-keyout", join(dir, "key.pem"), "-out", join(dir, "cert.pem")];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      ...files,
    ],
    { stdio: "ignore" },
  );
  const cert = readFileSync(join(dir, "cert.pem"), "utf8");
  const key = readFileSync(join(dir, "key.pem"), "utf8");
  const { door } = await testDoor(t, { listen: { host: "127.0.0.1", port: 0, tls: { cert, key } } });
  t.match(door.url, /^https:/);
  const client = new Client(door.url, { connect: { ca: cert } });
  const { statusCode, headers } = await client.request({ method: "POST", path: "/rpc", headers: ADMIN, body: request("lanes.list") });
  t.equal(statusCode, 200);
  t.match(headers["strict-transport-security"], /max-age/);
  await client.close();
  const old = new Client(door.url, { connect: { ca: cert, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } });
  await t.rejects(old.request({ method: "GET", path: "/healthz" }));
  await old.close();
  const { door: strict } = await testDoor(t, { listen: { host: "127.0.0.1", port: 0, tls: { cert, key, ca: cert } } });
  const stranger = new Client(strict.url, { connect: { ca: cert } });
  await t.rejects(stranger.request({ method: "GET", path: "/healthz" }), "with a CA, a client without a certificate is refused");
  await stranger.close();
  const known = new Client(strict.url, { connect: { ca: cert, cert, key } });
  t.equal((await known.request({ method: "GET", path: "/healthz" })).statusCode, 200);
  await known.close();
});
