/** The same methods as JSON over plain HTTP, for Set Fields → REST API: routes from the table of resources. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Fault, hostFault } from "../ar.ts";
import type { Caller } from "../host/verbs.ts";
import type { DoorParts } from "../rpc/door.ts";
import { refuseMedia } from "../rpc/json-media.ts";
import { readBody } from "../rpc/read-body.ts";
import { pathOf } from "../rpc/transport-errors.ts";
import { whoCalls } from "../rpc/who-calls.ts";
import { bugProblem, PROBLEM_MEDIA, type Problem, problemOf, refusalProblems } from "./problem.ts";
import { type ReadParams, readAddressParams, readBodyParams } from "./read-params.ts";
import { RESOURCES, type Resource } from "./resources.ts";

type Asked = FastifyRequest<{ Params: Record<string, string> }>;

export function addResourceRoutes(app: FastifyInstance, parts: DoorParts): void {
  const asProblem = refusalProblems(parts.admission.host.faults);
  for (const place of new Set(RESOURCES.map(({ path }) => path.split("/{", 1)[0] ?? path))) parts.refusals.set(place, asProblem);
  // In a scope of its own: elsewhere Fastify's parsers stay.
  app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload));
    for (const resource of RESOURCES) addResource(scope, resource, parts);
    registered();
  });
}

function addResource(app: FastifyInstance, resource: Resource, { admission, calls }: DoorParts): void {
  const { host } = admission;
  const callers = new WeakMap<FastifyRequest, Caller>();

  const send = (reply: FastifyReply, problem: Problem) => reply.code(problem.status).type(PROBLEM_MEDIA).send(JSON.stringify(problem));

  async function authenticate(request: FastifyRequest, reply: FastifyReply) {
    const refuse = (_reply: FastifyReply, status: number, fault: Fault) =>
      void send(reply, problemOf(fault, host.faults, pathOf(request), status));
    const caller = await whoCalls(request, reply, admission, refuse);
    if (!caller) return reply;
    callers.set(request, caller);
    // As at /rpc: after the password, so that a stranger learns nothing; before the body, so that it is not read in vain.
    if (resource.verb === "POST") refuseMedia(request);
    return undefined;
  }

  async function answer(request: Asked, reply: FastifyReply) {
    const caller = callers.get(request);
    if (!caller) throw new Error("a call without a caller");
    const path = pathOf(request);
    const outcome = await calls({ method: resource.method.name, ...readParams(request, resource) }, caller);
    // Nobody is there any more to read the answer. What was accepted goes on.
    if (reply.raw.destroyed) return reply.hijack();
    if (outcome.ok) return reply.code(resource.statusOf(outcome.value)).send(outcome.value);
    if (outcome.kind === "bug") return send(reply, bugProblem(outcome.reference, path));
    const fault = outcome.kind === "fault" ? outcome.fault : hostFault("bad-input", outcome.sentence, outcome.sentence);
    return send(reply, problemOf(fault, host.faults, path));
  }

  const url = resource.path.replaceAll(/\{(\w+)\}/g, ":$1");
  app.route<{ Params: Record<string, string> }>({ method: resource.verb, url, onRequest: authenticate, handler: answer });
}

function readParams(request: Asked, { verb, method }: Resource): ReadParams {
  const query = request.url.split("?").slice(1).join("?");
  if (verb === "GET") return readAddressParams(request.params, query, method);
  if (query !== "") return { params: {}, textFault: "the address takes no query; write the parameters into the body" };
  return readBodyParams(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
}
