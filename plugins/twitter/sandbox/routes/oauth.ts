/** X's OAuth 1.0a endpoints (docs.x.com, Authentication: API reference, PIN-based OAuth). */
import { isOld } from "../authorize.ts";
import { type ApiAnswer, problem } from "../problems.ts";
import { ACCESS_LEVELS } from "../settings.ts";
import { issueToken, randomWord } from "../state.ts";
import type { ApiCall, ApiRoute } from "./api-route.ts";

const form = (fields: Record<string, string>): ApiAnswer => ({
  status: 200,
  body: new URLSearchParams(fields).toString(),
  headers: { "content-type": "text/html;charset=utf-8" },
});

/** Seen for a missing, wrong or used verifier. */
const INVALID_TOKEN: ApiAnswer = {
  status: 401,
  body: "Invalid / expired Token",
  headers: { "content-type": "text/html;charset=utf-8" },
};

function requestToken({ state, signed, style }: ApiCall): ApiAnswer {
  const callback = signed.get("oauth_callback");
  if (callback === undefined) return problem("bad-authentication-data", style);
  // The sandbox's app has no callback address, so that only the PIN flow works.
  if (callback !== "oob") return problem("callback-not-approved", style);
  const wished = ACCESS_LEVELS.find((level) => level === signed.get("x_auth_access_type"));
  const token = {
    token: randomWord(state, 27),
    secret: randomWord(state, 32),
    createdMs: state.now(),
    level: wished === "read" ? wished : state.settings.appPermission,
    consumerKey: signed.get("oauth_consumer_key") ?? state.app.consumerKey,
  };
  state.requestTokens.set(token.token, token);
  return form({ oauth_token: token.token, oauth_token_secret: token.secret, oauth_callback_confirmed: "true" });
}

/** One try for each PIN: whatever comes of it, the request token is gone. */
function accessToken({ state, signed, request }: ApiCall): ApiAnswer {
  if (!request) return INVALID_TOKEN;
  state.requestTokens.delete(request.token);
  const account = request.accountId === undefined ? undefined : state.accounts.get(request.accountId);
  if (!account || request.pin !== signed.get("oauth_verifier") || isOld(state, request.createdMs)) return INVALID_TOKEN;
  const token = issueToken(state, account, request.level, request.consumerKey);
  return form({ oauth_token: token.token, oauth_token_secret: token.secret, user_id: account.id, screen_name: account.name });
}

const invalidate = (path: string): ApiRoute => ({
  method: "POST",
  path,
  token: "access",
  run({ state, access }) {
    state.tokens.delete(access.token);
    return { status: 200, body: { access_token: access.token } };
  },
});

/** What self-serve apps get for v1.1 since June 2023. */
const closed = (method: "GET" | "POST", path: string): ApiRoute => ({
  method,
  path,
  token: "access",
  run: ({ style }) => problem("access-level", style),
});

export const OAUTH_ROUTES: readonly ApiRoute[] = [
  { method: "POST", path: "/oauth/request_token", token: "none", run: requestToken },
  { method: "POST", path: "/oauth/access_token", token: "request", run: accessToken },
  invalidate("/1.1/oauth/invalidate_token"),
  invalidate("/1.1/oauth/invalidate_token.json"),
  closed("POST", "/1.1/statuses/update.json"),
  closed("GET", "/1.1/account/verify_credentials.json"),
];
