import t from "tap";
import { openStage, PASSWORDS, type Stage } from "../stage.ts";
import { AS_WORKFLOW, bearer, curl, GRANT, JSON_BODY } from "./rest-client.ts";

const tokenOf = async (stage: Stage, user = AS_WORKFLOW): Promise<string> => {
  const answer = await curl(...user, ...GRANT, `${stage.host.url}/oauth2/token`);
  return String(answer.json().access_token);
};
const LANES = ["-d", '{"jsonrpc":"2.0","id":1,"method":"lanes.list"}'];
const AS_OPERATOR = ["-u", `operator:${PASSWORDS.operator}`];
const clientsWith = (changed: { name: string; role: string; password: string }[]) => ({
  credentials: { clients: [{ name: "admin", role: "admin", password: PASSWORDS.admin }, ...changed] },
});

t.test("client credentials in the header or in the body get a token that nobody keeps", async (t) => {
  const stage = await openStage(t);
  const url = `${stage.host.url}/oauth2/token`;
  const inBody = ["-d", "client_id=workflow", "--data-urlencode", `client_secret=${PASSWORDS.workflow}`];
  for (const credentials of [AS_WORKFLOW, inBody, [...AS_WORKFLOW, "-d", "client_id=workflow"], [...AS_WORKFLOW, "-d", "client_secret="]]) {
    const answer = await curl(...credentials, ...GRANT, "-d", "scope=anything", url);
    t.equal(answer.status, 200);
    t.same(answer.headers["content-type"], ["application/json; charset=utf-8"]);
    t.same(answer.headers["cache-control"], ["no-store"]);
    t.same(answer.headers.pragma, ["no-cache"]);
    const { access_token: token, ...rest } = answer.json();
    t.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    t.same(rest, { token_type: "Bearer", expires_in: 600, scope: "workflow" });
  }
});

t.test("a token is taken wherever a password is, with its client's role", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const { url } = stage.host;
  const token = await tokenOf(stage);
  const notified = await curl(...bearer(token), ...JSON_BODY, "-d", '{"text":"VPN is slow","waitSeconds":60}', `${url}/notify`);
  t.match(notified.json(), { deliveries: [{ state: "delivered" }] });
  const { deliveries } = notified.json() as { deliveries: { id: string }[] };
  t.equal((await curl(...bearer(token), `${url}/deliveries/${deliveries[0]?.id}`)).status, 200);
  t.match((await curl(...bearer(token), ...JSON_BODY, ...LANES, `${url}/rpc`)).json(), { error: { data: { reason: "not-allowed" } } });
  t.equal((await curl(...bearer(token), `${url}/metrics`)).status, 403);
  const operator = await tokenOf(stage, AS_OPERATOR);
  t.match((await curl(...bearer(operator), ...JSON_BODY, ...LANES, `${url}/rpc`)).json(), { result: { lanes: [] } });
  t.equal((await curl(...bearer(operator), `${url}/metrics`)).status, 200);
});

