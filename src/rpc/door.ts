import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import fastify, { type FastifyInstance } from "fastify";
import { hostFault } from "../ar.ts";
import type { PluginLog } from "../contract.ts";
import type { Host } from "../host/verbs.ts";
import { type Calls, openCalls } from "./calls.ts";
import { type Connections, trackConnections } from "./connections.ts";
import { givenName } from "./given-name.ts";
import { openJsonRpc } from "./json-rpc.ts";
import { METHODS } from "./methods.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addMetricsRoute } from "./routes/metrics.ts";
import { addRpcRoute } from "./routes/rpc.ts";
import { addSecurityHeaders, BARE_HEADERS } from "./security-headers.ts";
import { createServer, renewTls, type TlsFiles } from "./server.ts";
import { openTokens } from "./tokens.ts";
import { addTransportErrors, pathOf, type RefusalForms, writeRefusal } from "./transport-errors.ts";
import { listenOnUnixSocket } from "./unix-socket.ts";
import { type Client, type GateCounters, type LockOut, openGate } from "./who.ts";
import type { AdmissionOptions } from "./who-calls.ts";

export type DoorOptions = {
  host: Host;
  /** Asked at every call, so that a reload needs nothing but `forget`. */
  clients: () => readonly Client[];
  verify: (password: string, stored: string) => Promise<boolean>;
  /** Keys of access tokens: the first signs, all are taken. Hosts with the same take each other's tokens. */
  tokenKeys: () => readonly Buffer[];
  /** Milliseconds since 1970. */
  wall: () => number;
  log: PluginLog;
  listen: { host: string; port: number; socket?: string; tls?: TlsFiles };
  /** What `GET /metrics` answers; without it there is no such route. */
  readMetrics?: (logins: GateCounters) => Promise<{ type: string; text: string }>;
  /** Told of each call that was answered: see {@link openCalls}. */
  onCall?: (method: string, code: string, seconds: number) => void;
  /** Further routes of the same server (console, REST, SOAP); they check their callers themselves. */
  addRoutes?: (app: FastifyInstance, parts: DoorParts) => void | Promise<void>;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed; default none. */
  trustProxy?: readonly string[];
  /** How long `close()` lets calls in flight go on, asked when it is called; default 15,000. */
  stopTimeoutMs?: () => number;
};

/** What further routes share with `/rpc`, so that nobody gets in, and nothing is done, in another way than there. */
export type DoorParts = {
  admission: AdmissionOptions;
  /** For what is done at a door itself. */
  audit: Pick<Host, "recordDone" | "recordRefusal">;
  calls: Calls;
  log: PluginLog;
  /** Names one failure in the log and to the caller. */
  reference: () => string;
  /** Below these paths, what HTTP itself refuses (404, 405, a bug) is sent in a form of their own. */
  refusals: RefusalForms;
};

export type Door = {
  url: string;
  port: number;
  socket?: string;
  /** These clients have come, gone or changed their passwords. */
  forget(clients: readonly string[]): void;
  /** New certificate, key and authority for connections from now on; those that are open go on. */
  renewTls(tls: TlsFiles): void;
  /** Of log-ins, since the start. */
  counters(): GateCounters;
  /** Takes no new connections, lets what is in flight end, then cuts off what is left. */
  close(): Promise<void>;
};

const STOP_TIMEOUT_MS = 15_000;

/** Builds a door and opens it. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const open = await buildDoor(options);
  return open();
}

/**
 * The way in: JSON-RPC and health over TCP, and the same over a Unix socket without password. Answers what opens it, so that
 * it is made before anybody may come in; that rejects with where it can't listen, and why.
 */
