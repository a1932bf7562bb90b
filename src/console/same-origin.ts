/** Whether a request comes from a page of this host. */
import type { FastifyRequest } from "fastify";

/**
 * By `Sec-Fetch-Site` (Fetch Metadata, section 2.2), which no page can set, and by `Origin`, which every browser sends
 * with a POST (Fetch, section 3.2). Of a request that has neither nobody knows where it comes from: refused.
 */
export function isSameOrigin(request: Pick<FastifyRequest, "headers" | "host" | "protocol">): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin } = request.headers;
  return origin === undefined ? site !== undefined : isOwn(origin, request);
}

/** By host and port: a proxy that does TLS is no other origin, though this host sees plain HTTP. */
function isOwn(origin: string, { host }: Pick<FastifyRequest, "host">): boolean {
  try {
    const { protocol, host: from } = new URL(origin);
    return /^https?:$/.test(protocol) && from === new URL(`${protocol}//${host}`).host;
  } catch {
    return false;
  }
}
