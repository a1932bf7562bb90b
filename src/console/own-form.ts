import { timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { isSameOrigin } from "./same-origin.ts";

/** Whether a form was sent from a page of this console, with the token that was given out for it. */
export function isOwnForm(request: FastifyRequest<{ Body: URLSearchParams | undefined }>, token: string): boolean {
  return isSameOrigin(request) && isSameToken(request.body?.get("csrf") ?? "", token);
}

/** Compared in a time that tells nothing of where they differ. */
function isSameToken(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}
