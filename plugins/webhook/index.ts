/**
 * The webhook plug-in: posts each notification as signed JSON to an endpoint, as Standard Webhooks 1.0.0 has it. An
 * account is an endpoint: an administrator gives its URL and its secret in the credentials file.
 */
import { type Answer, done, refused } from "../../src/ar.ts";
import { type Account, type AccountFacts, definePlugin, type PostToDeliver, type Verdict } from "../../src/contract.ts";
import { refusalOfUrl } from "./address.ts";
import { closeConnections, openConnections } from "./connections.ts";
import { FAULTS } from "./faults.ts";
import { bodyOf, compose } from "./payload.ts";
import { type Context, Secrets, Settings } from "./settings.ts";
import { type SignedHeaders, sign } from "./sign.ts";
import { type Exchange, verdictFor, verdictOf, verdictOfError } from "./verdict.ts";

/** The schema of the secrets has required both. */
function endpointOf({ account }: Context): { name: string; url: string; secret: string } {
  const { name, token } = account as Account;
  return { name, url: token.url ?? "", secret: token.secret ?? "" };
}

/** An endpoint can't be asked whether it would take a post; what can be known here is whether its URL may be used. */
async function probe(context: Context): Promise<Answer<AccountFacts>> {
  const { name, url } = endpointOf(context);
  const cause = refusalOfUrl(url, context.settings);
  // The name, not the URL, is the account's id: an endpoint that moves keeps its lane.
  return cause === undefined ? done({ id: name, name }) : refused({ reason: "webhook-address", cause });
}

async function deliver(toDeliver: PostToDeliver, context: Context): Promise<Verdict> {
  const { url, secret } = endpointOf(context);
  const cause = refusalOfUrl(url, context.settings);
  if (cause !== undefined) return verdictFor({ reason: "webhook-address", cause }, "webhook-address");
  const id = `msg_${toDeliver.deliveryId}_${toDeliver.index}`;
  const sentAtMs = context.clock.now();
  const body = bodyOf(toDeliver, sentAtMs);
  const signed = sign({ id, timestampSeconds: Math.floor(sentAtMs / 1000), body }, secret);
  try {
    return verdictOf(await post(url, signed, body, context), id, sentAtMs);
  } catch (error) {
    return verdictOfError(error);
  }
}

async function post(url: string, signed: SignedHeaders, body: string, context: Context): Promise<Exchange> {
  const timeoutMs = (context.settings.requestTimeoutSeconds ?? 20) * 1000;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]);
  const headers = { "content-type": "application/json", "user-agent": "Perch-Webhook/1.0", ...signed };
  const answer = await openConnections(context).request({ ...targetOf(url), method: "POST", headers, body, signal });
  // The status says it all. What else comes is read only so that the connection can be used again, and may break.
  await answer.body.dump({ limit: 65_536, signal }).catch(() => undefined);
  return { status: answer.statusCode, headers: answer.headers };
}

function targetOf(url: string): { origin: string; path: string } {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search };
}

export default definePlugin<Settings, Secrets>({
  apiVersion: 1,
  settingsSchema: Settings,
  secretsSchema: Secrets,
  faults: FAULTS,
  // A caFile that can't be read is found here.
  initialize: (context) => void openConnections(context),
  onEvent: closeConnections,
  terminate: closeConnections,
  mechanism: {
    name: "Webhook",
    alertFilter: "ARSYS.ALRT.WEBHOOK",
    compose,
    deliver,
    // A post in doubt (the host or its worker ended before the answer came) is sent again: the receiver knows its id.
    lookUp: async () => ({
      finding: "unknown",
      readable: false,
      fault: { reason: "webhook-no-answer", cause: "A receiver shows no posts to look for it in" },
    }),
    probe,
  },
});