export async function buildDoor(options: DoorOptions): Promise<() => Promise<Door>> {
  const { host, log, listen } = options;
  const gate = openGate({
    clients: options.clients,
    verify: options.verify,
    now: () => performance.now(),
    tokens: openTokens({ keys: options.tokenKeys, wall: options.wall }),
    onLockOut: (lockOut) => tellLockOut(lockOut, options),
  });
  const localSockets = new WeakSet<Socket>();
  const connections: Connections[] = [];
  const tracked = (server: Server): Server => {
    connections.push(trackConnections(server));
    return server;
  };
  const refusals: RefusalForms = new Map();
  const app = fastify({
    // Of all others X-Forwarded-For is what a stranger wrote.
    trustProxy: options.trustProxy?.length ? [...options.trustProxy] : false,
    serverFactory: (handler) => tracked(createServer(handler, listen.tls)),
    // A kept connection may still bring calls while the door closes: they are answered, and told to go away.
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    frameworkErrors: (error, request, reply) => {
      // An address that can't be decoded: no route, so no error handler of ours is asked.
      const status = error.statusCode ?? 400;
      const { type, body } = writeRefusal({ status, path: pathOf(request), sentence: error.message }, refusals, host);
      reply.hijack();
      reply.raw.writeHead(status, { ...BARE_HEADERS, "content-type": type });
      reply.raw.end(body);
    },
  });
  addSecurityHeaders(app, { tls: listen.tls !== undefined });
  const reference = () => randomUUID().slice(0, 8);
  addTransportErrors(app, { host, log, reference, refusals });
  addHealthRoutes(app, host);
  const { onCall, readMetrics } = options;
  const calls = openCalls({ host, methods: METHODS, log, reference, ...(onCall && { onCall }) });
  const rpc = openJsonRpc({ host, calls, ...(onCall && { onCall }) });
  const admission = { gate, host, isLocal: (socket: Socket) => localSockets.has(socket) };
  addRpcRoute(app, { rpc, ...admission });
  if (readMetrics) addMetricsRoute(app, { read: () => readMetrics(gate.counters()), ...admission });
  await options.addRoutes?.(app, { admission, audit: host, calls, log, reference, refusals });
  await app.ready();

  return async () => {
    const port = await listenOnTcp(app, listen);
    const local = tracked(createServer((request, response) => app.routing(request, response)));
    local.on("connection", (socket) => localSockets.add(socket));
    const socket = listen.socket === undefined ? undefined : await openLocal(app, local, listen.socket);
    return {
      url: `${listen.tls ? "https" : "http"}://${isIPv6(listen.host) ? `[${listen.host}]` : listen.host}:${port}`,
      port,
      ...(socket !== undefined && { socket }),
      forget: gate.forget,
      counters: gate.counters,
      renewTls: (tls) => renewTls(app.server, tls),
      close: () => closeAll(app, local, connections, options.stopTimeoutMs?.() ?? STOP_TIMEOUT_MS),
    };
  };
}

/** No route has a schema of Fastify's: what is called checks its own parameters. Its compilers would be 90 modules. */
function noSchemas(): never {
  throw new Error("a route has a schema, and the door has no compiler for it");
}

function tellLockOut({ name, address }: LockOut, { host, log }: DoorOptions): void {
  const client = givenName(name);
  log.warn({ client, address, arerr: 8761 }, "log-in locked out after wrong passwords");
  const fault = hostFault("bad-password", "wrong passwords; each further try has to wait longer");
  void host.recordRefusal({ caller: { name: client, address }, method: "login", detail: {} }, fault);
}

async function listenOnTcp(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw new Error(`${host}:${port}: ${listenHint(error)}`, { cause: error });
  }
  const address: AddressInfo | string | null = app.server.address();
  return typeof address === "object" && address ? address.port : port;
}

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses that port; stop it or change server.port",
  EADDRNOTAVAIL: "this machine has no such address; change server.host",
  EACCES: "ports below 1024 need a privilege; change server.port",
  ENOTFOUND: "there is no such name; change server.host",
};

function listenHint(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return LISTEN_HINTS[code] ?? error.message;
}

async function openLocal(app: FastifyInstance, local: Server, path: string): Promise<string> {
  try {
    return await listenOnUnixSocket(local, path);
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function closeAll(app: FastifyInstance, local: Server, connections: Connections[], stopTimeoutMs: number): Promise<void> {
  const closed = Promise.all([app.close(), closeServer(local)]);
  for (const { drain } of connections) drain();
  const cut = setTimeout(() => {
    for (const { cut } of connections) cut();
  }, stopTimeoutMs);
  await closed;
  clearTimeout(cut);
}

/** An error says that it was not listening. */
const closeServer = (server: Server): Promise<void> => new Promise((done) => server.close(() => done()));
