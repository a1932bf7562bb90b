/** Puts the rows of the API on the server: who calls, which fault it meets, what X would say, how it is sent. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { answerInstead, isAnswered, sendAnswer } from "../answer.ts";
import { type FaultKind, isCarriedOut, takeFault } from "../faults.ts";
import { FormBody } from "../form-body.ts";
import { takeLimit } from "../limits.ts";
import { checkOAuth, type OAuthChecked } from "../oauth-check.ts";
import { type ApiAnswer, type ErrorStyle, invalidRequest, type ProblemName, problem } from "../problems.ts";
import { decodeForm, readAuthorization } from "../signature.ts";
import { effectiveLevel, type RequestRecord, recordRequest, type State } from "../state.ts";
import type { ApiCall, ApiRoute } from "./api-route.ts";
import { OAUTH_ROUTES } from "./oauth.ts";
import { V2_ROUTES } from "./v2.ts";

/** What is known of a request while it is under way. */
type Exchange = { record: RequestRecord; kind: FaultKind };
const exchanges = new WeakMap<FastifyRequest, Exchange>();
const exchangeOf = (request: FastifyRequest): Exchange | undefined => exchanges.get(request);

export function addApi(app: FastifyInstance, state: State, log: (line: string) => void): void {
  app.addHook("onRequest", async (request, reply) => {
    const exchange = openExchange(state, request);
    exchanges.set(request, exchange);
    if (isPost(request)) state.watch("arrived");
    if (exchange.kind.reset !== "before") return;
    reply.hijack();
    request.raw.socket.resetAndDestroy();
  });
  app.addHook("onResponse", async (request) => {
    if (isPost(request)) state.watch("answered");
  });
  app.setErrorHandler((_error, request, reply) => {
    const complaint = { parameters: { $: ["unreadable"] }, message: "$: the body is not readable" };
    finish(state, request, reply, invalidRequest([complaint]), log);
  });
  for (const route of [...OAUTH_ROUTES, ...V2_ROUTES]) {
    app.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => {
        const answer = await answerUnderFault(state, route, request);
        finish(state, request, reply, answer, log);
        return reply;
      },
    });
  }
}

const isPost = (request: FastifyRequest): boolean => request.method === "POST" && pathOf(request) === "/2/tweets";

const pathOf = (request: FastifyRequest): string => request.url.split("?")[0] ?? request.url;

function openExchange(state: State, request: FastifyRequest): Exchange {
  const claimed = new Map(readAuthorization(request.headers.authorization) ?? []);
  const token = state.tokens.get(claimed.get("oauth_token") ?? "");
  const accountName = (token && state.accounts.get(token.accountId)?.name) ?? null;
  const fault = takeFault(state, request.method, pathOf(request), accountName);
  const timestamp = Number(claimed.get("oauth_timestamp"));
  const record: RequestRecord = {
    at: new Date(state.clock()).toISOString(),
    method: request.method,
    path: pathOf(request),
    status: null,
    accountName,
    oauthTimestamp: Number.isInteger(timestamp) ? timestamp : null,
    faultId: fault?.id ?? null,
  };
  recordRequest(state, record);
  return { record, kind: fault?.order.fault ?? {} };
}

async function answerUnderFault(state: State, route: ApiRoute, request: FastifyRequest): Promise<ApiAnswer> {
  const kind = exchangeOf(request)?.kind ?? {};
  if (kind.delayMs !== undefined) await sleep(kind.delayMs, undefined, { ref: false });
  const own = isCarriedOut(kind) ? answerAsX(state, route, request) : problem("over-capacity", "v2");
  return answerInstead(kind, state) ?? own;
}

function finish(state: State, request: FastifyRequest, reply: FastifyReply, answer: ApiAnswer, log: (line: string) => void): void {
  const exchange = exchangeOf(request);
  const kind = exchange?.kind ?? {};
  const status = isAnswered(kind) ? answer.status : null;
  if (exchange) exchange.record.status = status;
  log(`${request.method} ${pathOf(request)} ${status ?? "no answer"} ${exchange?.record.accountName ?? "-"}`);
  sendAnswer(reply, answer, kind, state);
}

/** `/oauth` and `/1.1` speak v1.1 whatever is set for `/2`. */
const styleOf = (state: State, path: string): ErrorStyle =>
  state.settings.errorStyle === "plain401" || path.startsWith("/2/") ? state.settings.errorStyle : "v1";

function answerAsX(state: State, route: ApiRoute, request: FastifyRequest): ApiAnswer {
  const style = styleOf(state, route.path);
  const url = `http://${request.headers.host ?? "127.0.0.1"}${request.url}`;
  const form = request.body instanceof FormBody ? request.body.pairs : [];
  const checked = checkOAuth(state, route.token, { method: request.method, url, authorization: request.headers.authorization, form });
  if (!checked.ok) return problem(checked.problem, unauthorizedStyle(state, style, checked.problem));
  const params: unknown = request.params;
  const call: ApiCall = {
    state,
    style,
    signed: checked.params,
    query: new Map(decodeForm(new URL(url).search)),
    id: String(Object.entries(params ?? {}).find(([name]) => name === "id")?.[1] ?? ""),
    body: request.body,
    ...(checked.request && { request: checked.request }),
  };
  return route.token === "access" ? answerUser(route, call, checked) : route.run(call);
}

/** A dead token has been seen in both forms under /2. */
const unauthorizedStyle = (state: State, style: ErrorStyle, name: ProblemName): ErrorStyle =>
  name === "invalid-token" && style === "v2" ? state.settings.revokedStyle : style;

/** The rules that hold for every call with an access token. */
function answerUser(route: Extract<ApiRoute, { token: "access" }>, call: ApiCall, checked: Extract<OAuthChecked, { ok: true }>): ApiAnswer {
  const { state, style } = call;
  const { access } = checked;
  const account = access && state.accounts.get(access.accountId);
  if (!access || !account) return problem("invalid-token", style);
  const level = effectiveLevel(state, access);
  const limit = route.limit ? takeLimit(state, route.limit, account.id) : { allowed: true, headers: {} };
  const headers = { "x-access-level": level, ...limit.headers };
  const answer = refuseUser(route.writes === true && level === "read", account.locked, limit.allowed);
  const body = answer ? problem(answer, style) : route.run({ ...call, access, account });
  return { ...body, headers: { ...body.headers, ...headers } };
}

function refuseUser(lacksRight: boolean, locked: boolean, allowed: boolean): ProblemName | undefined {
  if (!allowed) return "rate-limited";
  if (locked) return "account-locked";
  return lacksRight ? "oauth1-permissions" : undefined;
}
