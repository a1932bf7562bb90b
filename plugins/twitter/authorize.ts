/**
 * Authorises an account with a PIN: OAuth 1.0a, `oob` (docs.x.com, pin-based-oauth).
 *
 * X gives one app and account the same token each time, so a token is given back only when it is another account's.
 */
import { type Answer, done, type Fault, hostFault, refused } from "../../src/ar.ts";
import type { AccountFacts, PluginContext, Token } from "../../src/contract.ts";
import { baseOf, type Call, gather, requestToken, type Service } from "./call.ts";
import type { Answered } from "./requests.ts";
import type { TokenPair } from "./sign.ts";
import { isBlocked, notProtected, readAccount } from "./users-me.ts";
import { type Evidence, judge } from "./verdict.ts";

export type Begun = { authorizeUrl: string; pending: Token };
export type Confirmed = { account: AccountFacts; token: Token };

/** Asks for a request token, and answers the page where the account's owner agrees and gets the PIN. */
export async function authorize(
  service: Service,
  { accountName }: { accountName: string },
  context: PluginContext,
): Promise<Answer<Begun>> {
  const evidence = await gather(service, requestToken, context);
  const form = readForm(evidence);
  // This call needs the consumer key and nothing else, so a 401 that is not the clock's is the key's.
  if (form === undefined) return refused(judge({ ...evidence, key: "refused" }).fault);
  const pair = readPair(form);
  if (pair === undefined || form.get("oauth_callback_confirmed") !== "true") return refused(unreadable("oauth/request_token"));
  const query = new URLSearchParams({ oauth_token: pair.key, force_login: "true", screen_name: nameOf(accountName) });
  return done({
    authorizeUrl: `${baseOf(service)}/oauth/authorize?${query}`,
    pending: { requestToken: pair.key, requestTokenSecret: pair.secret },
  });
}

export type Confirmation = { accountName: string; pending: Token; pin: string };

/** Turns the PIN into a token, and refuses the token when it can't do what the registration is for. */
export async function confirm(
  service: Service,
  request: Confirmation,
  context: PluginContext,
): Promise<Answer<Confirmed> & { spent?: true }> {
  const pin = request.pin.trim();
  // Checked here, because X takes each request token once: a slip of the hand would cost a new authorisation.
  if (!/^[0-9]{1,20}$/.test(pin)) return refused(hostFault("bad-input", "pin: the PIN has digits only", "Type the PIN that X shows"));
  const exchanged = await exchange(service, request.pending, pin, context);
  if (!exchanged.ok) return exchanged;
  const taken = await take(service, request, exchanged.value, context);
  return taken.ok ? taken : { ...taken, spent: true };
}

/** Looks at what the PIN brought. */
async function take(
  service: Service,
  request: Confirmation,
  { token, screenName }: Exchanged,
  context: PluginContext,
): Promise<Answer<Confirmed>> {
  if (screenName !== undefined && !sameName(screenName, request.accountName)) return mismatch(service, request, screenName, token, context);
  const reading = await readAccount(service, token, context);
  if (!reading.ok) return refused({ ...without(token, reading.judgement.fault), advice: "The PIN is spent: authorise the account again." });
  const { account } = reading;
  if (!sameName(account.name, request.accountName)) return mismatch(service, request, account.name, token, context);
  if (account.accessLevel === "read") return refused(readOnly(account));
  if (isBlocked(service, account)) return refused({ ...notProtected(account), advice: PROTECT_FIRST });
  if (service.settings.protectedAccount === "warn" && account.protected !== true) {
    context.log.warn({ account: account.name }, "The account is not protected: everybody can read its posts");
  }
  return done({ account, token: { accessToken: token.key, accessTokenSecret: token.secret } });
}

type Exchanged = { token: TokenPair; screenName?: string };

async function exchange(service: Service, pending: Token, pin: string, context: PluginContext): Promise<Answer<Exchanged>> {
  const { requestToken: key, requestTokenSecret: secret } = pending;
  if (key === undefined || secret === undefined) return refused(pinRejected("No PIN is awaited"));
  const call: Call = { method: "POST", path: "/oauth/access_token", oauth: { oauth_verifier: pin }, token: { key, secret } };
  // `key` is settled beforehand: here a 401 means the PIN, and asking for another token would explain nothing.
  const evidence = await gather(service, call, context, { key: "accepted" });
  const form = readForm(evidence);
  if (form === undefined) {
    const { reason, fault } = judge(evidence);
    const refusedPin = evidence.exchange.kind === "answer" && evidence.exchange.status === 401 && reason !== "clock-skew";
    return refused(refusedPin ? { ...fault, reason: "pin-rejected" } : fault);
  }
  const token = readPair(form);
  const screenName = form.get("screen_name");
  return token ? done({ token, ...(screenName !== null && { screenName }) }) : refused(unreadable("oauth/access_token"));
}

/** Gives the token of the wrong account back at once: nobody may post with it by mistake. */
async function mismatch(
  service: Service,
  { accountName }: Confirmation,
  actual: string,
  token: TokenPair,
  context: PluginContext,
): Promise<Answer<never>> {
  const evidence = await gather(service, { method: "POST", path: "/1.1/oauth/invalidate_token.json", token }, context);
  const gone = evidence.exchange.kind === "answer" && evidence.exchange.status === 200;
  if (!gone)
    context.log.warn(
      { account: actual, fault: without(token, judge(evidence).fault) },
      "The token of another account could not be given back",
    );
  const detail = `The PIN is of ${actual}, the registration is for ${nameOf(accountName)}`;
  const rest = gone ? "" : "; revoke the app's access in that account's settings at X";
  return refused({ reason: "account-mismatch", cause: detail, detail: detail + rest });
}

/** The host cleans what it is told of secrets that it knows; of this token it has not heard yet. */
function without(token: TokenPair, fault: Fault): Fault {
  const hide = (value: unknown): unknown =>
    typeof value === "string" ? value.replaceAll(token.key, "[secret]").replaceAll(token.secret, "[secret]") : value;
  return JSON.parse(JSON.stringify(fault, (_key, value) => hide(value))) as Fault;
}

const nameOf = (accountName: string): string => accountName.trim().replace(/^@/, "");
/** X's names differ in more than case (docs.x.com, user names). */
const sameName = (one: string, other: string): boolean => nameOf(one).toLowerCase() === nameOf(other).toLowerCase();

/** The form-encoded body of a 200; X's OAuth endpoints don't answer in JSON. */
function readForm({ exchange: answer }: Evidence): URLSearchParams | undefined {
  return answer.kind === "answer" && isSuccess(answer) ? new URLSearchParams(answer.text) : undefined;
}
const isSuccess = ({ status }: Answered): boolean => status === 200;

function readPair(form: URLSearchParams): TokenPair | undefined {
  const key = form.get("oauth_token");
  const secret = form.get("oauth_token_secret");
  return key && secret ? { key, secret } : undefined;
}

const unreadable = (endpoint: string): Fault => ({
  reason: "x-unavailable",
  cause: `The answer of ${endpoint} can't be read`,
  detail: "It lacks the token, or the confirmation of the callback",
});
const pinRejected = (cause: string): Fault => ({ reason: "pin-rejected", cause });
const PROTECT_FIRST = "Protect the account's posts in X's settings, then authorise the account again.";
const readOnly = ({ name, accessLevel }: AccountFacts): Fault => ({
  reason: "not-permitted",
  cause: `The token of ${name} may only read`,
  detail: `X answers x-access-level: ${accessLevel}`,
});