t.test("a wrong token is 401 with invalid_token on every way in, and locks nobody out", async (t) => {
  const stage = await openStage(t);
  const { url } = stage.host;
  const token = await tokenOf(stage);
  const [header, payload, signature = ""] = token.split(".");
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  const wrong = [
    "",
    "x",
    `${none}.${payload}.`,
    `${header}.${payload}.${signature.split("").reverse().join("")}`,
    `${token}x`,
    token.slice(1),
  ];
  for (const path of ["/notify", "/deliveries/x", "/rpc", "/metrics"]) {
    const body = path === "/notify" || path === "/rpc" ? [...JSON_BODY, "-d", "{}"] : [];
    for (const one of wrong) {
      const answer = await curl("-H", `Authorization: Bearer ${one}`, ...body, url + path);
      t.equal(answer.status, 401, `${path} ${one.slice(0, 60)}`);
      if (one !== "")
        t.match(answer.headers["www-authenticate"], [/^Bearer realm="perch", error="invalid_token", error_description="[^"]+"$/]);
    }
  }
  t.equal((await curl(...bearer(token), `${url}/deliveries/x`)).status, 404, "the right one is still taken");
  t.equal((await curl(...AS_WORKFLOW, `${url}/deliveries/x`)).status, 404, "and so is the password");
});

t.test("a token ends after ten minutes, and with its client or his password", async (t) => {
  const stage = await openStage(t, clientsWith([{ name: "workflow", role: "workflow", password: PASSWORDS.workflow }]));
  const { url } = stage.host;
  const token = await tokenOf(stage);
  const ask = async () => {
    const { status, headers } = await curl(...bearer(token), `${url}/deliveries/x`);
    return status === 404 ? "taken" : `${status} ${headers["www-authenticate"]}`;
  };
  stage.setClock(599);
  t.equal(await ask(), "taken");
  stage.setClock(700);
  t.match(await ask(), /^401 .*expired/);
  stage.setClock(0);
  t.equal(await ask(), "taken");
  await stage.configure(clientsWith([{ name: "workflow", role: "workflow", password: "another password" }]));
  t.match(await ask(), /^401 .*another password/);
  await stage.configure(clientsWith([{ name: "workflow", role: "workflow", password: PASSWORDS.workflow }]));
  t.equal(await ask(), "taken", "the old password is in force again");
  await stage.configure(clientsWith([]));
  t.match(await ask(), /^401 .*gone/);
});

t.test("the role of a token is that of now", async (t) => {
  const stage = await openStage(t, clientsWith([{ name: "ops", role: "workflow", password: "p" }]));
  const token = await tokenOf(stage, ["-u", "ops:p"]);
  const metrics = async () => (await curl(...bearer(token), `${stage.host.url}/metrics`)).status;
  t.equal(await metrics(), 403);
  await stage.configure(clientsWith([{ name: "ops", role: "operator", password: "p" }]));
  t.equal(await metrics(), 200);
});

const vaultOf = (...keys: { id: string; byte: number }[]) => ({
  credentials: { vault: { keys: keys.map(({ id, byte }) => ({ id, key: Buffer.alloc(32, byte).toString("base64") })) } },
});

t.test("hosts with the same vault take each other's tokens, those with another do not", async (t) => {
  const [one, two, other] = [await openStage(t), await openStage(t), await openStage(t, vaultOf({ id: "test", byte: 8 }))];
  const token = await tokenOf(one);
  const status = async (stage: Stage) => (await curl(...bearer(token), `${stage.host.url}/deliveries/x`)).status;
  t.equal(await status(one), 404);
  t.equal(await status(two), 404);
  t.equal(await status(other), 401);
  await one.restart();
  t.equal(await status(one), 404, "a host that was restarted takes what it gave before");
});

t.test("a vault key that is rotated takes no token along until it goes", async (t) => {
  const old = { id: "old", byte: 1 };
  const young = { id: "new", byte: 2 };
  const stage = await openStage(t, vaultOf(old));
  const token = await tokenOf(stage);
  const status = async () => (await curl(...bearer(token), `${stage.host.url}/deliveries/x`)).status;
  await stage.configure(vaultOf(young, old));
  t.equal(await status(), 404);
  await stage.configure(vaultOf(young));
  t.equal(await status(), 401);
});

t.test("wrong requests are refused as RFC 6749 has it", async (t) => {
  const stage = await openStage(t);
  const url = `${stage.host.url}/oauth2/token`;
  const FORM = ["-H", "Content-Type: application/x-www-form-urlencoded"];
  const secret = ["-d", `client_secret=${PASSWORDS.workflow}`];
  const cases: [title: string, args: string[], status: number, error: string, description: RegExp][] = [
    ["no grant", [...AS_WORKFLOW, "-d", "scope=x"], 400, "invalid_request", /grant_type is missing/],
    ["an empty grant", [...AS_WORKFLOW, "-d", "grant_type="], 400, "invalid_request", /grant_type is missing/],
    ["no body", [...AS_WORKFLOW, ...FORM, "-X", "POST"], 400, "invalid_request", /grant_type is missing/],
    ["another grant", [...AS_WORKFLOW, "-d", "grant_type=password"], 400, "unsupported_grant_type", /must be client_credentials/],
    ["a grant twice", [...AS_WORKFLOW, ...GRANT, ...GRANT], 400, "invalid_request", /given twice/],
    ["JSON", [...AS_WORKFLOW, ...JSON_BODY, "-d", '{"grant_type":"client_credentials"}'], 400, "invalid_request", /Content-Type must be/],
    [
      "a grant with a byte that is no UTF-8",
      [...AS_WORKFLOW, "-d", "grant_type=client_credentials%ff"],
      400,
      "unsupported_grant_type",
      /./,
    ],
    ["both ways at once", [...AS_WORKFLOW, ...GRANT, ...secret], 400, "invalid_request", /not in both/],
    ["two clients", [...AS_WORKFLOW, ...GRANT, "-d", "client_id=admin"], 400, "invalid_request", /another client/],
    ["nobody", GRANT, 401, "invalid_client", /client_id and client_secret are missing/],
    ["no secret", [...GRANT, "-d", "client_id=workflow"], 401, "invalid_client", /are missing/],
    ["a wrong secret", [...GRANT, "-d", "client_id=workflow", "-d", "client_secret=x"], 401, "invalid_client", /no client has/],
    ["a wrong name", [...GRANT, "-d", "client_id=nobody", ...secret], 401, "invalid_client", /no client has/],
    ["a wrong header", ["-u", "workflow:x", ...GRANT], 401, "invalid_client", /no client has/],
    ["a header that is no Basic", [...bearer("x"), ...GRANT], 401, "invalid_client", /are missing/],
    ["GET", [], 405, "invalid_request", /\/oauth2\/token takes POST, not GET/],
    ["too long", [...AS_WORKFLOW, ...GRANT, "-d", `x=${"x".repeat(20_000)}`], 413, "invalid_request", /larger than 16384 bytes/],
  ];
  for (const [title, args, status, error, description] of cases) {
    const answer = await curl(...args, url);
    t.equal(answer.status, status, title);
    t.same(answer.headers["cache-control"], ["no-store"]);
    t.same(answer.headers["www-authenticate"], status === 401 ? ['Basic realm="perch", charset="UTF-8"'] : undefined, title);
    t.same(Object.keys(answer.json()), ["error", "error_description"]);
    // RFC 6749, section 5.2: no quote, no backslash, nothing beyond ASCII.
    t.match(answer.json(), { error, error_description: /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/ }, title);
    t.match(answer.json().error_description, description, title);
  }
});

t.test("guessing is throttled here as everywhere, and in one account with it", async (t) => {
  const stage = await openStage(t);
  const guess = (n: number) =>
    curl(...GRANT, "-d", "client_id=workflow", "-d", `client_secret=wrong${n}`, `${stage.host.url}/oauth2/token`);
  for (let n = 0; n < 3; n += 1) t.equal((await guess(n)).status, 401);
  for (let n = 0; n < 2; n += 1) t.equal((await curl("-u", `workflow:no${n}`, `${stage.host.url}/deliveries/x`)).status, 401);
  const throttled = await curl(...AS_WORKFLOW, ...GRANT, `${stage.host.url}/oauth2/token`);
  t.equal(throttled.status, 429);
  t.match(throttled.headers["retry-after"], [/^[1-9]\d*$/]);
  t.match(throttled.json(), { error: "temporarily_unavailable", error_description: /too many wrong passwords/ });
});

t.test("a name and secret that are form-encoded in the header are taken, and those that only look so too", async (t) => {
  const client = { name: "ar server", role: "workflow", password: "100%+a&b%41" };
  const stage = await openStage(t, clientsWith([client]));
  const encoded = [client.name, client.password].map((text) => new URLSearchParams({ "": text }).toString().slice(1)).join(":");
  for (const user of [encoded, `${client.name}:${client.password}`]) {
    t.equal((await curl("-u", user, ...GRANT, `${stage.host.url}/oauth2/token`)).status, 200, user);
  }
  const inBody = ["--data-urlencode", `client_id=${client.name}`, "--data-urlencode", `client_secret=${client.password}`];
  t.equal((await curl(...inBody, ...GRANT, `${stage.host.url}/oauth2/token`)).status, 200);
});
