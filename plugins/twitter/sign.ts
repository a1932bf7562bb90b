/**
 * Signs requests with OAuth 1.0a, HMAC-SHA1 (RFC 5849 3.4).
 *
 * The query and a form body are part of the signature, a JSON body is not (RFC 5849 3.4.1.3.1: only
 * `application/x-www-form-urlencoded` bodies are).
 */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import OAuth from "oauth-1.0a";

export type SignableRequest = {
  method: string;
  /** With its query. */
  url: string;
  /** A form body, as it is sent. */
  form?: string;
  /** More `oauth_` parameters that go into the header: `oauth_callback`, `oauth_verifier`. */
  oauth?: Readonly<Record<string, string>>;
};
/** A token and its secret. None when a request token is asked for. */
export type TokenPair = { key: string; secret: string };
/** Seconds since 1970, and a text that was never used with that timestamp (RFC 5849 3.3). */
export type Moment = { timestamp: number; nonce: string };
/** Answers the value of the Authorization header. */
export type Signer = (request: SignableRequest, token: TokenPair | undefined, moment: Moment) => string;

/** A host has few accounts; the bound only keeps a caller with endless tokens from filling the memory. */
const MAX_CACHED_KEYS = 1000;

/** What RFC 3986 2.3 leaves unreserved is signed as it is (RFC 5849 3.6). */
const UNRESERVED = /^[\w.~-]*$/;

/** Nearly all that is signed needs no encoding, and the library looks through each text six times, and through most twice. */
class QuickOAuth extends OAuth {
  override percentEncode(text: string): string {
    return UNRESERVED.test(text) ? String(text) : super.percentEncode(text);
  }
}

/** `version: "none"` leaves `oauth_version` out, which RFC 5849 3.1 allows and its own examples do. */
export function createSigner(consumer: TokenPair, version: "1.0" | "none" = "1.0"): Signer {
  const keys = new Map<string, KeyObject>();
  const keyOf = (signingKey: string): KeyObject => {
    const known = keys.get(signingKey);
    if (known) return known;
    if (keys.size >= MAX_CACHED_KEYS) keys.clear();
    const made = createSecretKey(signingKey, "utf8");
    keys.set(signingKey, made);
    return made;
  };
  const oauth = new QuickOAuth({
    consumer,
    signature_method: "HMAC-SHA1",
    hash_function: (base, key) => createHmac("sha1", keyOf(key)).update(base).digest("base64"),
  });
  return (request, token, moment) => {
    const parameters = {
      oauth_consumer_key: consumer.key,
      oauth_nonce: moment.nonce,
      oauth_signature_method: "HMAC-SHA1",
      oauth_timestamp: moment.timestamp,
      ...(version === "1.0" && { oauth_version: version }),
      ...(token && { oauth_token: token.key }),
      ...request.oauth,
    };
    const [url = "", query] = splitUrl(request.url);
    // A copy, since the library writes the request's own parameters into what it is given.
    const signed = { ...parameters } as OAuth.Data;
    const signature = oauth.getSignature({ url, method: request.method, data: collect(query, request.form) }, token?.secret, signed);
    return oauth.toHeader({ ...(parameters as OAuth.Data), oauth_signature: signature }).Authorization;
  };
}

function splitUrl(url: string): [string, string | undefined] {
  const at = url.indexOf("?");
  return at < 0 ? [url, undefined] : [url.slice(0, at), url.slice(at + 1)];
}

/**
 * Query and form in one, several values of one name as a list. The library's own reading of a query neither decodes
 * names nor keeps a name that stands in both.
 */
function collect(...encoded: (string | undefined)[]): Record<string, string | string[]> {
  const found = new Map<string, string[]>();
  for (const part of encoded) {
    if (part === undefined) continue;
    for (const [name, value] of new URLSearchParams(part)) found.set(name, [...(found.get(name) ?? []), value]);
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? "") : values]));
}
