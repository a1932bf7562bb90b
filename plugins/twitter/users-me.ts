/** Whose token it is, and what X says of that account: `GET /2/users/me`. Costs one read. */
import { type Answer, done, type Fault, refused } from "../../src/ar.ts";
import type { AccountFacts } from "../../src/contract.ts";
import { type CallContext, gather, type Service } from "./call.ts";
import type { TokenPair } from "./sign.ts";
import { type Judgement, judge } from "./verdict.ts";

export type Reading = { ok: true; account: AccountFacts } | { ok: false; judgement: Judgement };

export async function readAccount(service: Service, token: TokenPair, context: CallContext): Promise<Reading> {
  const call = { method: "GET", path: "/2/users/me", query: { "user.fields": "protected" }, token } as const;
  const evidence = await gather(service, call, context);
  const { exchange } = evidence;
  const account = exchange.kind === "answer" && exchange.status === 200 ? readUser(exchange.body) : undefined;
  if (account === undefined || exchange.kind === "lost") return { ok: false, judgement: judge(evidence) };
  const accessLevel = exchange.headers["x-access-level"];
  return { ok: true, account: { ...account, ...(accessLevel !== undefined && { accessLevel }) } };
}

function readUser(body: unknown): AccountFacts | undefined {
  const data = typeof body === "object" && body !== null && "data" in body ? body.data : undefined;
  if (typeof data !== "object" || data === null || !("id" in data) || !("username" in data)) return undefined;
  if (typeof data.id !== "string" || !/^[0-9]{1,19}$/.test(data.id) || typeof data.username !== "string") return undefined;
  const shielded = "protected" in data && typeof data.protected === "boolean" ? data.protected : undefined;
  return { id: data.id, name: data.username, ...(shielded !== undefined && { protected: shielded }) };
}

/** The guard: with `protectedAccount: block` only an account that X calls protected may post. */
export const isBlocked = (service: Service, account: AccountFacts): boolean =>
  service.settings.protectedAccount === "block" && account.protected !== true;

export const notProtected = (account: AccountFacts): Fault => ({
  reason: "account-not-protected",
  cause: `The posts of ${account.name} are not protected`,
  detail: `X says protected: ${account.protected ?? "nothing"} of ${account.name}`,
});

/** Whether the account can be used, guard included. */
export async function probeAccount(service: Service, token: TokenPair, context: CallContext): Promise<Answer<AccountFacts>> {
  const reading = await readAccount(service, token, context);
  if (!reading.ok) return refused(reading.judgement.fault);
  return isBlocked(service, reading.account) ? refused(notProtected(reading.account)) : done(reading.account);
}
