/** A client of the sandbox for tests: signs with the package oauth-1.0a, which shares nothing with the sandbox's own check. */
import { createHmac } from "node:crypto";
import OAuth from "oauth-1.0a";
import { request } from "undici";
import { type SandboxSettings, start } from "../../../../plugins/twitter/sandbox/start.ts";

export type Token = { key: string; secret: string };
export const TOKEN: Token = { key: "sandbox-access-token", secret: "sandbox-access-token-secret" };
export const CONSUMER = { key: "sandbox-consumer-key", secret: "sandbox-consumer-secret" };
export const ACCOUNT_ID = "1500000000000000001";

export type Call = {
  method?: "GET" | "POST" | "DELETE";
  path: string;
  json?: unknown;
  form?: Record<string, string>;
  /** Sent in place of what was signed. */
  sentForm?: Record<string, string>;
  sentQuery?: string;
  token?: Token | null;
  consumer?: { key: string; secret: string };
  /** Laid over the oauth_ parameters before they are signed. */
  oauth?: Record<string, string>;
  /** Laid over the header after signing. */
  tamper?: (header: string) => string;
  signal?: AbortSignal;
};
// biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape
export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; text: string; body: any };

class Signer extends OAuth {
  readonly extra: Record<string, string>;
  constructor(consumer: { key: string; secret: string }, extra: Record<string, string>) {
    super({
      consumer,
      signature_method: "HMAC-SHA1",
      hash_function: (base, key) => createHmac("sha1", key).update(base).digest("base64"),
    });
    this.extra = extra;
  }
  override getTimeStamp(): number {
    return Number(this.extra.oauth_timestamp ?? super.getTimeStamp());
  }
  override getNonce(): string {
    return this.extra.oauth_nonce ?? super.getNonce();
  }
}

export async function startSandbox(options: SandboxSettings = {}) {
  const lines: string[] = [];
  const sandbox = await start({ port: 0, log: (line) => lines.push(line), ...options });
  const call = (wanted: Call) => callSigned(sandbox.url, wanted);
  const control = async (method: "GET" | "POST" | "DELETE", path: string, json?: unknown): Promise<Answer> =>
    send(
      `${sandbox.url}/sandbox${path}`,
      method,
      json === undefined ? {} : { "content-type": "application/json" },
      json === undefined ? undefined : JSON.stringify(json),
    );
  const post = (text: string, more: Partial<Call> & { reply?: string } = {}) => {
    const { reply, ...rest } = more;
    const json = reply === undefined ? { text } : { text, reply: { in_reply_to_tweet_id: reply } };
    return call({ method: "POST", path: "/2/tweets", json, ...rest });
  };
  const set = (settings: object) => control("POST", "/settings", settings);
  const fault = (fault: object, more: object = {}) => control("POST", "/faults", { match: { path: "/2/" }, fault, ...more });
  const posts = async () => (await control("GET", "/posts")).body;
  return { ...sandbox, lines, call, control, post, set, fault, posts };
}

async function callSigned(url: string, wanted: Call): Promise<Answer> {
  const { method = "GET", path, json, form, token = TOKEN, consumer = CONSUMER, oauth = {}, tamper = (header) => header } = wanted;
  const signer = new Signer(consumer, oauth);
  const { oauth_timestamp: _t, oauth_nonce: _n, ...signedExtra } = oauth;
  const data = { ...form, ...signedExtra };
  const authorized = signer.authorize({ url: url + path, method, data }, token ?? undefined);
  // The package puts what begins with oauth_ into the header by itself.
  const rest = Object.entries(signedExtra).filter(([name]) => !name.startsWith("oauth_"));
  const more = rest.map(([name, value]) => `, ${name}="${encodeURIComponent(value)}"`).join("");
  const header = tamper(signer.toHeader(authorized).Authorization + more);
  const body = json !== undefined ? JSON.stringify(json) : form && new URLSearchParams(wanted.sentForm ?? form).toString();
  const type = json !== undefined ? "application/json" : "application/x-www-form-urlencoded";
  return send(
    url + path + (wanted.sentQuery ?? ""),
    method,
    { authorization: header, ...(body !== undefined && { "content-type": type }) },
    body,
    wanted.signal,
  );
}

export async function send(
  url: string,
  method: "GET" | "POST" | "DELETE",
  headers: Record<string, string>,
  body?: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const answer = await request(url, { method, headers, ...(body !== undefined && { body }), ...(signal && { signal }) });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
