/** What may stand between the host and X, on loopback: a server that spoils posts, a TLS server, a proxy with tunnels. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Test } from "tap";

async function listen(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

/** What happens to a post on its way: `forward` hands it to X and answers X's bytes. */
export type Spoil = (socket: Socket, forward: () => Promise<Buffer>) => unknown;
export type Front = {
  url: string;
  /** For the posts to come; undefined lets all through. Other requests always go through. */
  spoil(how: Spoil | undefined): void;
};

/** Hands requests on byte for byte, so that Host and signature hold. */
export async function openFront(t: Test): Promise<Front & { to(url: string): void }> {
  let upstream = "";
  let spoil: Spoil | undefined;
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = requestLength(received);
      if (length === undefined) return;
      const request = received.subarray(0, length);
      received = received.subarray(length);
      const forward = () => exchange(upstream, request);
      if (spoil && request.toString("latin1").startsWith("POST /2/tweets ")) spoil(socket, forward);
      else void forward().then((answer) => socket.end(answer));
    });
  });
  const port = await listen(t, server);
  return {
    url: `http://127.0.0.1:${port}`,
    spoil: (how) => {
      spoil = how;
    },
    to: (url) => {
      upstream = url;
    },
  };
}

/** Of the first request that is there whole. */
function requestLength(received: Buffer): number | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [, length = "0"] = /\r\ncontent-length: (\d+)/i.exec(received.subarray(0, end).toString("latin1")) ?? [];
  const whole = end + 4 + Number(length);
  return received.length < whole ? undefined : whole;
}

async function exchange(upstream: string, request: Buffer): Promise<Buffer> {
  const { hostname, port } = new URL(upstream);
  const socket = connect(Number(port), hostname);
  socket.write(request.toString("latin1").replace(/\r\nconnection: [^\r]*/i, "\r\nconnection: close"), "latin1");
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Takes connections and never says a word. */
export const openMute = async (t: Test): Promise<number> => listen(t, createServer());

/** A TLS server; `requests` counts what got through the handshake. */
export async function openTls(t: Test, cert: string, key: string): Promise<{ url: string; requests(): number }> {
  let requests = 0;
  const server = createTlsServer({ cert, key }, (socket) => {
    socket
      .on("error", () => {})
      .on("data", () => {
        requests += 1;
      });
  });
  server.on("tlsClientError", () => {});
  return { url: `https://127.0.0.1:${await listen(t, server)}`, requests: () => requests };
}

/** `status` is the answer to a tunnel; with 200 it opens one, and `onAnswer` meets the first bytes that come back. */
export async function openProxy(t: Test, status: number, onAnswer?: (client: Socket) => void): Promise<string> {
  const server = createHttpServer();
  server.on("connect", (request, client) => {
    if (!(client as Socket).remoteAddress) return;
    client.on("error", () => {});
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(upstream);
      if (onAnswer) upstream.once("data", () => onAnswer(client as Socket));
      else upstream.pipe(client);
    });
    upstream.on("error", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  return `http://127.0.0.1:${await listen(t, server)}`;
}
