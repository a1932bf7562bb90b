/** The pages: time line, one post, log-in and PIN. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { authorizeByName, openRequestToken } from "../authorize.ts";
import { FormBody } from "../form-body.ts";
import { cancelledPage, expiredPage, loginPage, OTHER, pinPage } from "../pages/authorize.ts";
import { layout, PAGE_HEADERS, type Page } from "../pages/layout.ts";
import { missingPage, postPage, timelinePage } from "../pages/timeline.ts";
import { accountByName, type State } from "../state.ts";

const show = (reply: FastifyReply, page: Page, status = 200): FastifyReply => reply.code(status).headers(PAGE_HEADERS).send(layout(page));

type AuthorizeQuery = { oauth_token?: string; screen_name?: string; force_login?: string };

export function addPages(app: FastifyInstance, state: State): void {
  app.get("/", (_request, reply) => show(reply, timelinePage(state)));
  app.get<{ Params: { name: string; id: string } }>("/:name/status/:id", ({ params }, reply) => {
    const page = postPage(state, params.name, params.id);
    return show(reply, page ?? missingPage(), page ? 200 : 404);
  });
  app.get<{ Querystring: AuthorizeQuery }>("/oauth/authorize", ({ query }, reply) => {
    const token = String(query.oauth_token ?? "");
    if (!openRequestToken(state, token)) return show(reply, expiredPage(), 401);
    return show(reply, loginPage(state, { token, screenName: String(query.screen_name ?? "") }));
  });
  app.post("/oauth/authorize", ({ body }, reply) => {
    const form = new Map(body instanceof FormBody ? body.pairs : []);
    const { page, status } = answerLogin(state, form);
    return show(reply, page, status);
  });
}

function answerLogin(state: State, form: ReadonlyMap<string, string>): { page: Page; status: number } {
  const token = form.get("oauth_token") ?? "";
  if (!openRequestToken(state, token)) return { page: expiredPage(), status: 401 };
  if (form.get("answer") === "cancel") {
    state.requestTokens.delete(token);
    return { page: cancelledPage(state), status: 200 };
  }
  const choice = form.get("account") ?? OTHER;
  const name = (choice === OTHER ? (form.get("other") ?? "") : choice).trim().replace(/^@/, "");
  if (!/^\w{1,15}$/.test(name)) {
    const wrong = "An account name has 1 to 15 letters, digits or underscores.";
    return { page: loginPage(state, { token, screenName: name, wrong }), status: 400 };
  }
  const pin = authorizeByName(state, token, name);
  if (pin === undefined) return { page: expiredPage(), status: 401 };
  return { page: pinPage(state, pin, accountByName(state, name)?.name ?? name), status: 200 };
}

export const sendMissing = (reply: FastifyReply): FastifyReply => show(reply, missingPage(), 404);
