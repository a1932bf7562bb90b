import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { type ConnectionSettings, type Exchange, openConnections } from "../../../plugins/twitter/requests.ts";
import { CERTIFICATE, KEY } from "./loopback-certificate.ts";

const WALL = 1_780_000_000_000;
const DATE = "Thu, 28 May 2026 20:26:40 GMT";

async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return port;
}

async function serve(t: Test, listener: RequestListener): Promise<{ url: string; server: ReturnType<typeof createServer> }> {
  const server = createServer(listener);
  const port = await listen(t, server);
  t.teardown(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${port}`, server };
}

type Options = Partial<ConnectionSettings> & {
  signal?: AbortSignal;
  mayBegin?: () => boolean;
  path?: string;
  httpsProxy?: string;
  noProxy?: string;
};
async function post(t: Test, url: string, { signal, mayBegin, path, httpsProxy, noProxy, ...settings }: Options = {}) {
  const reports: [number, string][] = [];
  const proxy = { ...(httpsProxy !== undefined && { httpsProxy }), ...(noProxy !== undefined && { noProxy }) };
  const connections = openConnections({ apiBaseUrl: url, requestTimeoutSeconds: 5, ...settings }, proxy);
  t.teardown(() => connections.close());
  const exchange = await connections.send(
    { method: "POST", url: url + (path ?? "/2/tweets"), headers: { "content-type": "application/json" }, body: "{}", signedTimestamp: 17 },
    {
      clock: { now: () => WALL, wall: () => WALL, report: (offset, date) => reports.push([offset, date]) },
      signal: signal ?? new AbortController().signal,
      ...(mayBegin && { mayBegin }),
    },
  );
  return { exchange, reports, target: connections.target };
}
const lost = (t: Test, exchange: Exchange, sent: boolean, cause: RegExp) => t.match(exchange, { kind: "lost", sent, cause });

t.test("an answer is told whole, with the moments of the exchange, and the clock is reported", async (t) => {
  let seen = "";
  const { url } = await serve(t, (request, response) => {
    seen = `${request.method} ${request.url}`;
    response.writeHead(201, { date: DATE, "X-Rate-Limit-Remaining": "7" }).end('{"data":{"id":"1"}}');
  });
  const { exchange, reports } = await post(t, url, { path: "/2/tweets?a=b%20c" });
  t.equal(seen, "POST /2/tweets?a=b%20c");
  t.match(exchange, { kind: "answer", status: 201, body: { data: { id: "1" } }, sentAt: WALL, receivedAt: WALL, signedTimestamp: 17 });
  t.match(exchange, { headers: { "x-rate-limit-remaining": "7" } });
  t.same(reports, [[500, DATE]]);
});

t.test("nothing leaves when it may not begin any more once there is a connection", async (t) => {
  let connections = 0;
  let bytes = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    socket.on("error", () => {});
  });
  const port = await listen(t, server);
  const { exchange } = await post(t, `http://127.0.0.1:${port}`, { mayBegin: () => connections === 0 });
  lost(t, exchange, false, /aborted/);
  t.equal(connections, 1);
  t.equal(bytes, 0);
});

t.test("an answer from a cache reports no clock", async (t) => {
  const { url } = await serve(t, (_request, response) => response.writeHead(200, { date: DATE, age: "5" }).end());
  t.same((await post(t, url)).reports, []);
});

t.test("a body that is no JSON is told as text", async (t) => {
  const { url } = await serve(t, (_request, response) => response.writeHead(401).end("Failed to validate"));
  t.match((await post(t, url)).exchange, { status: 401, body: undefined, text: "Failed to validate" });
});

t.test("a redirect is an answer and is not followed", async (t) => {
  let requests = 0;
  const { url } = await serve(t, (_request, response) => {
    requests += 1;
    response.writeHead(307, { location: "/elsewhere" }).end();
  });
  t.match((await post(t, url)).exchange, { kind: "answer", status: 307 });
  t.equal(requests, 1);
});

t.test("a connection is used again for the next request", async (t) => {
  const sockets = new Set<unknown>();
  const { url } = await serve(t, (request, response) => {
    sockets.add(request.socket);
    response.end("{}");
  });
  const connections = openConnections({ apiBaseUrl: url, requestTimeoutSeconds: 5 }, {});
  const context = { clock: { now: () => WALL, wall: () => WALL, report: () => {} }, signal: new AbortController().signal };
  for (let i = 0; i < 10; i += 1) {
    t.equal((await connections.send({ method: "GET", url: `${url}/`, headers: {}, signedTimestamp: 1 }, context)).kind, "answer");
  }
  await connections.close();
  // Not always one: undici frees a connection a moment after it has told the answer's end.
  t.ok(sockets.size <= 2, `${sockets.size} connections for 10 requests`);
});

