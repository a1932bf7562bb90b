/** JSON-RPC 2.0 (jsonrpc.org/specification) to one host, over its Unix socket or HTTP. */

import { Client } from "undici";
import { HOST_FAULTS, hostFault, reportFault } from "../ar.ts";
import type { Method, Params, Result, RpcAnswer, RpcError } from "./methods.ts";

/** Where the host is, and as whom to call it. */
export type Target = { kind: "socket"; path: string } | { kind: "url"; url: URL; name?: string; password?: string };

export type RpcClient = {
  /** Any method, by its name alone. */
  send(method: string, params: unknown): Promise<RpcAnswer<unknown>>;
  call<M extends Method>(method: M, params: Params<M>): Promise<RpcAnswer<Result<M>>>;
  close(): Promise<void>;
};

/** The longest `waitSeconds` is 300 (contract, section 3), and undici's own time-out would end exactly then. */
const ANSWER_TIMEOUT_MS = 330_000;
/** A host on the same network answers at once; one that does not is gone. */
const CONNECT_TIMEOUT_MS = 10_000;

export function openClient(target: Target): RpcClient {
  const client =
    target.kind === "socket"
      ? new Client("http://localhost", { socketPath: target.path, headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS })
      : new Client(target.url.origin, {
          headersTimeout: ANSWER_TIMEOUT_MS,
          bodyTimeout: ANSWER_TIMEOUT_MS,
          connect: { timeout: CONNECT_TIMEOUT_MS },
        });
  let id = 0;
  const send = async (method: string, params: unknown): Promise<RpcAnswer<unknown>> => {
    id += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    try {
      const answer = await client.request({ method: "POST", path: pathOf(target), headers: headersOf(target), body });
      return readAnswer(answer.statusCode, await answer.body.text(), target);
    } catch (error) {
      return { ok: false, error: noConnection(target, causeOf(error)) };
    }
  };
  return {
    send,
    // What a method answers is the contract's (section 3); a host of this checkout keeps it.
    call: async <M extends Method>(method: M, params: Params<M>) => (await send(method, params)) as RpcAnswer<Result<M>>,
    close: () => client.destroy(),
  };
}

/** The address of a host may be given as such, or with the path of its endpoint. */
function pathOf(target: Target): string {
  if (target.kind === "socket") return "/rpc";
  const path = target.url.pathname.replace(/\/+$/, "");
  return path.endsWith("/rpc") ? path : `${path}/rpc`;
}

function headersOf(target: Target): Record<string, string> {
  const headers = { "content-type": "application/json" };
  if (target.kind === "socket" || target.name === undefined) return headers;
  const pair = Buffer.from(`${target.name}:${target.password ?? ""}`, "utf8").toString("base64");
  return { ...headers, authorization: `Basic ${pair}` };
}

function readAnswer(status: number, text: string, target: Target): RpcAnswer<unknown> {
  const answer = parseJson(text);
  if (isRecord(answer) && isRecord(answer.error) && typeof answer.error.code === "number") {
    return { ok: false, error: answer.error as RpcError };
  }
  if (isRecord(answer) && "result" in answer) return { ok: true, value: answer.result };
  return { ok: false, error: noConnection(target, `HTTP ${status} came back, which is no answer of Perch; is the address right?`) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** ARERR 8760, with the cause and what to do about it. */
function noConnection(target: Target, cause: string): RpcError {
  const { message, ...data } = reportFault(hostFault("no-connection", placeOf(target)), HOST_FAULTS);
  return { code: 8760, message, data: { ...data, advice: `${cause} ${adviceFor(target, cause) ?? data.advice}` } };
}

function placeOf(target: Target): string {
  if (target.kind === "socket") return target.path;
  return target.url.port === "" ? `${target.url.hostname}:${target.url.protocol === "https:" ? 443 : 80}` : target.url.host;
}

function adviceFor(target: Target, cause: string): string | undefined {
  if (cause.includes("EACCES")) return "Only who may open the socket is admin: run it as the host's user, or use --url and --client.";
  if (/certificate|self-signed/i.test(cause)) return "If the certificate is from your own authority, name its file in NODE_EXTRA_CA_CERTS.";
  if (target.kind === "socket")
    return "Start the host with `perch start`, name its configuration with --config, or give its address with --url.";
  return undefined;
}

/** `connect ECONNREFUSED 127.0.0.1:9999`, without the secrets that a request holds. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "The call failed.";
  const inner = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = "code" in inner && typeof inner.code === "string" && !inner.message.includes(inner.code) ? ` (${inner.code})` : "";
  return `${inner.message || "The call failed"}${code}.`;
}
