/** The lines of each account: its token, what the token may do, and who can read the account's posts. */
import type { Account, AccountFacts, DiagnosisLine, PluginContext } from "../../../src/contract.ts";
import type { Service } from "../call.ts";
import type { TokenPair } from "../sign.ts";
import { readAccount } from "../users-me.ts";
import { step } from "./reach.ts";
import { toldOf } from "./told.ts";

/** All are asked at once: with the requests' own time-out no line then waits for another. */
export async function* diagnoseAccounts(
  service: Service,
  accounts: readonly Account[],
  context: PluginContext,
): AsyncGenerator<DiagnosisLine, void> {
  if (accounts.length === 0) {
    const remedy = "Register one and authorise it: `perch registrations create`, then `perch registrations authorize ACCOUNT`.";
    yield { check: "accounts", state: "warn", found: "no account is authorised yet", remedy };
    return;
  }
  const asked = accounts.map((account) => diagnoseAccount(service, account, context));
  for (const lines of asked) yield* await lines;
}

export const checksOf = ({ name }: Pick<Account, "name">): string[] => [`token of ${name}`, `permission of ${name}`, `protected ${name}`];

async function diagnoseAccount(service: Service, account: Account, context: PluginContext): Promise<DiagnosisLine[]> {
  const [token = "", permission = "", shield = ""] = checksOf(account);
  const hidden = (because: string): DiagnosisLine[] =>
    [permission, shield].map((check) => ({ check, state: "skipped", found: `hangs on ${because}, which failed` }));
  const pair = pairOf(account);
  if (!pair) {
    const line = {
      check: token,
      state: "fail",
      found: "its token is incomplete",
      remedy: authoriseAgain(account),
      ofCredentials: true,
    } as const;
    return [line, ...hidden(token)];
  }
  const reading = await readAccount(service, pair, { ...context, signal: step(context.signal) });
  if (!reading.ok) return [{ check: token, ...toldOf(reading.judgement), ofCredentials: true }, ...hidden(token)];
  const facts = reading.account;
  if (facts.name.toLowerCase() !== account.name.toLowerCase()) {
    const found = `X says that it is the token of ${facts.name}`;
    const remedy = `Put ${account.name}'s own token there, or name the account ${facts.name}.`;
    return [{ check: token, state: "fail", found, remedy, ofCredentials: true }, ...hidden(token)];
  }
  return [
    { check: token, state: "ok", found: `X accepts it as ${facts.name}, id ${facts.id}`, ofCredentials: true },
    { check: permission, ...permissionOf(facts), ofCredentials: true },
    { check: shield, ...shieldOf(facts, service.settings.protectedAccount) },
  ];
}

function pairOf({ token }: Account): TokenPair | undefined {
  const { accessToken: key, accessTokenSecret: secret } = token;
  return key && secret ? { key, secret } : undefined;
}

type Told = Pick<DiagnosisLine, "state" | "found" | "remedy">;

const authoriseAgain = ({ name }: Pick<AccountFacts, "name">): string =>
  `Authorise the account again (\`perch registrations authorize ${name}\`), or put a new token into the credentials file.`;

function permissionOf(account: AccountFacts): Told {
  const { accessLevel } = account;
  const remedy = `At X, give the app Read and write permission. ${authoriseAgain(account)} A token keeps the permission that it was made with.`;
  if (accessLevel === undefined) return { state: "warn", found: "X does not say what the token may do (no x-access-level)", remedy };
  if (accessLevel === "read") return { state: "fail", found: "the token may only read", remedy };
  return { state: "ok", found: `${accessLevel}: it may post` };
}

function shieldOf({ protected: shielded }: AccountFacts, guard: "warn" | "block" | "off"): Told {
  if (shielded === true) return { state: "ok", found: "its posts are for approved followers only" };
  const found = shielded === false ? "everybody can read its posts" : "X does not say whether its posts are protected";
  if (guard === "off") return { state: "ok", found: `${found}; protectedAccount is "off"` };
  const remedy = "Log in to X with the account: Settings, Privacy and safety, Audience and tagging, Protect your posts.";
  if (guard === "warn") return { state: "warn", found, remedy };
  return { state: "fail", found: `${found}, and protectedAccount is block: nothing is posted`, remedy };
}
