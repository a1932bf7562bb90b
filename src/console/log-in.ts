/** Log-in through the same gate as every call: the same throttle, lock-out and words. Each try is on record. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Fault, type FaultReport, hostFault, reportFault } from "../ar.ts";
import { ROLES } from "../contract.ts";
import type { Act } from "../host/verbs.ts";
import type { DoorParts } from "../rpc/door.ts";
import { givenName } from "../rpc/given-name.ts";
import { addressOf } from "../rpc/who-calls.ts";
import { cookie, endedCookie, readCookie } from "./cookie.ts";
import { csrfField, field } from "./forms.ts";
import { frame } from "./frame.ts";
import { html } from "./html.ts";
import { isOwnForm } from "./own-form.ts";
import { ownPath } from "./own-path.ts";
import { HTML_MEDIA } from "./page-headers.ts";
import type { Holder, Sessions } from "./sessions.ts";
import { newToken } from "./token.ts";

export const LOG_IN = "/console/log-in";
type Parts = Pick<DoorParts, "admission" | "audit" | "log"> & { sessions: Sessions; clients: () => readonly Holder[] };
type Form = FastifyRequest<{ Body: URLSearchParams | undefined }>;
type Shown = { status: number; next: string; name?: string; refused?: FaultReport; sentence?: string };

const isTls = ({ protocol }: Pick<FastifyRequest, "protocol">): boolean => protocol === "https";
type Sent = Pick<FastifyRequest, "headers" | "protocol">;
export const sessionIdOf = (request: Sent): string | undefined => readCookie("session", request.headers.cookie, isTls(request));

export function addLogInRoutes(app: FastifyInstance, parts: Parts): void {
  app.get<{ Querystring: { next?: unknown } }>(LOG_IN, (request, reply) => {
    const { next } = request.query;
    return sendLogIn(request, reply, { status: 200, next: ownPath(typeof next === "string" ? next : undefined) });
  });
  app.post(LOG_IN, (request: Form, reply) => logIn(request, reply, parts));
  app.post("/console/log-out", (request: Form, reply) => logOut(request, reply, parts));
}

async function logIn(request: Form, reply: FastifyReply, parts: Parts): Promise<FastifyReply> {
  const { audit, log, sessions } = parts;
  const form = request.body ?? new URLSearchParams();
  const next = ownPath(form.get("next"));
  if (!isOwnLogIn(request)) return sendLogIn(request, reply, { status: 403, next, sentence: FORGED });
  const [name, password] = [form.get("name") ?? "", form.get("password") ?? ""];
  if (name === "" || password === "")
    return sendLogIn(request, reply, { status: 400, next, name, sentence: "Give a name and a password." });
  const admitted = await admit({ name, password }, addressOf(request), parts);
  const act: Act = { caller: admitted.caller, method: "login", detail: {} };
  if (!admitted.ok) {
    await audit.recordRefusal(act, admitted.fault);
    if (admitted.retryAfterSeconds !== undefined) reply.header("retry-after", admitted.retryAfterSeconds);
    return sendLogIn(request, reply, {
      status: admitted.status,
      next,
      name,
      refused: reportFault(admitted.fault, parts.admission.host.faults),
    });
  }
  await audit.recordDone(act);
  log.info({ client: admitted.caller.name, address: admitted.caller.address }, "console log-in");
  const old = sessionIdOf(request);
  if (old !== undefined) sessions.end(old);
  return reply.header("set-cookie", cookie("session", sessions.begin(admitted.holder), isTls(request))).redirect(next, 303);
}

const FORGED = "The form came from another page, or the browser has lost its cookies since. Log in here.";

/**
 * Else a page elsewhere could log somebody in under a name of its own choice. Whoever is not logged in has no session to
 * bind a token to, so the browser keeps it: a cookie that the form must repeat (OWASP, "Double-Submit Cookie").
 */
function isOwnLogIn(request: Form): boolean {
  const kept = readCookie("log-in", request.headers.cookie, isTls(request));
  return kept !== undefined && isOwnForm(request, kept);
}

type Admitted =
  | { ok: true; caller: Act["caller"]; holder: Holder }
  | { ok: false; caller: Act["caller"]; status: number; fault: Fault; retryAfterSeconds?: number };

async function admit(pair: { name: string; password: string }, address: string, { admission, clients }: Parts): Promise<Admitted> {
  const admitted = await admission.gate.admitPair(pair, address);
  if (!admitted.ok) {
    const refused = {
      ok: false,
      caller: { name: givenName(pair.name), address },
      fault: hostFault("bad-password", admitted.cause),
    } as const;
    // Not 401: that would have to ask for HTTP Basic (RFC 9110, section 15.5.2), which the form is there to replace.
    return admitted.status === 429
      ? { ...refused, status: 429, retryAfterSeconds: admitted.retryAfterSeconds }
      : { ...refused, status: 403 };
  }
  const { caller } = admitted;
  const holder = clients().find(({ name }) => name === caller.name);
  if (holder && ROLES.indexOf(holder.role) >= ROLES.indexOf("operator")) return { ok: true, caller, holder };
  const cause = `the console needs the role operator; the client ${caller.name} has ${caller.role}`;
  return { ok: false, caller, status: 403, fault: hostFault("not-allowed", cause, "needs operator") };
}

async function logOut(request: Form, reply: FastifyReply, { audit, log, sessions }: Parts): Promise<FastifyReply> {
  const id = sessionIdOf(request);
  const session = id === undefined ? undefined : sessions.find(id);
  if (id !== undefined && session) {
    if (!isOwnForm(request, session.csrf)) return reply.redirect("/", 303);
    sessions.end(id);
    const { name, role } = session.holder;
    const address = addressOf(request);
    await audit.recordDone({ caller: { name, role, address }, method: "logout", detail: {} });
    log.info({ client: name, address }, "console log-out");
  }
  return reply.header("set-cookie", endedCookie("session", isTls(request))).redirect(LOG_IN, 303);
}

function sendLogIn(request: Sent, reply: FastifyReply, { status, next, name = "", refused, sentence }: Shown): FastifyReply {
  const tls = isTls(request);
  const kept = readCookie("log-in", request.headers.cookie, tls);
  // The same for each form of a browser, so that one in another tab still counts.
  const csrf = kept ?? newToken();
  if (kept === undefined) reply.header("set-cookie", cookie("log-in", csrf, tls));
  const why = sentence ?? refused?.message;
  const described = why !== undefined && html` aria-describedby="why" aria-invalid="true"`;
  const body = html`<form method="post" action="${LOG_IN}" class="panel log-in">${csrfField({ csrf })}
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
