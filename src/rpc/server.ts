import type { RequestListener, Server, ServerOptions } from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";

/**
 * Not by `import`: that reads all that node:http exports, WebSocket among it, for which Node loads a whole `fetch`, 14 MB
 * and 20 ms (lib/http.js, `lazyUndici`).
 */
const { createServer: createHttpServer } = process.getBuiltinModule("node:http");

/** PEM texts. With `ca`, a client must show a certificate that it signed. */
export type TlsFiles = { cert: string; key: string; ca?: string };

/**
 * Against clients that open connections and dawdle: so long may headers, and a whole request, take to arrive.
 * The answer may take longer (`waitSeconds` is at most 300).
 */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 72_000,
  maxHeaderSize: 16_384,
} as const satisfies ServerOptions;
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 2_048;
/** A connection on which nothing moves: longer than the longest wait, or a caller who never reads would stay for ever. */
const SILENCE_MS = 360_000;

/** An HTTP or HTTPS server with the limits that every way in has. */
export function createServer(listener: RequestListener, tls?: TlsFiles, limits: ServerOptions = LIMITS): Server {
  const server = tls ? createHttpsServer({ ...limits, ...tlsOptions(tls) }, listener) : createHttpServer(limits, listener);
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SILENCE_MS);
  server.on("clientError", answerClientError);
  return server;
}

/** Certificates are renewed every few weeks, and nobody wants to restart a host for that. Does nothing without TLS. */
export function renewTls(server: Server, tls: TlsFiles): void {
  if (server instanceof HttpsServer) server.setSecureContext(contextOptions(tls));
}

const tlsOptions = (tls: TlsFiles) => ({
  ...contextOptions(tls),
  handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
  ...(tls.ca !== undefined && { requestCert: true, rejectUnauthorized: true }),
});

/** What is set anew with each certificate: a context that is replaced takes none of it along. */
const contextOptions = ({ cert, key, ca }: TlsFiles) => ({
  cert,
  key,
  minVersion: "TLSv1.2" as const,
  ...(ca !== undefined && { ca }),
});

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** What is not HTTP never reaches a route; it is answered here and cut off, so that nothing after it can be smuggled. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status = CLIENT_ERRORS[error.code ?? ""] ?? "400 Bad Request";
  const sentence = `${status.slice(4)}: this is no HTTP request that the plug-in server can read`;
  const body = JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32600, message: `Invalid Request: ${sentence}` } });
  const head = `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`, () => socket.destroy());
}