t.test("a refused port was never sent", async (t) => {
  const server = createTcpServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  lost(t, (await post(t, `http://127.0.0.1:${port}`)).exchange, false, /ECONNREFUSED/);
});

t.test("a name that does not resolve was never sent", async (t) => {
  lost(t, (await post(t, "https://no-such-host.invalid")).exchange, false, /no-such-host\.invalid/);
});

// What the server does with a request that has come whole.
const AFTER: [name: string, act: (request: IncomingMessage, response: ServerResponse) => void, cause: RegExp][] = [
  ["a reset", (request) => request.socket.resetAndDestroy(), /./],
  ["a close without an answer", (request) => request.socket.destroy(), /other side closed/],
  [
    "half an answer",
    (request, response) => {
      response.writeHead(201, { "content-length": "100" });
      response.write('{"data":', () => request.socket.destroy());
    },
    /./,
  ],
  ["garbage on the wire", (request) => request.socket.end("\u0000\u0001 this is no HTTP\r\n\r\n"), /./],
  ["an answer larger than 1 MiB", (_request, response) => response.end(Buffer.alloc(2 * 1024 * 1024, 32)), /larger than 1048576 bytes/],
];
for (const [name, act, cause] of AFTER) {
  t.test(`${name} after the request leaves it in doubt`, async (t) => {
    const { url } = await serve(t, (request, response) => request.resume().on("end", () => act(request, response)));
    lost(t, (await post(t, url)).exchange, true, cause);
  });
}

t.test("a server that never answers is given up at the time-out, in doubt", async (t) => {
  const { url } = await serve(t, () => {});
  lost(t, (await post(t, url, { requestTimeoutSeconds: 0.2 })).exchange, true, /No answer within 0\.2 s/);
});

t.test("an answer that drips is given up at the same time-out", async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(201);
    const drip = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(drip));
  });
  lost(t, (await post(t, url, { requestTimeoutSeconds: 0.3 })).exchange, true, /No answer within/);
});

t.test("an abort ends a request that is under way, in doubt, and cuts its connection", async (t) => {
  const abort = new AbortController();
  let closed: Promise<unknown> = Promise.resolve();
  const { url } = await serve(t, (request) => {
    closed = once(request.socket, "close");
    abort.abort();
  });
  lost(t, (await post(t, url, { signal: abort.signal })).exchange, true, /aborted/);
  await closed;
});

t.test("an abort beforehand sends nothing", async (t) => {
  let connected = 0;
  const { url, server } = await serve(t, () => {});
  server.on("connection", () => {
    connected += 1;
  });
  lost(t, (await post(t, url, { signal: AbortSignal.abort() })).exchange, false, /aborted/);
  t.equal(connected, 0);
});

/** A TCP server that takes connections and never says a word: TLS and tunnels hang in it. */
async function mute(t: Test): Promise<number> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => void sockets.push(socket.on("error", () => {})));
  t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
  return listen(t, server);
}

t.test("a TLS handshake that hangs was never sent", async (t) => {
  const port = await mute(t);
  lost(t, (await post(t, `https://127.0.0.1:${port}`, { requestTimeoutSeconds: 0.2 })).exchange, false, /./);
});

async function serveTls(t: Test): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  const server = createTlsServer({ cert: CERTIFICATE, key: KEY }, (_request, response) => {
    requests += 1;
    response.end("{}");
  });
  const port = await listen(t, server);
  t.teardown(() => server.closeAllConnections());
  return { url: `https://127.0.0.1:${port}`, requests: () => requests };
}

t.test("a certificate that is not trusted was never sent", async (t) => {
  const { url, requests } = await serveTls(t);
  lost(t, (await post(t, url)).exchange, false, /self-signed certificate/);
  t.equal(requests(), 0);
});

t.test("caFile adds an authority", async (t) => {
  const { url } = await serveTls(t);
  const caFile = join(t.testdir({ "ca.pem": CERTIFICATE }), "ca.pem");
  t.match((await post(t, url, { caFile })).exchange, { kind: "answer", status: 200 });
});

