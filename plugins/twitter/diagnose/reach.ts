/** The single steps of a way through the network, each with its own time-out: name, connection, tunnel, TLS. */
import { lookup } from "node:dns/promises";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import { hostOf, portOf } from "./proxy-of.ts";

/** A step that takes longer is given up: a person waits for each. */
const STEP_MS = 8_000;

/** The signal of one step. It may last longer than the step: after that, aborting it does nothing. */
export const step = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(STEP_MS)]);

export type Failed = { ok: false; code: string };
export type Address = { address: string; family: number };

/** All addresses of a name, in the order in which they are tried; the code of `getaddrinfo` where it has none. */
export async function resolveName(host: string, signal: AbortSignal): Promise<{ ok: true; addresses: Address[] } | Failed> {
  if (isIP(host)) return { ok: true, addresses: [{ address: host, family: isIP(host) }] };
  const answer = lookup(host, { all: true }).then(
    (addresses) => ({ ok: true, addresses }) as const,
    (error: unknown) => failed(error),
  );
  return Promise.race([answer, expiry(signal)]);
}

/** The socket is the caller's to destroy. */
export function connectTo(address: string, port: number, signal: AbortSignal): Promise<{ ok: true; value: Socket } | Failed> {
  const socket = connect({ host: address, port });
  return settle(socket, signal, (done) => socket.once("connect", () => done(socket)));
}

export type Tunnel = { ok: true; value: Socket } | (Failed & { status?: number });

/** Asks a proxy for a tunnel (RFC 9110 9.3.6). A refusal has the proxy's status. */
export async function openTunnel(proxy: URL, target: URL, ca: readonly string[] | undefined, signal: AbortSignal): Promise<Tunnel> {
  const authority = `${target.hostname}:${portOf(target)}`;
  const user = proxy.username === "" ? undefined : basic(proxy);
  const options = {
    host: hostOf(proxy),
    port: portOf(proxy),
    method: "CONNECT",
    path: authority,
    headers: { host: authority, ...(user && { "proxy-authorization": user }) },
    agent: false,
  } as const;
  const request = proxy.protocol === "https:" ? httpsRequest({ ...options, ...(ca && { ca: [...ca] }) }) : httpRequest(options);
  const opened = await settle<{ status: number; socket: Socket }>(request, signal, (done) => {
    request.once("connect", (response: IncomingMessage, socket: Socket) => done({ status: response.statusCode ?? 0, socket }));
    // Something that is no proxy may answer as to any other request.
    request.once("response", (response: IncomingMessage) => done({ status: response.statusCode ?? 0, socket: response.socket }));
    request.end();
  });
  if (!opened.ok) return opened;
  const { status, socket } = opened.value;
  if (status >= 200 && status < 300) return { ok: true, value: socket };
  socket.destroy();
  return { ok: false, code: "refused", status };
}

const basic = ({ username, password }: URL): string =>
  `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}`;

/** `problem`: why the certificate is not trusted, as Node or OpenSSL calls it. */
export type Handshake = { protocol: string; certificate: PeerCertificate; problem?: string };

/** Goes through with the handshake whatever the certificate says, so that it can be shown. */
export async function handshake(
  socket: Socket,
  host: string,
  ca: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<{ ok: true; handshake: Handshake } | Failed> {
  const options = { socket, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"], host, ...(ca && { ca: [...ca] }) };
  // A server name must not be an address (RFC 6066 section 3).
  const secure = connectTls({ ...options, ...(isIP(host) === 0 && { servername: host }) });
  const shaken = await settle<TLSSocket>(secure, signal, (done) => secure.once("secureConnect", () => done(secure)));
  if (!shaken.ok) return shaken;
  const problem = secure.authorized ? undefined : String(secure.authorizationError);
  const result = { protocol: secure.getProtocol() ?? "TLS", certificate: secure.getPeerCertificate(), ...(problem && { problem }) };
  secure.destroy();
  return { ok: true, handshake: result };
}

/** What comes first: the step's own end, its error, or the signal. */
function settle<T>(
  source: Socket | ClientRequest,
  signal: AbortSignal,
  begin: (done: (value: T) => void) => void,
): Promise<{ ok: true; value: T } | Failed> {
  return new Promise((resolve) => {
    // Stays for good: what goes wrong once the step is over is nobody's business.
    source.on("error", (error: unknown) => resolve(failed(error)));
    void expiry(signal).then((late) => {
      resolve(late);
      source.destroy();
    });
    begin((value) => resolve({ ok: true, value }));
  });
}

function expiry(signal: AbortSignal): Promise<Failed> {
  const late: Failed = { ok: false, code: "ETIMEDOUT" };
  if (signal.aborted) return Promise.resolve(late);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(late), { once: true }));
}

function failed(error: unknown): Failed {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return { ok: false, code: code ?? (error instanceof Error ? error.message : String(error)) };
}
