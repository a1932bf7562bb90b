/** Who sent a request: whoever may open the Unix socket, or a client with its password or access token. */
import { isIP, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Fault, hostFault } from "../ar.ts";
import type { Caller, Host } from "../host/verbs.ts";
import { errorResponse, faultError } from "./rpc-error.ts";
import type { Gate } from "./who.ts";

export type AdmissionOptions = {
  gate: Gate;
  host: Pick<Host, "faults">;
  /** Whether it came over the Unix socket: who may open that file is admin. */
  isLocal: (socket: Socket) => boolean;
};

/** Sends a refusal in the form of the way in. The headers are set already. */
export type AnswerRefusal = (reply: FastifyReply, status: number, fault: Fault) => void;

/** Undefined when the request was refused, and answered so (401 or 429): as a JSON-RPC error, unless `refuse` does it. */
export async function whoCalls(
  request: FastifyRequest,
  reply: FastifyReply,
  options: AdmissionOptions,
  refuse?: AnswerRefusal,
): Promise<Caller | undefined> {
  const { gate, host, isLocal } = options;
  if (isLocal(request.raw.socket)) return { name: "local", role: "admin" } as const;
  const admission = await gate.admit(request.headers.authorization, addressOf(request));
  if (admission.ok) return { ...admission.caller, ...certificateOf(request.raw.socket) };
  if (admission.status === 429) reply.header("retry-after", admission.retryAfterSeconds);
  // A field for each: many clients can't part what stands in one.
  else reply.header("www-authenticate", [...admission.challenges]);
  const fault = hostFault("bad-password", admission.cause);
  if (refuse) refuse(reply, admission.status, fault);
  else reply.code(admission.status).send(errorResponse(null, faultError(fault, host.faults)));
  return undefined;
}

/** A proxy that is trusted may still pass on what is no address. */
export const addressOf = (request: FastifyRequest): string =>
  isIP(request.ip) > 0 ? request.ip : (request.raw.socket.remoteAddress ?? "");

/** The name in the client's certificate, which TLS has verified by then; without `clientCaFile` nobody is asked for one. */
export function certificateOf(socket: Socket): { certificate?: string } {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return {};
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? { certificate: name } : {};
}