t.test("a caFile that is not there is refused with its name and what to do", async (t) => {
  const settings = { apiBaseUrl: "https://api.x.com", requestTimeoutSeconds: 1, caFile: "/nowhere/ca.pem" };
  t.throws(() => openConnections(settings, {}), { message: /caFile can't be read: .*\/nowhere\/ca\.pem.*Correct the path/ });
});

/** A proxy: `status` is what it answers to a tunnel; with 200 it really opens one. */
async function serveProxy(t: Test, status: number): Promise<{ port: number; asked: string[]; authorizations: (string | undefined)[] }> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status).end();
  });
  server.on("connect", (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const upstream = new (socket.constructor as typeof Socket)().connect(Number(port), host);
    upstream.once("connect", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
    socket.on("close", () => upstream.destroy());
  });
  const port = await listen(t, server);
  t.teardown(() => server.closeAllConnections());
  return { port, asked, authorizations };
}

for (const status of [407, 403, 502]) {
  t.test(`a proxy that refuses the tunnel with ${status} has sent nothing`, async (t) => {
    const { url, requests } = await serveTls(t);
    const { port, asked } = await serveProxy(t, status);
    const { exchange } = await post(t, url, { proxy: `http://user:s3cret-word@127.0.0.1:${port}` });
    lost(t, exchange, false, new RegExp(String(status)));
    t.notMatch(JSON.stringify(exchange), "s3cret-word");
    t.same(asked, [`CONNECT ${new URL(url).host}`]);
    t.equal(requests(), 0);
  });
}

t.test("a proxy that can't be reached, and one that hangs, have sent nothing", async (t) => {
  const { url } = await serveTls(t);
  lost(t, (await post(t, url, { proxy: "http://127.0.0.1:1" })).exchange, false, /ECONNREFUSED/);
  const port = await mute(t);
  lost(t, (await post(t, url, { proxy: `http://127.0.0.1:${port}`, requestTimeoutSeconds: 0.2 })).exchange, false, /./);
});

t.test("a proxy that says nothing is let go of, with its connection", { timeout: 10_000 }, async (t) => {
  const server = createTcpServer();
  const port = await listen(t, server);
  const connected = once(server, "connection");
  const sending = post(t, "https://127.0.0.1:9", { proxy: `http://127.0.0.1:${port}`, requestTimeoutSeconds: 0.2 });
  const [socket] = (await connected) as [Socket];
  const closed = once(socket.resume(), "close");
  lost(t, (await sending).exchange, false, /./);
  await closed;
});

t.test("a request goes through the proxy's tunnel, with the proxy's own password, https and http alike", async (t) => {
  const caFile = join(t.testdir({ "ca.pem": CERTIFICATE }), "ca.pem");
  const proxy = await serveProxy(t, 200);
  const secure = await serveTls(t);
  const plain = await serve(t, (_request, response) => response.end("{}"));
  for (const url of [secure.url, plain.url]) {
    const { exchange, target } = await post(t, url, { caFile, proxy: `http://user:word@127.0.0.1:${proxy.port}` });
    t.match(exchange, { kind: "answer", status: 200 }, url);
    t.equal(target, `${new URL(url).host} through the proxy 127.0.0.1:${proxy.port}`);
  }
  t.same(proxy.asked, [`CONNECT ${new URL(secure.url).host}`, `CONNECT ${new URL(plain.url).host}`]);
  t.same(new Set(proxy.authorizations), new Set([`Basic ${Buffer.from("user:word").toString("base64")}`]));
});

t.test("HTTPS_PROXY of the host is used for https, and NO_PROXY excepts from it", async (t) => {
  const caFile = join(t.testdir({ "ca.pem": CERTIFICATE }), "ca.pem");
  const { port, asked } = await serveProxy(t, 200);
  const { url } = await serveTls(t);
  const httpsProxy = `http://127.0.0.1:${port}`;
  t.match((await post(t, url, { caFile, httpsProxy, noProxy: "127.0.0.1" })).exchange, { status: 200 });
  t.same(asked, []);
  t.match((await post(t, url, { caFile, httpsProxy })).exchange, { status: 200 });
  t.same(asked, [`CONNECT ${new URL(url).host}`]);
});

t.test("close lets what is in flight end", async (t) => {
  let finish: () => void = () => {};
  const arrived = new Promise<void>((resolve) => {
    void serve(t, (_request, response) => {
      finish = () => response.end("{}");
      resolve();
    }).then(({ url }) => {
      connections = openConnections({ apiBaseUrl: url, requestTimeoutSeconds: 5 }, {});
      const context = { clock: { now: () => WALL, wall: () => WALL, report: () => {} }, signal: new AbortController().signal };
      exchange = connections.send({ method: "GET", url: `${url}/`, headers: {}, signedTimestamp: 1 }, context);
    });
  });
  let connections: ReturnType<typeof openConnections> | undefined;
  let exchange: Promise<Exchange> | undefined;
  await arrived;
  const closed = connections?.close();
  finish();
  t.match(await exchange, { kind: "answer", status: 200 });
  await closed;
});
