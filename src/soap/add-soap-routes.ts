import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hostFault } from "../ar.ts";
import { type CallOutcome, NO_METHOD } from "../rpc/calls.ts";
import type { DoorParts } from "../rpc/door.ts";
import { readBody } from "../rpc/read-body.ts";
import { internalError } from "../rpc/rpc-error.ts";
import { TransportRefusal } from "../rpc/transport-errors.ts";
import { BASIC_CHALLENGE } from "../rpc/who.ts";
import { isUnderstood } from "./credentials.ts";
import { decodeXml } from "./decode-xml.ts";
import { readHeaders, readRequest, refuseMandatory, writeAnswer } from "./envelope.ts";
import { openNonces } from "./nonces.ts";
import type { Operation } from "./operations.ts";
import { inWordsOf, readOperation } from "./read-operation.ts";
import { faultOf, refusalFault, writeFault } from "./soap-fault.ts";
import { SoapRefusal } from "./soap-refusal.ts";
import { KEEP_NONCES_MS } from "./username-token.ts";
import { type Sender, whoSends } from "./who-sends.ts";
import { writeWsdl } from "./wsdl.ts";

export type SoapOptions = Pick<DoorParts, "admission" | "calls" | "refusals"> & {
  /** Where callers find this host, without a path of ours. */
  publicUrl: () => string;
  /** Corrected time, in milliseconds since 1970: by a machine's wrong clock each `Created` would be stale. */
  now: () => number;
  monotonic: () => number;
  /** Told of each message that is no call. */
  onCall?: (method: string, code: string, seconds: number) => void;
};

const XML = "text/xml; charset=utf-8";
/** The longest text (100,000 characters), each as a reference, and room for the rest. Bytes. */
const MAX_MESSAGE = 1024 * 1024;

/**
 * `POST /soap` (SOAP 1.1) and `GET /soap?wsdl`. A failure is a fault with HTTP 500 (section 6.2): clients such as
 * Axis, which AR System uses, show a fault of no other status. Only what HTTP itself refuses has a status of its own.
 */
export function addSoapRoutes(app: FastifyInstance, options: SoapOptions): void {
  const { admission, calls, refusals, now, monotonic } = options;
  const { host } = admission;
  const tokens = { now, nonces: openNonces({ now: monotonic, keepMs: KEEP_NONCES_MS }) };
  refusals.set("/soap", ({ sentence, reference }) => ({
    type: XML,
    body: reference === undefined ? refusalFault("Client", sentence, host.faults) : bugFault(reference),
  }));

  async function handle(body: Buffer, request: FastifyRequest, reply: FastifyReply): Promise<string> {
    // An idle host that nobody calls in this way does without the parser.
    const { parseOpening, parseXml } = await import("./parse-xml.ts");
    const text = decodeXml(body, charsetOf(request));
    const headers = readHeaders(parseOpening(text));
    const sender = await whoSends(request, headers, { ...admission, ...tokens });
    if (!sender.ok) return refuseSender(reply, sender);
    refuseMandatory(headers, isUnderstood);
    const { operation, params } = readOperation(readRequest(parseXml(text)));
    const outcome = await calls({ method: operation.method, params }, sender.caller);
    if (outcome.ok) return writeAnswer(operation.name, operation.answer(outcome.value));
    reply.code(500);
    return faultOfOutcome(outcome, operation);
  }

  function refuseSender(reply: FastifyReply, sender: Exclude<Sender, { ok: true }>): string {
    if (sender.challenge) reply.header("www-authenticate", BASIC_CHALLENGE);
    if (sender.retryAfterSeconds !== undefined) reply.header("retry-after", sender.retryAfterSeconds);
    reply.code(sender.challenge ? 401 : 500);
    return faultOf(hostFault("bad-password", sender.cause), host.faults);
  }

  function faultOfOutcome(outcome: Exclude<CallOutcome, { ok: true }>, operation: Operation): string {
    if (outcome.kind === "fault") return faultOf(outcome.fault, host.faults);
    if (outcome.kind === "bug") return bugFault(outcome.reference);
    return refusalFault("Client", inWordsOf(operation, outcome.sentence), host.faults);
  }

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const text = await handle(body, request, reply).catch((error: unknown) => {
      if (!(error instanceof SoapRefusal)) throw error;
      options.onCall?.(NO_METHOD, "-32600", 0);
      reply.code(500);
      return refusalFault(error.code, error.message, host.faults);
    });
    // Nobody is there any more to read the answer. What was accepted goes on.
    return reply.raw.destroyed ? reply.hijack() : reply.type(XML).send(text);
  }

  // In a scope of its own: elsewhere Fastify's parsers stay.
  app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload, MAX_MESSAGE));
    scope.get("/soap", (request, reply) => {
      if (!asksForWsdl(request)) throw new TransportRefusal(404, "the WSDL is at /soap?wsdl; calls go to POST /soap");
      reply.type(XML).send(writeWsdl(`${options.publicUrl().replace(/\/+$/, "")}/soap`));
    });
    scope.post("/soap", { onRequest: async (request) => refuseMedia(request) }, answer);
    registered();
  });
}

const bugFault = (reference: string): string => writeFault("Server", internalError(reference).data);

/** `?wsdl`, also in capitals as Axis writes it. */
const asksForWsdl = ({ query }: FastifyRequest): boolean => Object.keys(Object(query)).some((name) => name.toLowerCase() === "wsdl");

/** SOAP 1.2's is let in, so that its envelope is answered with VersionMismatch. */
const XML_MEDIA = /^(text\/xml|application\/xml|application\/soap\+xml)\s*(;|$)/i;

function refuseMedia({ headers }: FastifyRequest): void {
  if (!XML_MEDIA.test(headers["content-type"] ?? "")) {
    throw new TransportRefusal(415, "Content-Type must be text/xml; charset=utf-8, without attachments");
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new TransportRefusal(415, "Content-Encoding must be left out: send the message as it is");
  }
}

const charsetOf = ({ headers }: FastifyRequest): string | undefined =>
  /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers["content-type"] ?? "")?.[1];
