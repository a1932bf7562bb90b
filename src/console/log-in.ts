/** Log-in through the same gate as every call: the same throttle, lock-out and words. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type FaultReport, hostFault, reportFault } from "../ar.ts";
import { ROLES } from "../contract.ts";
import type { DoorParts } from "../rpc/door.ts";
import { addressOf } from "../rpc/who-calls.ts";
import { endedCookie, readSessionCookie, sessionCookie } from "./cookie.ts";
import { field } from "./forms.ts";
import { frame } from "./frame.ts";
import { html } from "./html.ts";
import { ownPath } from "./own-path.ts";
import { HTML_MEDIA } from "./page-headers.ts";
import { isSameOrigin } from "./same-origin.ts";
import type { Holder, Sessions } from "./sessions.ts";

export const LOG_IN = "/console/log-in";
type Parts = Pick<DoorParts, "admission" | "log"> & { sessions: Sessions; clients: () => readonly Holder[] };
type Shown = { status: number; next: string; name?: string; refused?: FaultReport; sentence?: string };

export const isTls = ({ protocol }: FastifyRequest): boolean => protocol === "https";
export const sessionIdOf = (request: FastifyRequest): string | undefined => readSessionCookie(request.headers.cookie, isTls(request));

export function addLogInRoutes(app: FastifyInstance, { admission, log, sessions, clients }: Parts): void {
  const { gate, host } = admission;

  app.get<{ Querystring: { next?: unknown } }>(LOG_IN, (request, reply) => {
    const { next } = request.query;
    return sendLogIn(reply, { status: 200, next: ownPath(typeof next === "string" ? next : undefined) });
  });

  app.post<{ Body: URLSearchParams | undefined }>(LOG_IN, async (request, reply) => {
    const form = request.body ?? new URLSearchParams();
    const next = ownPath(form.get("next"));
    // Else a page elsewhere could log somebody in under a name of its own choice.
    if (!isSameOrigin(request)) return sendLogIn(reply, { status: 403, next, sentence: "The form came from another page. Log in here." });
    const name = form.get("name") ?? "";
    const password = form.get("password") ?? "";
    if (name === "" || password === "") return sendLogIn(reply, { status: 400, next, name, sentence: "Give a name and a password." });
    const admitted = await gate.admitPair({ name, password }, addressOf(request));
    if (!admitted.ok) {
      if (admitted.status === 429) reply.header("retry-after", admitted.retryAfterSeconds);
      const refused = reportFault(hostFault("bad-password", admitted.cause), host.faults);
      // Not 401: that would have to ask for HTTP Basic (RFC 9110, section 15.5.2), which the form is there to replace.
      return sendLogIn(reply, { status: admitted.status === 429 ? 429 : 403, next, name, refused });
    }
    const holder = clients().find((client) => client.name === admitted.caller.name);
    if (!holder || ROLES.indexOf(holder.role) < ROLES.indexOf("operator")) return refuseRole(reply, admitted.caller, host.faults, next);
    log.info({ client: name, address: admitted.caller.address }, "console log-in");
    const old = sessionIdOf(request);
    if (old !== undefined) sessions.end(old);
    return reply.header("set-cookie", sessionCookie(sessions.begin(holder), isTls(request))).redirect(next, 303);
  });

  app.post<{ Body: URLSearchParams | undefined }>("/console/log-out", async (request, reply) => {
    const id = sessionIdOf(request);
    const session = id === undefined ? undefined : sessions.find(id);
    const isOwn = isSameOrigin(request) && session?.csrf === request.body?.get("csrf");
    if (id !== undefined && session && !isOwn) return reply.redirect("/", 303);
    if (id !== undefined) sessions.end(id);
    if (session) log.info({ client: session.holder.name, address: addressOf(request) }, "console log-out");
    return reply.header("set-cookie", endedCookie(isTls(request))).redirect(LOG_IN, 303);
  });
}

function refuseRole(
  reply: FastifyReply,
  { name, role }: Pick<Holder, "name" | "role">,
  faults: Parts["admission"]["host"]["faults"],
  next: string,
) {
  const fault = hostFault("not-allowed", `the console needs the role operator; the client ${name} has ${role}`, "needs operator");
  return sendLogIn(reply, { status: 403, next, name, refused: reportFault(fault, faults) });
}

function sendLogIn(reply: FastifyReply, { status, next, name = "", refused, sentence }: Shown): FastifyReply {
  const why = sentence ?? refused?.message;
  const described = why !== undefined && html` aria-describedby="why" aria-invalid="true"`;
  const body = html`<form method="post" action="${LOG_IN}" class="panel log-in">
<p>With the name and password of a client that is an operator or administrator.</p>
${why !== undefined && html`<div id="why" class="notice bad" role="alert"><p>${why}</p>${refused && html`<p>${refused.advice}</p>`}</div>`}
<input type="hidden" name="next" value="${next}">
${field("name", "Name", html`<input id="name" name="name" value="${name}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="255" required${name === "" && html` autofocus`}${described}>`)}
${field("password", "Password", html`<input id="password" name="password" type="password" autocomplete="current-password" required${name !== "" && html` autofocus`}${described}>`)}
<button class="main">Log in</button></form>`;
  return reply
    .code(status)
    .type(HTML_MEDIA)
    .send(String(frame({ title: "Log in", body })));
}
