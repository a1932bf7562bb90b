/** What a person does in the browser: says who they are and lets the app in. The PIN is what they see. */
import { accountByName, createAccount, type RequestToken, type SandboxAccount, type State } from "./state.ts";

/** Whether a request token, and its PIN with it, has expired. */
export const isOld = (state: State, createdMs: number): boolean => state.now() - createdMs > state.settings.requestTokenSeconds * 1000;

/** The request token while it waits for somebody to authorise it. */
export function openRequestToken(state: State, token: string): RequestToken | undefined {
  const request = state.requestTokens.get(token);
  return request && !isOld(state, request.createdMs) ? request : undefined;
}

/** Lets the app in. A name that nobody has is given to a new account, so that anybody can try the flow. */
export function authorizeByName(state: State, token: string, name: string): string | undefined {
  const request = openRequestToken(state, token);
  if (!request) return undefined;
  return authorizeAs(state, request, accountByName(state, name) ?? createAccount(state, name));
}

function authorizeAs(state: State, request: RequestToken, account: SandboxAccount): string {
  request.accountId = account.id;
  // Seven digits, the first not 0, as X's PINs are (docs.x.com, PIN-based OAuth).
  request.pin = String(1_000_000 + state.chance(9_000_000));
  return request.pin;
}
