/** Tries a new consumer key and secret at X before they replace those in force. */
import type { PluginContext, Trial } from "../../src/contract.ts";
import { type CallContext, gather, requestToken, type Service } from "./call.ts";
import { openConnections } from "./requests.ts";
import type { Chance } from "./service.ts";
import { completeSettings, type Secrets, type Settings } from "./settings.ts";
import { createSigner } from "./sign.ts";
import { readAccount } from "./users-me.ts";
import { type Judgement, judge } from "./verdict.ts";

type Candidate = { settings: Settings; secrets: Secrets };
type Context = PluginContext<Settings, Secrets>;

/**
 * With the account's token `GET /2/users/me`, which needs both to be right; without one `oauth/request_token`, which
 * needs the consumer key alone. An account's own token is no matter of this: the host asks `probe` about that.
 */
export async function tryCredentials({ settings, secrets }: Candidate, context: Context, chance: Chance): Promise<Trial> {
  const { consumerKey: key, consumerSecret: secret } = secrets;
  const sameApp = key === context.secrets.consumerKey;
  if (sameApp && secret === context.secrets.consumerSecret) return { trial: "accepted" };
  const complete = completeSettings(settings);
  // Connections of its own: those of the posts that are under way are left alone.
  const connections = openConnections(complete, context.proxy);
  const service: Service = { settings: complete, connections, sign: createSigner({ key, secret }), ...chance };
  try {
    return await (context.account ? tryAccount(service, context, context.account, sameApp) : tryKey(service, context));
  } finally {
    await connections.close();
  }
}

async function tryAccount(service: Service, context: Context, account: NonNullable<Context["account"]>, sameApp: boolean): Promise<Trial> {
  const { accessToken, accessTokenSecret } = account.token;
  if (accessToken === undefined || accessTokenSecret === undefined) return tryKey(service, context);
  const reading = await readAccount(service, { key: accessToken, secret: accessTokenSecret }, context);
  if (reading.ok) return { trial: "accepted", account: reading.account };
  const { judgement } = reading;
  if (judgement.reason !== "token-invalid") return trialOf(judgement);
  // X knows the key. A token stays good when the secret of its app is made anew, so it was dead before.
  if (sameApp) return { trial: "accepted" };
  const detail =
    "A token belongs to the app that it was made for: change it in the same edit, " +
    "or apply this with `perch reload --force` and authorise the account again";
  return { trial: "refused", fault: { ...judgement.fault, cause: "The consumer key is of another app than the account's token", detail } };
}

async function tryKey(service: Service, context: CallContext): Promise<Trial> {
  const evidence = await gather(service, requestToken, context);
  const { exchange } = evidence;
  if (exchange.kind === "answer" && exchange.status === 200) return { trial: "accepted" };
  return trialOf(judge({ ...evidence, key: "refused" }));
}

/** X took the signature, and speaks of the account. */
const ACCEPTING: readonly string[] = ["account-locked"];
const REFUSING: readonly string[] = ["consumer-key-invalid", "not-permitted"];

/** All else (an outage, a limit, a clock) says nothing of the key. */
function trialOf({ reason, fault }: Judgement): Trial {
  if (ACCEPTING.includes(reason)) return { trial: "accepted" };
  return { trial: REFUSING.includes(reason) ? "refused" : "unknown", fault };
}
