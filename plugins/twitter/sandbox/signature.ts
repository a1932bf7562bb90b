/**
 * The signature base string and HMAC-SHA1 of RFC 5849, written from the RFC and from X's "Creating a signature" page.
 *
 * The sandbox checks what the plug-in signs, so it must not share a line with it: two copies of one mistake agree.
 */
import { createHmac } from "node:crypto";

export type Pair = readonly [name: string, value: string];

/** RFC 3986 unreserved characters stay, all else is `%XX` in upper case (RFC 5849 section 3.6). */
export const percentEncode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** Reads a query or a form body; here `+` is a blank (RFC 5849 section 3.4.1.3.1). */
export const decodeForm = (text: string): Pair[] => [...new URLSearchParams(text)];

const byEncodedOrder = (a: Pair, b: Pair): number => compare(a[0], b[0]) || compare(a[1], b[1]);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** RFC 5849 section 3.4.1. `pairs` are all parameters, decoded, without `realm` and `oauth_signature`. */
export function baseString(method: string, url: string, pairs: readonly Pair[]): string {
  // URL lower-cases the scheme and the host and drops the default port, as section 3.4.1.2 asks.
  const { origin, pathname } = new URL(url);
  const normalized = pairs
    .map(([name, value]): Pair => [percentEncode(name), percentEncode(value)])
    .sort(byEncodedOrder)
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  return [method.toUpperCase(), origin + pathname, normalized].map(percentEncode).join("&");
}

/** RFC 5849 section 3.4.2; the key holds one `&` also where there is no token yet. */
export const signature = (base: string, consumerSecret: string, tokenSecret: string): string =>
  createHmac("sha1", `${percentEncode(consumerSecret)}&${percentEncode(tokenSecret)}`)
    .update(base)
    .digest("base64");

/** The parameters of an `Authorization: OAuth …` header (RFC 5849 section 3.5.1), or undefined when it is none. */
export function readAuthorization(header: string | undefined): Pair[] | undefined {
  const fields = /^OAuth\s+(.*)$/i.exec(header ?? "")?.[1]?.split(/\s*,\s*/);
  const pairs = fields?.map(readField);
  return pairs?.every((pair) => pair !== undefined) ? pairs : undefined;
}

function readField(field: string): Pair | undefined {
  const match = /^([^\s="]+)="([^"]*)"$/.exec(field.trim());
  try {
    return match ? [decodeURIComponent(match[1] ?? ""), decodeURIComponent(match[2] ?? "")] : undefined;
  } catch {
    return undefined;
  }
}
