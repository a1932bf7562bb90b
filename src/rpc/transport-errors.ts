import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import type { PluginLog } from "../contract.ts";
import type { Host } from "../host/verbs.ts";
import { errorResponse, internalError, protocolError } from "./rpc-error.ts";

/** What HTTP itself refuses, before there is a call. */
export class TransportRefusal extends Error {
  override name = "TransportRefusal";
  readonly statusCode: number;
  constructor(statusCode: number, sentence: string) {
    super(sentence);
    this.statusCode = statusCode;
  }
}

/** `reference`: of a bug of the host's, whose cause only the log tells. */
export type Refusal = { status: number; path: string; sentence: string; reference?: string };
/** By path: how refusals at it and below it are written. Everywhere else they are JSON-RPC errors without id. */
export type RefusalForms = Map<string, (refusal: Refusal) => { type: string; body: string }>;

export type TransportErrorOptions = {
  host: Pick<Host, "faults">;
  log: Pick<PluginLog, "error">;
  reference: () => string;
  refusals: RefusalForms;
};

const ASKABLE: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Whatever goes wrong outside of a call is answered in the form of the place, and says what to do. */
export function addTransportErrors(app: FastifyInstance, { host, log, reference, refusals }: TransportErrorOptions): void {
  const refuse = (reply: FastifyReply, refusal: Refusal) => {
    const { type, body } = writeRefusal(refusal, refusals, host);
    return reply.code(refusal.status).type(type).send(body);
  };

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    const path = pathOf(request);
    if (status >= 400 && status < 500) return refuse(reply, { status, path, sentence: error.message });
    const name = reference();
    log.error({ method: request.method, path, reference: name, err: error }, "A request failed unexpectedly");
    return refuse(reply, { status: 500, path, sentence: `internal error, reference ${name}`, reference: name });
  });

  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const allowed = ASKABLE.filter((method) => app.findRoute({ method, url: path }) !== null);
    if (allowed.length === 0) return refuse(reply, { status: 404, path, sentence: "there is nothing here" });
    reply.header("allow", allowed.join(", "));
    const sentence = `${path} takes ${allowed.join(" or ")}, not ${request.method}`;
    return refuse(reply, { status: 405, path, sentence });
  });
}

export function writeRefusal(refusal: Refusal, forms: RefusalForms, { faults }: Pick<Host, "faults">): { type: string; body: string } {
  for (const [place, form] of forms) if (`${refusal.path}/`.startsWith(`${place}/`)) return form(refusal);
  const { reference, status } = refusal;
  const sentence = status === 404 || status === 405 ? `${refusal.sentence}; calls go to POST /rpc` : refusal.sentence;
  const error = reference === undefined ? protocolError(-32600, sentence, faults) : internalError(reference);
  return { type: "application/json; charset=utf-8", body: JSON.stringify(errorResponse(null, error)) };
}

/** Without the query, which may hold anything. */
export const pathOf = (request: Pick<FastifyRequest, "url">): string => request.url.split("?", 1)[0] ?? "";
