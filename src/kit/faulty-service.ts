/**
 * A fault injector: an HTTP service on loopback that answers as a script says, keeps what it was asked, and breaks off
 * where a network would.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** Where an exchange breaks. */
export const BREAKS = [
  /** The connection is reset as soon as it stands; nothing of the request is read. */
  "reset-at-connect",
  /** The request is read whole, then the connection is reset without a byte of an answer. */
  "reset-before-answer",
  /** Reset in the middle of the answer's body. */
  "reset-in-answer",
  /** The connection is closed properly in the middle of the answer's body. */
  "cut-in-answer",
  /** The request is read whole, and nothing ever comes back. */
  "silent",
  /** The body comes a byte at a time, one each `everyMs`. */
  "slow",
  /** The body never ends: 64 KB each `everyMs`. */
  "endless",
  /** What comes back is no HTTP. */
  "garbage",
] as const;
export type Break = (typeof BREAKS)[number];

/** One answer; what is left out is a plain 200 without a body. */
export type ServiceAnswer = {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** A text goes out as it is, anything else as JSON (with its content type, unless `headers` has another). */
  body?: unknown;
  breaks?: Break;
  /** Of `slow` and `endless`; default 50. */
  everyMs?: number;
  /** How far the service's clock is ahead of this machine's, as its Date header says; `none` leaves the header out. */
  dateOffsetSeconds?: number | "none";
};

/** A request as it came. */
export type ServiceRequest = {
  method: string;
  /** With its query. */
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** The body as JSON; undefined where it is none. */
  json: unknown;
  /** False once the answer is out, or the caller has gone away. */
  readonly open: boolean;
};

/** An answer, or what chooses it by the request. A chosen answer can't break at the connect: the request is there by then. */
export type Scripted = ServiceAnswer | ((request: ServiceRequest) => ServiceAnswer);

export type FaultyService = {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  /** All whole requests so far, in the order in which they came. */
  requests: ServiceRequest[];
  /** Connections so far, those that were reset among them. */
  readonly connections: number;
  /** Each request to come takes one of these in turn, and the last goes on for all that follow. */
  answer(...answers: [Scripted, ...Scripted[]]): void;
  /** Nobody listens any more: connections are refused from now on. */
  close(): Promise<void>;
};

type Teardown = { teardown(work: () => unknown): unknown };

/** Opens the service; `t` closes it. It answers 200 with `{}` until it is told otherwise. */
export async function openFaultyService(t: Teardown): Promise<FaultyService> {
  const script: Scripted[] = [{ body: {} }];
  const requests: ServiceRequest[] = [];
  const sockets = new Set<Socket>();
  const next = (): Scripted => (script.length > 1 ? script.shift() : script[0]) ?? {};
  let connections = 0;
  const server = createServer((request, response) => {
    void readRequest(request, response).then((asked) => {
      if (!asked) return;
      requests.push(asked);
      const scripted = next();
      reply(response, typeof scripted === "function" ? scripted(asked) : scripted);
    });
  });
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    const [scripted] = script;
    if (typeof scripted === "object" && scripted.breaks === "reset-at-connect") {
      next();
      socket.resetAndDestroy();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => closeServer(server, sockets);
  t.teardown(close);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections;
    },
    answer(...answers) {
      script.splice(0, script.length, ...answers);
    },
    close,
  };
}

async function closeServer(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (!server.listening) return;
  server.close();
  await once(server, "close");
}

/** Undefined where the caller goes away before the request is whole. */
async function readRequest(request: IncomingMessage, response: ServerResponse): Promise<ServiceRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  const body = Buffer.concat(chunks).toString("utf8");
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body,
    json: parseJson(body),
    get open() {
      return !response.closed && !response.destroyed;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Not HTTP, and not TLS either, whatever the caller takes it for. */
const GARBAGE = "\u0000\u0001 this is no HTTP\r\n\r\n";
const CHUNK = Buffer.alloc(64 * 1024, "x");

function reply(response: ServerResponse, answer: ServiceAnswer): void {
  const { breaks, everyMs = 50 } = answer;
  const socket = response.socket;
  if (breaks === "silent" || !socket) return;
  if (breaks === "reset-at-connect" || breaks === "reset-before-answer") {
    socket.resetAndDestroy();
    return;
  }
  if (breaks === "garbage") {
    socket.end(GARBAGE);
    return;
  }
  const body = writeHead(response, answer);
  const half = body.subarray(0, Math.max(1, body.length >> 1));
  if (breaks === undefined) response.end(body);
  else if (breaks === "slow") trickle(response, everyMs, byteByByte(body));
  else if (breaks === "endless") trickle(response, everyMs, () => CHUNK);
  // The first half is to be on its way before the connection ends.
  else response.write(half, () => void (breaks === "cut-in-answer" ? socket.end() : socket.resetAndDestroy()));
}

/** Answers the body that the head announces. */
function writeHead(
  response: ServerResponse,
  { status = 200, headers = {}, body = "", breaks, dateOffsetSeconds = 0 }: ServiceAnswer,
): Buffer {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  // What breaks off needs something to break off from.
  const bytes = Buffer.from(text === "" && breaks !== undefined ? "{}" : text, "utf8");
  response.sendDate = false;
  if (dateOffsetSeconds !== "none") response.setHeader("date", new Date(Date.now() + dateOffsetSeconds * 1000).toUTCString());
  if (typeof body !== "string") response.setHeader("content-type", "application/json");
  // Each request on a connection of its own, so that a break is of this exchange and of no other.
  response.setHeader("connection", "close");
  if (breaks !== "endless" && mayHaveBody(status)) response.setHeader("content-length", bytes.length);
  response.writeHead(status, headers);
  response.flushHeaders();
  return bytes;
}

/** RFC 9110 section 6.4.1. */
const mayHaveBody = (status: number): boolean => status >= 200 && status !== 204 && status !== 304;

/** `next` answers what goes out each time, and undefined at the end. */
function trickle(response: ServerResponse, everyMs: number, next: () => Buffer | undefined): void {
  const timer = setInterval(() => {
    const bytes = next();
    if (bytes) response.write(bytes);
    else response.end();
  }, everyMs);
  response.on("close", () => clearInterval(timer)).on("finish", () => clearInterval(timer));
}

function byteByByte(body: Buffer): () => Buffer | undefined {
  let sent = 0;
  return () => {
    sent += 1;
    return sent > body.length ? undefined : body.subarray(sent - 1, sent);
  };
}
