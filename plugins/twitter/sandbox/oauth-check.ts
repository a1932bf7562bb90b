/** Whether a request is signed as OAuth 1.0a asks: key, method, timestamp, token, signature, nonce (RFC 5849 section 3.2). */
import type { ProblemName } from "./problems.ts";
import { baseString, decodeForm, type Pair, readAuthorization, signature } from "./signature.ts";
import type { AccessToken, RequestToken, State } from "./state.ts";

/** `url` is absolute with its query; `form` the parameters of a form body, never those of a JSON body. */
export type SignedRequest = { method: string; url: string; authorization: string | undefined; form: readonly Pair[] };
/** Whose secret signs: nobody's yet, a request token's, an access token's. */
export type TokenKind = "none" | "request" | "access";
export type OAuthChecked =
  | { ok: true; params: ReadonlyMap<string, string>; access?: AccessToken; request?: RequestToken }
  | { ok: false; problem: ProblemName };

const no = (problem: ProblemName): OAuthChecked => ({ ok: false, problem });

export function checkOAuth(state: State, kind: TokenKind, request: SignedRequest): OAuthChecked {
  const header = readAuthorization(request.authorization);
  if (!header) return no("bad-authentication-data");
  const pairs = [...header, ...decodeForm(new URL(request.url).search), ...request.form];
  const params = new Map(pairs);
  // X refuses a name that comes twice, although RFC 5849 allows it (docs.x.com, Creating a signature).
  if (params.size !== pairs.length || !isWellFormed(params)) return no("bad-authentication-data");
  const app = state.apps.get(params.get("oauth_consumer_key") ?? "");
  if (!app) return no("unauthorized");
  if (!isTimely(state, params)) return no("timestamp-out-of-bounds");
  const found = findToken(state, kind, params.get("oauth_token"));
  const madeFor = (found?.token.access ?? found?.token.request)?.consumerKey ?? app.consumerKey;
  if (!found || madeFor !== app.consumerKey) return no("invalid-token");
  const signed = pairs.filter(([name]) => name !== "realm" && name !== "oauth_signature");
  const expected = signature(baseString(request.method, request.url, signed), app.consumerSecret, found.secret);
  if (expected !== params.get("oauth_signature")) return no("unauthorized");
  if (!takeNonce(state, params)) return no("unauthorized");
  return { ok: true, params, ...found.token };
}

function isWellFormed(params: ReadonlyMap<string, string>): boolean {
  const version = params.get("oauth_version");
  return (
    params.get("oauth_signature_method") === "HMAC-SHA1" &&
    (version === undefined || version === "1.0") &&
    /^[1-9]\d*$/.test(params.get("oauth_timestamp") ?? "") &&
    // X wants the nonce in ASCII.
    /^[\x21-\x7e]+$/.test(params.get("oauth_nonce") ?? "") &&
    params.has("oauth_signature")
  );
}

const isTimely = (state: State, params: ReadonlyMap<string, string>): boolean =>
  Math.abs(Number(params.get("oauth_timestamp")) - state.clock() / 1000) <= state.settings.toleranceSeconds;

type Found = { secret: string; token: { access?: AccessToken; request?: RequestToken } };

function findToken(state: State, kind: TokenKind, name: string | undefined): Found | undefined {
  if (kind === "none") return { secret: "", token: {} };
  if (kind === "request") {
    const request = state.requestTokens.get(name ?? "");
    return request && { secret: request.secret, token: { request } };
  }
  const access = state.tokens.get(name ?? "");
  return access && { secret: access.secret, token: { access } };
}

/** A nonce is spent once for the same timestamp and token (RFC 5849 section 3.3). Old ones go when there are many. */
function takeNonce(state: State, params: ReadonlyMap<string, string>): boolean {
  const timestamp = Number(params.get("oauth_timestamp"));
  const key = `${timestamp} ${params.get("oauth_token") ?? ""} ${params.get("oauth_nonce")}`;
  if (state.nonces.has(key)) return false;
  state.nonces.set(key, timestamp);
  if (state.nonces.size % 10_000 === 0) forgetOldNonces(state);
  return true;
}

function forgetOldNonces(state: State): void {
  const oldest = state.clock() / 1000 - state.settings.toleranceSeconds;
  for (const [key, timestamp] of state.nonces) if (timestamp < oldest) state.nonces.delete(key);
}
