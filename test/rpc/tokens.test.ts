import { createHmac } from "node:crypto";
import fc from "fast-check";
import { jwtVerify } from "jose";
import t from "tap";
import { openTokens, TOKEN_SECONDS } from "../../src/rpc/tokens.ts";

const KEY = Buffer.alloc(32, 1);
const OTHER = Buffer.alloc(32, 2);
const OPS = { name: "ops", password: "scrypt$1" };
const ADMIN = { name: "admin", password: "scrypt$2" };
const CLIENTS = [OPS, ADMIN];

/** `at`: seconds since 1970. */
function open({ keys = [KEY], at = 1_000_000 } = {}) {
  const clock = { at };
  return { clock, tokens: openTokens({ keys: () => keys, wall: () => clock.at * 1000 }) };
}

const base64url = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const parts = (token: string) => token.split(".") as [string, string, string];
const claimsOf = (token: string) => JSON.parse(Buffer.from(parts(token)[1], "base64url").toString()) as Record<string, unknown>;
const signed = (header: unknown, claims: unknown, key = KEY) => {
  const text = `${base64url(header)}.${base64url(claims)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
};

t.test("a token is its client's", async (t) => {
  const { tokens } = open();
  t.same(tokens.read(tokens.issue(OPS), CLIENTS), { ok: true, client: OPS });
  t.same(tokens.read(tokens.issue(ADMIN), CLIENTS), { ok: true, client: ADMIN });
});

t.test("it is a JWT with HS256, and holds no password and no role", async (t) => {
  const token = open().tokens.issue(OPS);
  const [header, payload, signature] = parts(token);
  t.same(JSON.parse(Buffer.from(header, "base64url").toString()), { alg: "HS256", typ: "JWT" });
  t.equal(createHmac("sha256", KEY).update(`${header}.${payload}`).digest("base64url"), signature);
  const { fingerprint, ...claims } = claimsOf(token);
  t.same(claims, { sub: "ops", iat: 1_000_000, exp: 1_000_000 + TOKEN_SECONDS });
  t.match(fingerprint, /^[A-Za-z0-9_-]{43}$/);
  t.notMatch(Buffer.from(payload, "base64url").toString(), "scrypt");
});

t.test("another implementation reads it with the same key, and with no other", async (t) => {
  const token = open().tokens.issue(OPS);
  const now = { algorithms: ["HS256"], currentDate: new Date(1_000_001_000) };
  t.match(await jwtVerify(token, KEY, now), { payload: { sub: "ops" }, protectedHeader: { alg: "HS256" } });
  await t.rejects(jwtVerify(token, OTHER, now), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
});

t.test("it lives ten minutes, give or take one for another host's clock", async (t) => {
  const { tokens, clock } = open();
  const token = tokens.issue(OPS);
  const readAt = (seconds: number) => {
    clock.at = 1_000_000 + seconds;
    return tokens.read(token, CLIENTS);
  };
  for (const seconds of [-60, 0, TOKEN_SECONDS, TOKEN_SECONDS + 59]) t.match(readAt(seconds), { ok: true }, `${seconds} s`);
  for (const seconds of [-61, -86_400, TOKEN_SECONDS + 60, 86_400])
    t.match(readAt(seconds), { ok: false, cause: /expired/ }, `${seconds} s`);
});

t.test("it ends with its client and with the password", async (t) => {
  const { tokens } = open();
  const token = tokens.issue(OPS);
  t.match(tokens.read(token, [ADMIN]), { ok: false, cause: /gone or has another password/ });
  t.match(tokens.read(token, [{ name: "ops", password: "scrypt$3" }]), { ok: false });
  t.match(tokens.read(token, [{ name: "OPS", password: "scrypt$1" }]), { ok: false }, "another name is another client");
});

t.test("the first key signs, all are taken, and no other", async (t) => {
  const token = open({ keys: [OTHER] }).tokens.issue(OPS);
  t.match(open({ keys: [KEY, OTHER] }).tokens.read(token, CLIENTS), { ok: true });
  t.match(open({ keys: [KEY] }).tokens.read(token, CLIENTS), { ok: false, cause: /none that this host/ });
  t.match(open({ keys: [] }).tokens.read(token, CLIENTS), { ok: false });
  const both = open({ keys: [KEY, OTHER] }).tokens.issue(OPS);
  t.match(open({ keys: [KEY] }).tokens.read(both, CLIENTS), { ok: true });
});

t.test("what somebody wrote himself is refused", async (t) => {
  const { tokens } = open();
  const token = tokens.issue(OPS);
  const [header, payload, signature] = parts(token);
  const claims = claimsOf(token);
  const mine = { alg: "HS256", typ: "JWT" };
  const forged: [title: string, token: string][] = [
    ["alg none without a signature", `${base64url({ alg: "none", typ: "JWT" })}.${payload}.`],
    ["alg none with the right signature", `${base64url({ alg: "none", typ: "JWT" })}.${payload}.${signature}`],
    ["alg none, signed all the same", signed({ alg: "none", typ: "JWT" }, claims)],
    ["another alg, signed all the same", signed({ alg: "HS512", typ: "JWT" }, claims)],
    ["the same header spelt otherwise", signed('{"typ":"JWT","alg":"HS256"}', claims)],
    ["a key in the header", signed({ ...mine, jwk: { kty: "oct", k: OTHER.toString("base64url") } }, claims, OTHER)],
    ["another key", signed(mine, claims, OTHER)],
    ["an empty key", signed(mine, claims, Buffer.alloc(0))],
    ["another client under the signature", `${header}.${base64url({ ...claims, sub: "admin" })}.${signature}`],
    ["the signature of another", `${header}.${payload}.${parts(tokens.issue(ADMIN))[2]}`],
    ["no signature", `${header}.${payload}`],
    ["a signature too short", `${header}.${payload}.${signature.slice(0, -1)}`],
    ["something behind it", `${token}.${signature}`],
    ["a blank behind it", `${token} `],
    ["nothing", ""],
    ["dots", ".."],
  ];
  for (const [title, text] of forged) t.match(tokens.read(text, CLIENTS), { ok: false, cause: /none that this host/ }, title);
  t.match(
    tokens.read(signed(mine, { ...claims, sub: "admin" }), CLIENTS),
    { ok: false, cause: /gone/ },
    "the fingerprint is the client's own",
  );
});

t.test("any change of a token is refused", async () => {
  const { tokens } = open();
  const token = tokens.issue(OPS);
  const change = fc.tuple(fc.nat(token.length - 1), fc.constantFrom(..."ABCxyz019-_.=+/ "));
  fc.assert(
    fc.property(change, ([at, char]) => {
      const changed = token.slice(0, at) + char + token.slice(at + 1);
      return changed === token || !tokens.read(changed, CLIENTS).ok;
    }),
    { numRuns: 1_000 },
  );
});

t.test("causes may stand in a header between quotes", async (t) => {
  const { tokens, clock } = open();
  const token = tokens.issue(OPS);
  const causes = [tokens.read("x", CLIENTS), tokens.read(token, [])];
  clock.at += 10_000;
  for (const read of [...causes, tokens.read(token, CLIENTS)]) t.match(read, { ok: false, cause: /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/ });
});
