import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";

/** No answer of a door is kept by anybody on the way. */
const CACHE = { "cache-control": "no-store" };
const ONE_YEAR_SECONDS = 31_536_000;

/** For the few answers that Fastify gives before it asks any hook. */
export const BARE_HEADERS = {
  ...CACHE,
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none';frame-ancestors 'none'",
};

/**
 * For answers that are data: a browser that shows one may load, frame and run nothing. A page replaces the policy on its
 * own route (`helmet` in the route's options).
 */
export async function addSecurityHeaders(app: FastifyInstance, { tls }: { tls: boolean }): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] } },
    // Over plain HTTP a browser must ignore it (RFC 6797, section 8.1), and a proxy in front has its own to send.
    strictTransportSecurity: tls ? { maxAge: ONE_YEAR_SECONDS, includeSubDomains: false } : false,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
  });
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers(CACHE);
  });
}
