import type { FastifyRequest } from "fastify";
import { TransportRefusal } from "./transport-errors.ts";

/** `application/json`, and no charset but JSON's own: in another one every umlaut would be posted wrong. */
const JSON_MEDIA = /^application\/json\s*(;\s*charset\s*=\s*"?(utf-8|utf8|us-ascii)"?\s*)?;?\s*$/i;

/** Throws what is answered 415. */
export function refuseMedia(request: FastifyRequest): void {
  const type = request.headers["content-type"];
  if (type === undefined || !JSON_MEDIA.test(type)) {
    throw new TransportRefusal(415, "Content-Type must be application/json (in UTF-8)");
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new TransportRefusal(415, "Content-Encoding must be left out: send the body as it is");
  }
}
