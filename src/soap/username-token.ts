/**
 * WS-Security UsernameToken Profile 1.0 (OASIS, March 2004), which AR System speaks for a web service's Username Token:
 * the password as text, or as Base64(SHA-1(nonce + created + password)).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Pair, Proof, ProofRefusal } from "../rpc/who.ts";
import { attributeOf, childrenOf, textOf } from "./envelope.ts";
import { WSSE, WSU } from "./namespaces.ts";
import type { Nonces } from "./nonces.ts";
import type { XmlElement } from "./parse-xml.ts";
import { SoapRefusal } from "./soap-refusal.ts";

/** Section 3.1. */
const TYPES = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#";
/** Section 4 advises five minutes, both for the age of `Created` and for how long a nonce is remembered. */
export const FRESH_MS = 300_000;
/** A `Created` may be so far ahead too, and then stays fresh for twice as long. */
export const KEEP_NONCES_MS = 2 * FRESH_MS;
const MAX_NONCE_BYTES = 128;

export type TokenOptions = { nonces: Nonces; now: () => number };

/** `now`: corrected time, in milliseconds since 1970. */
export function readUsernameToken(token: XmlElement, options: TokenOptions): Pair | Proof {
  const parts = childrenOf(token);
  const name = textOf(onlyOne(parts, WSSE, "Username"));
  const password = onlyOne(parts, WSSE, "Password");
  const secret = textOf(password);
  if (name === undefined || secret === undefined) throw new SoapRefusal("the UsernameToken must hold a Username and a Password");
  const type = attributeOf(password, "", "Type") ?? `${TYPES}PasswordText`;
  if (type === `${TYPES}PasswordText`) return { name, password: secret };
  if (type !== `${TYPES}PasswordDigest`) throw new SoapRefusal("the Password's Type must be that of PasswordText or PasswordDigest");
  const nonce = readNonce(textOf(onlyOne(parts, WSSE, "Nonce")));
  const created = textOf(onlyOne(parts, WSU, "Created")) ?? "";
  return digestProof({ name, digest: secret, nonce, created }, options);
}

function onlyOne(elements: readonly XmlElement[], uri: string, local: string): XmlElement {
  const [element, ...more] = elements.filter((candidate) => candidate.uri === uri && candidate.local === local);
  if (!element) throw new SoapRefusal(`the UsernameToken has no ${local}`);
  if (more.length > 0) throw new SoapRefusal(`the UsernameToken has more than one ${local}`);
  return element;
}

/** As bytes, so that one nonce written in two ways is one. */
function readNonce(text = ""): Buffer {
  const nonce = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : Buffer.alloc(0);
  if (nonce.length === 0 || nonce.length > MAX_NONCE_BYTES) {
    throw new SoapRefusal(`the Nonce must be 1 to ${MAX_NONCE_BYTES} bytes in base64`);
  }
  return nonce;
}

type Digest = { name: string; digest: string; nonce: Buffer; created: string };

/** A hashed password is not told apart from a wrong one, or a stranger could ask which names there are. */
const WRONG: ProofRefusal = {
  cause:
    "no client has this name and password, or its password is kept hashed: a digest needs one that is kept plain; send it as PasswordText",
  isGuess: true,
};
const tooLate = (cause: string): ProofRefusal => ({ cause, isGuess: false });

function digestProof({ name, digest, nonce, created }: Digest, { nonces, now }: TokenOptions): Proof {
  return {
    name,
    refuse(password) {
      const awaited = createHash("sha1")
        .update(nonce)
        .update(created + (password ?? ""))
        .digest("base64");
      if (!isSame(digest, awaited) || password === undefined) return WRONG;
      const stale = staleness(created, now());
      if (stale !== undefined) return tooLate(stale);
      // After the digest, so that only who knows the password fills the memory.
      const taken = nonces.take(`${nonce.toString("base64")} ${name}`);
      if (taken === "used") return tooLate("this nonce has been used before; each message needs a new one");
      return taken === "full" ? tooLate("too many digests within ten minutes; send the password as PasswordText") : undefined;
    },
  };
}

function isSame(given: string, awaited: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(awaited)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** With its time zone, so that nothing depends on this machine's. Strict, so that no byte can move between nonce, date and password. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function staleness(created: string, now: number): string | undefined {
  const at = MOMENT.test(created) ? Date.parse(created) : Number.NaN;
  if (Number.isNaN(at)) return "Created must be a moment with its time zone, such as 2026-11-24T12:00:00Z";
  const offSeconds = Math.round((now - at) / 1000);
  if (Math.abs(now - at) <= FRESH_MS) return undefined;
  return `Created is ${Math.abs(offSeconds)} s ${offSeconds > 0 ? "old" : "ahead"}; at most ${FRESH_MS / 1000} s is taken: compare the clocks`;
}
