import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import helmet from "helmet";

/** No answer of a door is kept by anybody on the way. */
const CACHE = { "cache-control": "no-store" };
const ONE_YEAR_SECONDS = 31_536_000;

/** For the few answers that Fastify gives before it asks any hook. */
export const BARE_HEADERS = {
  ...CACHE,
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none';frame-ancestors 'none'",
};

/** For answers that are data: a browser that shows one may load, frame and run nothing. A page sets a policy of its own. */
export function addSecurityHeaders(app: FastifyInstance, { tls }: { tls: boolean }): void {
  const headers = { ...headersOf(tls), ...CACHE };
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}

/** helmet works them out anew for each request (as does @fastify/helmet), though they are always the same: asked once. */
function headersOf(tls: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => Object.assign(headers, { [name.toLowerCase()]: value }),
    removeHeader() {},
  };
  const middleware = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] } },
    // Over plain HTTP a browser must ignore it (RFC 6797, section 8.1), and a proxy in front has its own to send.
    strictTransportSecurity: tls ? { maxAge: ONE_YEAR_SECONDS, includeSubDomains: false } : false,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
    // What says something of documents only, or to browsers that are gone; a page sets its own.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
  middleware({} as IncomingMessage, response as unknown as ServerResponse, (failure) => {
    if (failure) throw failure;
  });
  return headers;
}
