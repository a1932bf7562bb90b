/** Routes of the pages: each asks who is logged in, and each form whether this console sent it. */
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { addressOf, certificateOf } from "../rpc/who-calls.ts";
import { type Asked, callAs, type Failed } from "./asked.ts";
import type { ConsoleParts } from "./console.ts";
import { feedStream } from "./feed-stream.ts";
import { failureBody, frame } from "./frame.ts";
import { html } from "./html.ts";
import { liveStream } from "./live-stream.ts";
import { LOG_IN, sessionIdOf } from "./log-in.ts";
import { isOwnForm } from "./own-form.ts";
import type { Act, Page } from "./page.ts";
import { HTML_MEDIA } from "./page-headers.ts";
import type { Session, Sessions } from "./sessions.ts";
import { addStreamRoute } from "./stream-route.ts";

export type PageParts = ConsoleParts & { sessions: Sessions; pages: readonly Page[] };
export type Request = FastifyRequest<{ Params: Record<string, string>; Body: URLSearchParams | undefined }>;
type Visit = { session: Session; asked: Asked };

export function addPageRoutes(app: FastifyInstance, parts: PageParts): void {
  for (const page of parts.pages) {
    addShow(app, page, parts);
    for (const [name, act] of Object.entries(page.acts ?? {})) {
      addAct(app, page, `${page.path}/${name}`, act, parts);
      // A form that is shown again stands at its own address: whoever goes there once more is led to the page.
      app.get(`${page.path}/${name}`, (request, reply) => reply.redirect(request.url.slice(0, request.url.lastIndexOf(`/${name}`)), 303));
    }
    if (page.exports) addExport(app, page.path, page.exports, parts);
    if (page.json) addJson(app, page.json, parts);
    for (const stream of [page.live && liveStream(page.live, parts.monotonic), page.feed && feedStream(page.feed)])
      if (stream) addStreamRoute(app, stream, parts, (request) => visitOf(request, parts, false)?.asked);
  }
}

/** Undefined where nobody is logged in. */
function visitOf(request: Request, parts: PageParts, use = true): Visit | undefined {
  const id = sessionIdOf(request);
  const session = id === undefined ? undefined : parts.sessions.find(id, { use });
  if (!session) return undefined;
  const { name, role } = session.holder;
  const caller = { name, role, address: addressOf(request), ...certificateOf(request.raw.socket) };
  const query = new URLSearchParams(request.url.split("?").slice(1).join("?"));
  const call = callAs(caller, parts.calls, parts.admission.host);
  const asked = {
    caller,
    csrf: session.csrf,
    params: request.params,
    query,
    now: parts.now(),
    limits: parts.limits(),
    call,
    logInPages: session.logInPages,
  };
  return { session, asked };
}

const toLogIn = (reply: FastifyReply, next: string) => reply.redirect(`${LOG_IN}?${String(new URLSearchParams({ next }))}`, 303);

function addShow(app: FastifyInstance, page: Page, parts: PageParts): void {
  app.get(page.path, async (request: Request, reply) => {
    const visit = visitOf(request, parts);
    if (!visit) return toLogIn(reply, request.url);
    return sendPage(reply, page, visit, await page.show(visit.asked), parts);
  });
}

function sendPage(
  reply: FastifyReply,
  { path }: Pick<Page, "path">,
  { session, asked }: Visit,
  shown: Awaited<ReturnType<Page["show"]>>,
  parts: PageParts,
) {
  const { caller, csrf } = asked;
  const inside = { caller, csrf, path, menu: parts.pages };
  const content = shown.ok ? shown : { title: titleOf(shown), body: failureBody(shown) };
  return reply
    .code(shown.ok ? (shown.status ?? 200) : shown.status)
    .type(HTML_MEDIA)
    .send(String(frame({ title: content.title, body: content.body, notice: session.takeNotice(), session: inside })));
}

const TITLES: Readonly<Record<number, string>> = {
  400: "That can’t be asked",
  403: "Not allowed",
  404: "Not found",
  500: "Something broke",
};
const titleOf = ({ status }: Failed): string => TITLES[status] ?? "That did not work";

function addAct(app: FastifyInstance, page: Page, path: string, act: Act, parts: PageParts): void {
  app.post(path, async (request: Request, reply) => {
    const visit = visitOf(request, parts);
    // Nothing is done: what was typed before the session ended is not sent again behind somebody's back.
    if (!visit) return toLogIn(reply, placeOf(page));
    if (!isOwnForm(request, visit.asked.csrf)) return refuseForged(reply, page, visit, parts);
    const came = await act({ ...visit.asked, form: request.body ?? new URLSearchParams() });
    if (!("to" in came)) return sendPage(reply, page, visit, came, parts);
    visit.session.leaveNotice(came.notice);
    return reply.redirect(came.to, 303);
  });
}

/** Where a page can be opened; in place of one whose path has a parameter, the overview. */
const placeOf = ({ path }: Pick<Page, "path">): string => (path.includes(":") ? "/" : path);

function refuseForged(reply: FastifyReply, page: Page, { asked }: Visit, { log, pages }: PageParts) {
  const { caller, csrf } = asked;
  log.warn({ client: caller.name, address: caller.address }, "a form that no page of the console sent was refused");
  const body = html`<p>The form was not sent by a page of this console, or by one from before you logged in. Nothing was done.</p>
<p><a href="${placeOf(page)}">Open the page again</a></p>`;
  return reply
    .code(403)
    .type(HTML_MEDIA)
    .send(String(frame({ title: "Not allowed", body, session: { caller, csrf, path: page.path, menu: pages } })));
}

function addExport(app: FastifyInstance, path: string, exports: NonNullable<Page["exports"]>, parts: PageParts): void {
  app.get(`${path}.csv`, async (request: Request, reply) => {
    const visit = visitOf(request, parts);
    if (!visit) return toLogIn(reply, path);
    const exported = await exports(visit.asked);
    if (!exported.ok) return sendPage(reply, { path }, visit, exported, parts);
    const day = new Date(visit.asked.now).toISOString().slice(0, 10);
    reply.header("content-disposition", `attachment; filename="perch-${path.split("/").at(-1)}-${day}.csv"`);
    return reply.type("text/csv; charset=utf-8").send(Readable.from(exported.value));
  });
}

function addJson(app: FastifyInstance, { path, answer }: NonNullable<Page["json"]>, parts: PageParts): void {
  app.get(path, async (request: Request, reply) => {
    const visit = visitOf(request, parts);
    if (!visit) return reply.code(403).send({ message: "log in first" });
    const answered = await answer(visit.asked);
    if (answered.ok) return answered.value;
    return reply.code(answered.status).send({ message: answered.report.message, advice: answered.report.advice });
  });
}
