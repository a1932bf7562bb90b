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

export type TransportErrorOptions = { host: Pick<Host, "faults">; log: Pick<PluginLog, "error">; reference: () => string };

const ASKABLE: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Whatever goes wrong outside of a call is answered as a JSON-RPC error without id, and says what to do. */
export function addTransportErrors(app: FastifyInstance, { host, log, reference }: TransportErrorOptions): void {
  const refuse = (reply: FastifyReply, status: number, sentence: string) =>
    reply.code(status).send(errorResponse(null, protocolError(-32600, sentence, host.faults)));

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return refuse(reply, status, error.message);
    const name = reference();
    log.error({ method: request.method, path: pathOf(request), reference: name, err: error }, "A request failed unexpectedly");
    return reply.code(500).send(errorResponse(null, internalError(name)));
  });

  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const allowed = ASKABLE.filter((method) => app.hasRoute({ method, url: path }));
    if (allowed.length === 0) return refuse(reply, 404, "there is nothing here; calls go to POST /rpc");
    reply.header("allow", allowed.join(", "));
    return refuse(reply, 405, `${path} takes ${allowed.join(" or ")}, not ${request.method}; calls go to POST /rpc`);
  });
}

/** Without the query, which may hold anything. */
const pathOf = (request: FastifyRequest): string => request.url.split("?", 1)[0] ?? "";
