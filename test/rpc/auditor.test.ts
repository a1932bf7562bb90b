/**
 * What an auditor would try on the endpoint, a row for each: what is sent, byte by byte, and what must come back.
 * `door.test.ts` has both lengths at once, two lengths, a bare CR and headers that are too long; `server.test.ts` has who dawdles.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { Client } from "undici";
import { ADMIN, basic, request, testDoor } from "./test-door.ts";
import { testHost } from "./test-host.ts";

const AUTH = `Authorization: ${ADMIN.authorization}\r\nContent-Type: application/json\r\n`;
const CALL = request("lanes.list");

/** Sends bytes as they are and closes its side; answers all that comes back. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  socket.end(Buffer.from(text, "latin1"));
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}

const post = (body: string, headers = AUTH) =>
  `POST /rpc HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
const get = (target: string, headers = "") => `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`;
const chunked = (framing: string) => `POST /rpc HTTP/1.1\r\nHost: x\r\n${AUTH}${framing}`;
const NEXT = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

const BAD = /^HTTP\/1\.1 400 Bad Request\r\n/;
/** A request must not be read in two ways (RFC 9112, sections 6 and 11.2). */
const SMUGGLING: readonly (readonly [string, string])[] = [
  ["a coding that only looks like chunked", chunked(`Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${NEXT}`)],
  ["chunked that is not the last coding", chunked(`Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${NEXT}`)],
  ["a blank before the colon", chunked(`Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${NEXT}`)],
  ["both, the coding first", chunked(`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${NEXT}`)],
  ["the same length twice in one field", chunked(`Content-Length: 5, 5\r\n\r\nhello${NEXT}`)],
  ["a length with a sign", chunked(`Content-Length: +5\r\n\r\nhello${NEXT}`)],
  ["a negative length", chunked(`Content-Length: -1\r\n\r\n${NEXT}`)],
  ["a length in hexadecimal", chunked(`Content-Length: 0x5\r\n\r\nhello${NEXT}`)],
  ["a length that overflows", chunked(`Content-Length: 18446744073709551621\r\n\r\nhello${NEXT}`)],
  ["a chunk that is longer than it says", chunked(`Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n${NEXT}`)],
  ["a chunk size that is none", chunked(`Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n${NEXT}`)],
  ["a bare LF after a chunk size", chunked(`Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n${NEXT}`)],
  ["a header that is folded", `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\r\nTransfer-Encoding\r\n : chunked\r\n\r\n${NEXT}`],
  ["NUL in a header", `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n${NEXT}`],
  ["a blank before the first header", `GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n${NEXT}`],
  ["a CR LF in the target", `GET /healthz\r\nX: y HTTP/1.1\r\nHost: x\r\n\r\n${NEXT}`],
  ["no Host", "GET /healthz HTTP/1.1\r\n\r\n"],
  ["HTTP of another version", "GET /healthz HTTP/3.7\r\nHost: x\r\n\r\n"],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a TLS greeting on a plain port", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"],
];

t.test("what could be read in two ways is cut off, and nothing after it is read at all", async (t) => {
  const { host, calls } = testHost();
  const { door, logged } = await testDoor(t, { host });
  for (const [title, text] of SMUGGLING) {
    const answer = await raw(door.port, text);
    t.match(answer, BAD, title);
    t.equal(answer.split("HTTP/1.1 ").length, 2, `${title}: one answer`);
    t.notMatch(answer, "alive", title);
  }
  t.strictSame(calls, []);
  t.strictSame(logged, []);
  t.match(await raw(door.port, get("/healthz")), /alive/, "the door still answers");
});

