import type { FastifyInstance } from "fastify";
import type { Refusal } from "../rpc/transport-errors.ts";
import { frame } from "./frame.ts";
import { html } from "./html.ts";

export const HTML_MEDIA = "text/html; charset=utf-8";

/** Nothing inline, nothing from elsewhere: what gets past the escaping still can't run (CSP level 3). */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

export function addPageHeaders(app: FastifyInstance): void {
  app.addHook("onRequest", (_request, reply, done) => {
    reply.header("content-security-policy", POLICY);
    reply.header("cross-origin-opener-policy", "same-origin");
    reply.header("origin-agent-cluster", "?1");
    // With "no-referrer" a browser sends its own forms with `Origin: null` (Fetch, section 3.2), and none could be told from a forged one.
    reply.header("referrer-policy", "same-origin");
    done();
  });
}

/** What HTTP itself refuses below `/console`. */
export function refusalPages({ status, sentence, reference }: Refusal): { type: string; body: string } {
  const title = reference === undefined ? (status === 404 ? "Not found" : "That can’t be done") : "Something broke";
  const more = reference !== undefined && html`<p>The reference leads to its line in the host’s log; please report it.</p>`;
  return { type: HTML_MEDIA, body: String(frame({ title, body: html`<p>${sentence}</p>${more}<p><a href="/">Overview</a></p>` })) };
}
