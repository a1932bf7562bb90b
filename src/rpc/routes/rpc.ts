import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../../host/verbs.ts";
import { refuseMedia } from "../json-media.ts";
import type { JsonRpc } from "../json-rpc.ts";
import { readBody } from "../read-body.ts";
import { type AdmissionOptions, whoCalls } from "../who-calls.ts";

export type RpcRouteOptions = AdmissionOptions & { rpc: JsonRpc };

/** Who sent a request, once that is known. */
const CALLER = "caller";

/** `POST /rpc`: who calls, then the body, then JSON-RPC. */
export function addRpcRoute(app: FastifyInstance, options: RpcRouteOptions): void {
  async function authenticate(request: FastifyRequest, reply: FastifyReply) {
    const caller = await whoCalls(request, reply, options);
    if (!caller) return reply;
    request.setDecorator(CALLER, caller);
    // After the password, so that a stranger learns nothing; before the body, so that it is not read in vain.
    refuseMedia(request);
    return undefined;
  }

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const text = await options.rpc.answer(body, request.getDecorator<Caller>(CALLER));
    // Nobody is there any more to read the answer. What was accepted goes on.
    if (reply.raw.destroyed) return reply.hijack();
    return text === undefined ? reply.code(204).send() : reply.type("application/json; charset=utf-8").send(text);
  }

  // In a scope of its own: elsewhere Fastify's parsers stay.
  app.register((scope, _options, registered) => {
    scope.decorateRequest(CALLER, null);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload));
    scope.post("/rpc", { onRequest: authenticate }, answer);
    registered();
  });
}