/** The start of the status line, or of the JSON of the answer. */
const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ["out of the folder", get("/../../../etc/passwd"), /^HTTP\/1\.1 404 /],
  ["out of the folder, encoded", get("/%2e%2e/%2e%2e/etc/passwd"), /^HTTP\/1\.1 404 /],
  ["out of the folder, twice encoded", get("/%252e%252e/etc/passwd"), /^HTTP\/1\.1 404 /],
  ["out of the folder, with backslashes", get("/..%5c..%5cetc%5cpasswd"), /^HTTP\/1\.1 404 /],
  ["NUL in the path", get("/healthz%00.html"), /^HTTP\/1\.1 404 /],
  ["bytes that are no UTF-8 in the path", get("/%ff%fe"), /^HTTP\/1\.1 400 /],
  ["the source of the host", get("/src/main.ts"), /^HTTP\/1\.1 404 /],
  ["the files with the secrets", get("/config/credentials.yaml"), /^HTTP\/1\.1 404 /],
  ["another host's address (a proxy's form)", get("http://evil.example/"), /^HTTP\/1\.1 404 /],
  ["an address that a browser would follow elsewhere", get("//evil.example/%2f.."), /^HTTP\/1\.1 404 /],
  ["a tunnel", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n", /^(HTTP\/1\.1 4|$)/],
  ["TRACE", "TRACE /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 40[45] /],
  ["a method by header", get("/rpc", "X-HTTP-Method-Override: POST\r\n"), /^HTTP\/1\.1 405 /],
  ["a call in the query", get(`/rpc?method=lanes.list&callback=alert`, AUTH), /^HTTP\/1\.1 405 /],
  [
    "another origin's preflight",
    `OPTIONS /rpc HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n`,
    /^HTTP\/1\.1 40[45] (?![\s\S]*access-control-allow)/i,
  ],
  ["a form of another page", post("a=b", `Authorization: ${ADMIN.authorization}\r\nContent-Type: text/plain\r\n`), /^HTTP\/1\.1 415 /],
  ["a compressed body", post("x", `${AUTH}Content-Encoding: gzip\r\n`), /^HTTP\/1\.1 415 /],
  ["credentials in the address", get("/rpc?access_token=a-pass"), /^HTTP\/1\.1 405 (?![\s\S]*a-pass)/],
  ["two pairs of credentials", post(CALL, `Authorization: ${basic("admin", "x")}\r\n${AUTH}`), /^HTTP\/1\.1 401 /],
  ["an empty password", post(CALL, `Authorization: ${basic("admin", "")}\r\nContent-Type: application/json\r\n`), /^HTTP\/1\.1 401 /],
  [
    "a name that every object has",
    post(CALL, `Authorization: ${basic("__proto__", "x")}\r\nContent-Type: application/json\r\n`),
    /^HTTP\/1\.1 401 /,
  ],
  ["a million levels", post("[".repeat(1_000_000) + "]".repeat(1_000_000)), /^HTTP\/1\.1 200 [\s\S]*"code":-32600/],
  [
    "params of a thousand levels",
    post(request("notify", { text: "T" }).replace('"T"', `${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}`)),
    /nested deeper than 16/,
  ],
  [
    "a prototype in the params",
    post('{"jsonrpc":"2.0","id":1,"method":"lanes.list","params":{"__proto__":{"role":"admin"}}}'),
    /__proto__ is not allowed as a name/,
  ],
  [
    "a prototype in the request",
    post('{"jsonrpc":"2.0","id":1,"method":"lanes.list","__proto__":{"role":"admin"}}'),
    /__proto__ is not allowed as a name/,
  ],
  [
    "a constructor, deeper",
    post(request("filterApiCall", { plugin: "x", inValues: [{ constructor: { prototype: 1 } }] })),
    /constructor is not allowed as a name/,
  ],
  ["a method that every object has", post(request("constructor")), /"code":-32601/],
  ["a method that every object has, by another name", post(request("__proto__")), /"code":-32601/],
  ["a batch over the bound", post(`[${Array(1_001).fill(CALL).join(",")}]`), /at most 1000 requests/],
  ["a batch in a batch", post(`[[${CALL}]]`), /"code":-32600/],
  ["a number that JavaScript can't keep as an id", post('{"jsonrpc":"2.0","id":1e999,"method":"lanes.list"}'), /"code":-32600/],
];

t.test("whatever else an auditor sends is refused, and the host is not asked", async (t) => {
  const { host, calls } = testHost();
  const { door, logged } = await testDoor(t, { host });
  for (const [title, text, expected] of REFUSED) {
    const answer = await raw(door.port, text);
    t.match(answer, expected, title);
    t.notMatch(answer, /root:|consumerSecret|node_modules|at .*\.ts:\d/, `${title}: nothing of the machine`);
  }
  t.strictSame(calls, []);
  t.strictSame(logged, []);
  t.equal(Object.hasOwn(Object.prototype, "role"), false);
  t.match(await raw(door.port, post(CALL)), /"result"/, "and a right call is answered");
});

t.test("nothing that a caller sends becomes a header of the answer", async (t) => {
  const { door } = await testDoor(t);
  const evil = "a\r\nSet-Cookie: stolen=1\r\n\r\n<script>";
  for (const text of [post(request(evil, {}, evil)), get(`/${encodeURIComponent(evil)}?${encodeURIComponent(evil)}`)]) {
    const [head = ""] = (await raw(door.port, text)).split("\r\n\r\n");
    t.notMatch(head, /set-cookie/i);
    t.match(head, /content-type: application\/json/i, "so no browser runs it");
    t.match(head, /x-content-type-options: nosniff/i);
  }
});

t.test("every answer carries the headers that keep a browser from doing anything with it", async (t) => {
  const { door } = await testDoor(t);
  for (const text of [get("/healthz"), get("/readyz"), get("/nothing"), post(CALL), post("{", ""), get("/%ff")]) {
    const [head = ""] = (await raw(door.port, text)).split("\r\n\r\n");
    for (const header of [
      /cache-control: no-store/i,
      /x-content-type-options: nosniff/i,
      /content-security-policy: default-src 'none';frame-ancestors 'none'/i,
    ])
      t.match(head, header, text.slice(0, 20));
    t.notMatch(head, /strict-transport-security|x-powered-by|^server:/im, text.slice(0, 20));
  }
  const [head = ""] = (await raw(door.port, get("/healthz"))).split("\r\n\r\n");
  t.match(head, /referrer-policy: no-referrer/i);
  t.match(head, /x-frame-options: DENY/i);
});

t.test("routes without a password tell whether it lives and is ready, and what there is to call", async (t) => {
  const { door } = await testDoor(t);
  const open: string[] = [];
  for (const path of [
    "/healthz",
    "/readyz",
    "/rpc",
    "/metrics",
    "/notify",
    "/deliveries/1",
    "/soap",
    "/oauth2/token",
    "/openapi.json",
    "/server",
    "/admin",
  ])
    for (const method of ["GET", "POST"])
      if ((await fetch(door.url + path, { method, redirect: "manual" })).status < 400) open.push(`${method} ${path}`);
  t.strictSame(open, ["GET /healthz", "GET /readyz", "GET /openapi.json"]);
});

const guess = (url: string, name: string, password: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/rpc`, { method: "POST", body: "{}", headers: { ...ADMIN, authorization: basic(name, password), ...headers } });

t.test("guessing ends in a lock-out that is logged, counted and on record once", async (t) => {
  const { host, acts } = testHost();
  const { door, logged } = await testDoor(t, { host });
  for (let n = 0; n < 20; n += 1) await guess(door.url, "admin", `guess ${n}`);
  t.same(door.counters(), { missing: 0, wrong: 5, throttled: 15, lockOuts: 1 });
  t.match(logged, [
    { level: "warn", fields: { client: "admin", address: "127.0.0.1" }, sentence: "log-in locked out after wrong passwords" },
  ]);
  t.match(acts, [{ act: { method: "login", caller: { name: "admin", address: "127.0.0.1" } }, fault: { reason: "bad-password" } }]);
  t.notMatch(JSON.stringify([logged, acts]), "guess");
  door.forget(["admin"]);
  for (let n = 0; n < 4; n += 1) await guess(door.url, "ops", "guess");
  t.equal((await guess(door.url, "ops", "o-pass")).status, 200, "who mistypes four times is no guesser");
  t.equal(door.counters().lockOuts, 1);
});

t.test("a name of any length or kind is logged short and whole", async (t) => {
  const { door, logged } = await testDoor(t);
  const name = `${"x".repeat(254)}🚧${"y".repeat(4_000)}\n{"level":"fatal"}`;
  for (let n = 0; n < 5; n += 1) await guess(door.url, name, "x");
  const client = String(logged[0]?.fields.client);
  t.equal(logged.length, 1);
  t.ok(client.length <= 255 && client.isWellFormed());
});

t.test("X-Forwarded-For of somebody who is no proxy is ignored", async (t) => {
  const { door, logged } = await testDoor(t);
  for (let n = 0; n < 6; n += 1)
    await guess(door.url, "admin", `${n}`, { "x-forwarded-for": `198.51.100.${n}`, "x-real-ip": "198.51.100.1" });
  t.match(logged, [{ fields: { address: "127.0.0.1" } }]);
  t.equal(door.counters().throttled, 1, "another address in the header is no way around the lock-out");
});

t.test("behind a proxy that is trusted, each caller has an address of his own, whatever he writes himself", async (t) => {
  const { host, calls } = testHost();
  const { door, logged } = await testDoor(t, { host, trustProxy: ["127.0.0.0/8", "10.0.0.0/8"] });
  // The proxy appends whom it saw; what stands before that came from the caller.
  for (let n = 0; n < 5; n += 1) await guess(door.url, "admin", `${n}`, { "x-forwarded-for": `203.0.113.${n}, 198.51.100.7, 10.1.2.3` });
  t.match(logged, [{ fields: { address: "198.51.100.7" } }]);
  t.equal((await guess(door.url, "admin", "a-pass", { "x-forwarded-for": "198.51.100.7" })).status, 429);
  t.equal((await guess(door.url, "admin", "a-pass", { "x-forwarded-for": "198.51.100.8" })).status, 200);
  t.equal((await guess(door.url, "admin", "a-pass", { "x-forwarded-for": "no address, <script>" })).status, 200);
  const ask = (headers: Record<string, string>) =>
    fetch(`${door.url}/rpc`, { method: "POST", body: request("notify", { text: "x" }), headers: { ...ADMIN, ...headers } });
  await ask({ "x-forwarded-for": "2001:db8::7" });
  await ask({ "x-forwarded-for": "<script>" });
  t.strictSame(
    calls.map(({ caller }) => caller?.address),
    ["2001:db8::7", "127.0.0.1"],
    "what is no address is not taken for one",
  );
});

/** An authority, and what it has signed for a server and for the client `ar-server`; and a client of another authority. */
function makeCertificates(t: Test) {
  const dir = t.testdir();
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = (name: string) =>
    openssl("req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.pem`);
  const sign = (name: string, by: string) => {
    openssl(
      "req",
      ...key,
      "-subj",
      `/CN=${name}`,
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    );
    const ca = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial", "-copy_extensions", "copy"];
    openssl("x509", "-req", "-in", `${name}.csr`, ...ca, "-days", "2", "-out", `${name}.pem`);
  };
  for (const name of ["authority", "stranger"]) authority(name);
  for (const name of ["server", "ar-server"]) sign(name, "authority");
  sign("intruder", "stranger");
  return (name: string, kind: "key" | "pem") => readFileSync(join(dir, `${name}.${kind}`), "utf8");
}

