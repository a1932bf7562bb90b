import type { FastifyRequest } from "fastify";
import type { Caller } from "../host/verbs.ts";
import type { Admission, Pair, Proof } from "../rpc/who.ts";
import { type AdmissionOptions, addressOf, certificateOf } from "../rpc/who-calls.ts";
import { readCredentials } from "./credentials.ts";
import type { XmlElement } from "./parse-xml.ts";
import type { TokenOptions } from "./username-token.ts";

/** `challenge`: nothing was given at all, so a client that waits for HTTP's own challenge is given one. */
export type Sender = { ok: true; caller: Caller } | { ok: false; cause: string; retryAfterSeconds?: number; challenge?: true };

const NOTHING = "no credentials; send AuthenticationInfo, a UsernameToken (WS-Security) or HTTP Basic";
const DIFFERENT = "the credentials of this message do not belong to one client; send one of them";

/**
 * Who sent a message: HTTP Basic, AuthenticationInfo, UsernameToken, in this order. Each that is given must be right,
 * and all must be of one client: of two that differ nobody can say which was meant.
 */
export async function whoSends(
  request: FastifyRequest,
  headers: readonly XmlElement[],
  { gate, isLocal, ...options }: AdmissionOptions & TokenOptions,
): Promise<Sender> {
  if (isLocal(request.raw.socket)) return { ok: true, caller: { name: "local", role: "admin" } };
  const address = addressOf(request);
  const admit = (given: Pair | Proof) => ("password" in given ? gate.admitPair(given, address) : gate.admitProof(given, address));
  const { authorization } = request.headers;
  const inMessage = readCredentials(headers, options);
  if (authorization === undefined && inMessage.length === 0) {
    await gate.admitPair(undefined, address);
    return { ok: false, cause: NOTHING, challenge: true };
  }
  const callers: Caller[] = [];
  const ask = [
    ...(authorization === undefined ? [] : [() => gate.admit(authorization, address)]),
    ...inMessage.map((given) => () => admit(given)),
  ];
  // One after the other: the first that is wrong ends it, as one guess.
  for (const one of ask) {
    const admission = await one();
    if (!admission.ok) return refusalOf(admission);
    callers.push(admission.caller);
  }
  const [caller] = callers;
  if (!caller || callers.some(({ name }) => name !== caller.name)) return { ok: false, cause: DIFFERENT };
  return { ok: true, caller: { ...caller, ...certificateOf(request.raw.socket) } };
}

const refusalOf = (admission: Exclude<Admission, { ok: true }>): Sender =>
  admission.status === 429
    ? { ok: false, cause: admission.cause, retryAfterSeconds: admission.retryAfterSeconds }
    : { ok: false, cause: admission.cause };
