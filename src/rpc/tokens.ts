/**
 * Access tokens: compact JWS (RFC 7515) with HS256 (RFC 7518, section 3.2), as JWT (RFC 7519).
 *
 * By hand and without a library: only hosts with the same keys make and take them, so the header is one constant that
 * is compared whole, and no algorithm is ever read from a token (RFC 8725, section 3.1). What is left is one HMAC.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Long enough for a burst of calls, short enough that a token that got lost is soon worth nothing. */
export const TOKEN_SECONDS = 600;
/** What the clocks of two hosts of a group may differ by (RFC 7519, section 4.1.4), and a token be old or new by. */
const LEEWAY_SECONDS = 60;

/** `password` as it is stored, which a token does not outlive. */
type Holder = { name: string; password: string };

export type TokenReading<Client> = { ok: true; client: Client } | { ok: false; cause: string };

export type Tokens = {
  issue(holder: Holder): string;
  /** Whose it is, of those that there are now. `cause` says nothing of the token and stays in ASCII without quotes (RFC 6750, section 3). */
  read<Client extends Holder>(token: string, clients: readonly Client[]): TokenReading<Client>;
};

export type TokensOptions = {
  /** The first signs, all are taken. */
  keys: () => readonly Buffer[];
  /** Milliseconds since 1970, since other hosts take the tokens too. */
  wall: () => number;
};

/** Times in seconds since 1970. `fingerprint`: of the stored password. */
type Claims = { sub: string; iat: number; exp: number; fingerprint: string };

const base64url = (text: string): string => Buffer.from(text, "utf8").toString("base64url");
const HEADER = base64url(JSON.stringify({ alg: "HS256", typ: "JWT" }));
const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;

const hmac = (key: Buffer, text: string): string => createHmac("sha256", key).update(text, "utf8").digest("base64url");
/** Signatures are of texts without NUL, so this can't pass for one. */
const fingerprintOf = (key: Buffer, { name, password }: Holder): string => hmac(key, `password\0${name}\0${password}`);

const FOREIGN = { ok: false, cause: "the token is none that this host or its group gave" } as const;
const EXPIRED = { ok: false, cause: "the token has expired; ask POST /oauth2/token for another" } as const;
const REVOKED = {
  ok: false,
  cause: "the client of the token is gone or has another password; ask POST /oauth2/token for another",
} as const;

export function openTokens({ keys, wall }: TokensOptions): Tokens {
  const nowSeconds = () => Math.floor(wall() / 1000);

  function issue(holder: Holder): string {
    const [key] = keys();
    if (!key) throw new Error("there is no key to sign tokens with");
    const iat = nowSeconds();
    const claims: Claims = { sub: holder.name, iat, exp: iat + TOKEN_SECONDS, fingerprint: fingerprintOf(key, holder) };
    const signed = `${HEADER}.${base64url(JSON.stringify(claims))}`;
    return `${signed}.${hmac(key, signed)}`;
  }

  function read<Client extends Holder>(token: string, clients: readonly Client[]): TokenReading<Client> {
    const [, header, payload = "", signature = ""] = FORM.exec(token) ?? [];
    if (header !== HEADER) return FOREIGN;
    const key = keys().find((one) => isEqual(hmac(one, `${header}.${payload}`), signature));
    if (!key) return FOREIGN;
    // Ours, so it holds what we wrote.
    const claims: Claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const now = nowSeconds();
    // One from the future would live as long as the clock of its host was wrong by.
    if (now >= claims.exp + LEEWAY_SECONDS || now < claims.iat - LEEWAY_SECONDS) return EXPIRED;
    const client = clients.find(({ name }) => name === claims.sub);
    return client && isEqual(fingerprintOf(key, client), claims.fingerprint) ? { ok: true, client } : REVOKED;
  }

  return { issue, read };
}

/** In constant time. As texts, since base64url may spell the same bytes in several ways. */
const isEqual = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