t.test("with clientCaFile, only a certificate of that authority gets in, and its name is known", async (t) => {
  const file = makeCertificates(t);
  const tls = { cert: file("server", "pem"), key: file("server", "key"), ca: file("authority", "pem") };
  const { host, calls } = testHost();
  const { door } = await testDoor(t, { host, listen: { host: "127.0.0.1", port: 0, tls } });
  const ask = async (connect: object) => {
    const client = new Client(door.url, { connect: { ca: file("authority", "pem"), ...connect } });
    try {
      const answer = await client.request({ method: "POST", path: "/rpc", headers: ADMIN, body: request("notify", { text: "x" }) });
      await answer.body.dump();
      return answer;
    } finally {
      await client.destroy();
    }
  };
  await t.rejects(ask({}), "none");
  await t.rejects(ask({ cert: file("intruder", "pem"), key: file("intruder", "key") }), "of another authority");
  t.strictSame(calls, []);
  const own = { cert: file("ar-server", "pem"), key: file("ar-server", "key") };
  const answer = await ask(own);
  t.equal(answer.statusCode, 200);
  t.match(answer.headers["strict-transport-security"], /^max-age=31536000/);
  t.match(calls[0]?.caller, { name: "admin", role: "admin", address: "127.0.0.1", certificate: "ar-server" });
  const wrong = new Client(door.url, { connect: { ca: file("authority", "pem"), ...own } });
  t.teardown(() => wrong.destroy());
  const refused = await wrong.request({
    method: "POST",
    path: "/rpc",
    headers: { ...ADMIN, authorization: basic("admin", "x") },
    body: "{}",
  });
  t.equal(refused.statusCode, 401, "a certificate does not stand for a password");
  await t.rejects(ask({ ...own, maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }), "TLS 1.1");
});
