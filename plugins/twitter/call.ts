/** Signed calls to X: what all of posting, looking up and authorising have in common. */
import { measure } from "./clock.ts";
import type { Connections, Exchange, RequestContext } from "./requests.ts";
import { readSaid } from "./said.ts";
import type { CompleteSettings } from "./settings.ts";
import type { Signer, TokenPair } from "./sign.ts";
import { type Evidence, isClockRefusal, isUnexplained } from "./verdict.ts";

/** What a call needs besides its own data; made anew for each call of the host, of parts that live longer. */
export type Service = {
  settings: CompleteSettings;
  connections: Connections;
  sign: Signer;
  /** 0 … 1, for jitter. */
  random(): number;
  /** A text that was never used before. */
  nonce(): string;
};

export type Call = {
  method: "GET" | "POST";
  path: string;
  query?: Readonly<Record<string, string>>;
  json?: unknown;
  /** `oauth_` parameters beyond the usual ones. */
  oauth?: Readonly<Record<string, string>>;
  /** None when a request token is asked for. */
  token?: TokenPair;
};
export type CallContext = RequestContext & { failingElsewhere: readonly string[] };

/**
 * Makes the call. A 401 that the clock explains is tried once more at once, with the time that the refusal itself
 * measured and a new nonce: it was refused before X did anything, so even a post can't come twice.
 */
export async function callX(service: Service, call: Call, context: CallContext): Promise<Exchange> {
  const { clock } = service.settings;
  const signedAt = clock.correction === "auto" ? context.clock.now() : context.clock.wall();
  const exchange = await send(service, call, signedAt, context);
  if (clock.correction === "off" || !isClockRefusal(exchange, clock.toleranceSeconds)) return exchange;
  const measured = measure(exchange);
  return measured ? send(service, call, context.clock.wall() + measured.offsetMs, context) : exchange;
}

function send(service: Service, call: Call, signedAtMs: number, context: CallContext): Promise<Exchange> {
  const query = call.query ? `?${encodeQuery(call.query)}` : "";
  const url = baseOf(service) + call.path + query;
  const timestamp = Math.floor(signedAtMs / 1000);
  const signable = { method: call.method, url, ...(call.oauth && { oauth: call.oauth }) };
  const authorization = service.sign(signable, call.token, { timestamp, nonce: service.nonce() });
  const json = call.json === undefined ? undefined : JSON.stringify(call.json);
  return service.connections.send(
    {
      method: call.method,
      url,
      headers: {
        authorization,
        accept: "application/json",
        "user-agent": "Perch",
        ...(json !== undefined && { "content-type": "application/json" }),
      },
      ...(json !== undefined && { body: json }),
      signedTimestamp: timestamp,
    },
    context,
  );
}

/** `%20`, not `+`: what is sent is then byte for byte what RFC 5849 3.6 signs. */
const encodeQuery = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join("&");

export const baseOf = ({ settings }: Pick<Service, "settings">): string => settings.apiBaseUrl.replace(/\/+$/, "");

/** Makes the call and gathers what is needed to judge it; a 401 that explains nothing costs one more request. */
export async function gather(
  service: Service,
  call: Call,
  context: CallContext,
  about: Partial<Pick<Evidence, "purpose" | "reply" | "key">> = {},
): Promise<Evidence> {
  const exchange = await callX(service, call, context);
  const evidence: Evidence = {
    purpose: "ask",
    reply: false,
    ...about,
    exchange,
    toleranceSeconds: service.settings.clock.toleranceSeconds,
    failingElsewhere: context.failingElsewhere,
    target: service.connections.target,
    now: context.clock.now(),
    random: service.random,
  };
  return isUnexplained(evidence) && call.token ? { ...evidence, key: await askKey(service, context) } : evidence;
}

/** Asks for a request token that nobody will use: the only call that needs the consumer key and nothing else. */
export const requestToken: Call = { method: "POST", path: "/oauth/request_token", oauth: { oauth_callback: "oob" } };

async function askKey(service: Service, context: CallContext): Promise<NonNullable<Evidence["key"]>> {
  const exchange = await callX(service, requestToken, context);
  if (exchange.kind === "lost" || exchange.status >= 500) return "unknown";
  // 417 "Desktop applications only support oob" comes as a 401 too, but from a key that X knows.
  if (exchange.status !== 401 || readSaid(exchange).code === 417) return "accepted";
  // The OAuth endpoints name the clock (code 135) where those of v2 only say 401.
  return isClockRefusal(exchange, service.settings.clock.toleranceSeconds) ? "clock" : "refused";
}
