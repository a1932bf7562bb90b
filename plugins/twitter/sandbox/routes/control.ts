/** The control API under /sandbox, for tests, demos and the curious. JSON, no credentials, loopback only. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static, type TSchema } from "typebox";
import { authorizeByName } from "../authorize.ts";
import { checker } from "../checked.ts";
import { addFault, FaultOrder } from "../faults.ts";
import { findProblem, PROBLEM_NAMES } from "../problems.ts";
import { mergeSettings, SettingsChange } from "../settings.ts";
import { accountByName, addAccount, addApp, protect, resetState, revokeTokens, type SandboxAccount, type State } from "../state.ts";

const strict = { additionalProperties: false } as const;
const AccountOrder = Type.Object(
  {
    name: Type.String({ pattern: "^\\w{1,15}$" }),
    protected: Type.Optional(Type.Boolean()),
    token: Type.Optional(Type.String({ minLength: 1 })),
    tokenSecret: Type.Optional(Type.String({ minLength: 1 })),
    consumerKey: Type.Optional(Type.String({ minLength: 1 })),
  },
  strict,
);
const AppOrder = Type.Object({ consumerKey: Type.String({ minLength: 1 }), consumerSecret: Type.String({ minLength: 1 }) }, strict);
const AuthorizeOrder = Type.Object({ authorizeUrl: Type.String(), accountName: Type.String({ pattern: "^\\w{1,15}$" }) }, strict);

/** What the caller did wrong; becomes a 400 or 404 with this sentence. */
class Refusal extends Error {
  readonly statusCode: number;
  constructor(sentence: string, statusCode = 400) {
    super(sentence);
    this.statusCode = statusCode;
  }
}

/** Reads the body by a schema, or refuses and names what is wrong. */
function reader<Schema extends TSchema>(schema: Schema): (request: FastifyRequest) => Static<Schema> {
  const check = checker(schema);
  return ({ body }) => {
    const checked = check(body ?? {});
    if (checked.ok) return checked.value;
    const first = checked.errors.map((e) => `${e.instancePath || "/"} ${e.message}${describeExtra(e.params)}`);
    throw new Refusal(`The body is wrong: ${first.join("; ")}.`);
  };
}
const describeExtra = (params: Record<string, unknown>): string => (params.additionalProperty ? ` (${params.additionalProperty})` : "");

const readSettings = reader(SettingsChange);
const readAccount = reader(AccountOrder);
const readApp = reader(AppOrder);
const readFault = reader(FaultOrder);
const readAuthorize = reader(AuthorizeOrder);

function changeSettings(state: State, request: FastifyRequest): object {
  const change = readSettings(request);
  const unknown = protect(state, change.protected ?? {});
  if (unknown.length > 0) throw new Refusal(`No account is called ${unknown.join(", ")}.`, 404);
  state.settings = mergeSettings(state.settings, change);
  return state.settings;
}

function createAccount(state: State, request: FastifyRequest): object {
  const { account, token } = addAccount(state, readAccount(request));
  return { ...account, token: token.token, tokenSecret: token.secret };
}

function changeApp(state: State, request: FastifyRequest): object {
  const order = readApp(request);
  addApp(state, order);
  return { consumerKey: order.consumerKey, apps: state.apps.size };
}

function orderFault(state: State, request: FastifyRequest): object {
  const order = readFault(request);
  const { named } = order.fault;
  if (named !== undefined && !findProblem(named)) throw new Refusal(`No body is called ${named}; there are ${PROBLEM_NAMES.join(", ")}.`);
  return { id: addFault(state, order).id };
}

function authorize(state: State, request: FastifyRequest): object {
  const { authorizeUrl, accountName } = readAuthorize(request);
  const token = URL.parse(authorizeUrl)?.searchParams.get("oauth_token") ?? "";
  const pin = authorizeByName(state, token, accountName);
  if (pin === undefined) throw new Refusal("The address holds no request token that is still good.", 404);
  return { pin };
}

/** What can be done to one account, by the last part of the path. */
const ACCOUNT_VERBS: Record<string, (state: State, account: SandboxAccount) => object> = {
  revoke: (state, account) => ({ revoked: revokeTokens(state, account) }),
  lock: (_state, account) => Object.assign(account, { locked: true }),
  unlock: (_state, account) => Object.assign(account, { locked: false }),
};

function posts(state: State): object[] {
  return state.posts.map(({ acceptedMs: _, ...post }) => post);
}

const faults = (state: State): object[] =>
  state.faults
    .filter(({ left }) => left > 0)
    .map(({ id, order, left, skip }) => ({ id, ...order, left: left === Infinity ? null : left, skip }));

/** Everything under /sandbox: method, path, what it does. */
const TABLE: readonly [method: "GET" | "POST" | "DELETE", path: string, run: (state: State, request: FastifyRequest) => object][] = [
  ["GET", "/sandbox/posts", posts],
  ["GET", "/sandbox/requests", (state) => state.requests],
  ["GET", "/sandbox/settings", (state) => state.settings],
  ["POST", "/sandbox/settings", changeSettings],
  ["GET", "/sandbox/accounts", (state) => [...state.accounts.values()]],
  ["POST", "/sandbox/accounts", createAccount],
  ["POST", "/sandbox/apps", changeApp],
  ["GET", "/sandbox/faults", faults],
  ["POST", "/sandbox/faults", orderFault],
  ["POST", "/sandbox/authorize", authorize],
];

export function addControl(app: FastifyInstance, state: State): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: error.message }),
  );
  for (const [method, url, run] of TABLE) app.route({ method, url, handler: async (request) => run(state, request) });
  app.delete("/sandbox/faults", async () => ({ forgotten: state.faults.splice(0).length }));
  app.post("/sandbox/reset", async () => {
    resetState(state);
    return { reset: true };
  });
  app.post<{ Params: { name: string; verb: string } }>("/sandbox/accounts/:name/:verb", async ({ params }, reply: FastifyReply) => {
    const account = accountByName(state, params.name);
    const run = Object.hasOwn(ACCOUNT_VERBS, params.verb) ? ACCOUNT_VERBS[params.verb] : undefined;
    if (!account || !run) return reply.code(404).send({ error: `No account ${params.name}, or nothing called ${params.verb}.` });
    return run(state, account);
  });
}
