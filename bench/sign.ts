/** What one Authorization header of Perch costs, against the library that it signs with, and against the bare hash. */
import { createHmac } from "node:crypto";
import OAuth from "oauth-1.0a";
import { CHANCE } from "../plugins/twitter/service.ts";
import { createSigner } from "../plugins/twitter/sign.ts";
import type { Bench, Figure, Rig } from "./bench.ts";

const HEADERS = 20_000;
const URL_OF_POSTS = "https://api.x.com/2/tweets";
const CONSUMER = { key: "xvz1evFS4wEEPTGEFPHBog", secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw" };
const TOKEN = { key: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE" };
/** As long as those that the headers are made from. */
const BASE = baseOf({
  oauth_consumer_key: CONSUMER.key,
  oauth_nonce: CHANCE.nonce(),
  oauth_signature_method: "HMAC-SHA1",
  oauth_timestamp: "1764000000",
  oauth_token: TOKEN.key,
  oauth_version: "1.0",
});
const KEY = `${encoded(CONSUMER.secret)}&${encoded(TOKEN.secret)}`;

const VALUE = "a header";
const against = (side: string, goal?: Figure["goal"]): Figure => ({
  name: `header ÷ ${side}`,
  unit: "µs",
  of: { side: "perch", value: VALUE },
  against: { side, value: VALUE },
  ...(goal && { goal }),
});

export const sign: Bench = {
  name: "sign",
  summary: "time to make one Authorization header, nonce and timestamp included ÷ oauth-1.0a's own authorize and toHeader",
  conditions: {
    load: `${HEADERS} headers for posts one after the other, in the bench's own process`,
    hash: "HMAC-SHA1 of a base string of the same length, by node:crypto, and nothing else",
  },
  sides: ["perch", "oauth-1.0a", "hash"],
  figures: [against("oauth-1.0a", { atMost: 1.1 }), against("hash")],
  open: async () => openRig(),
};

function perchSide(): () => string {
  const signer = createSigner(CONSUMER);
  return () => signer({ method: "POST", url: URL_OF_POSTS }, TOKEN, { timestamp: Math.floor(Date.now() / 1000), nonce: CHANCE.nonce() });
}

function librarySide(): () => string {
  const hash_function = (base: string, key: string) => createHmac("sha1", key).update(base).digest("base64");
  const oauth = new OAuth({ consumer: CONSUMER, signature_method: "HMAC-SHA1", hash_function });
  return () => oauth.toHeader(oauth.authorize({ method: "POST", url: URL_OF_POSTS }, TOKEN)).Authorization;
}

const hashSide = () => () => createHmac("sha1", KEY).update(BASE).digest("base64");

function openRig(): Rig {
  const sides: Record<string, () => string> = { perch: perchSide(), "oauth-1.0a": librarySide(), hash: hashSide() };
  const last: Record<string, string> = {};
  return {
    async turn(side) {
      const make = sides[side] as () => string;
      const start = performance.now();
      for (let count = 0; count < HEADERS; count += 1) last[side] = make();
      return { [VALUE]: ((performance.now() - start) * 1000) / HEADERS };
    },
    verify: async () =>
      ["perch", "oauth-1.0a"].filter((side) => !verifies(last[side] ?? "")).map((side) => `the header of ${side} has a wrong signature`),
    close: async () => {},
  };
}

/** RFC 5849 3.4.2, from what the header itself says; neither side has a part in it. */
function verifies(header: string): boolean {
  const pairs = [...header.matchAll(/(oauth_\w+)="([^"]*)"/g)].map(
    ([, name = "", value = ""]) => [name, decodeURIComponent(value)] as const,
  );
  const { oauth_signature: signature, ...parameters } = Object.fromEntries(pairs);
  return createHmac("sha1", KEY).update(baseOf(parameters)).digest("base64") === signature;
}

/** RFC 5849 3.4.1, for a POST without a query and without a form. */
function baseOf(parameters: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(parameters)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort();
  return ["POST", URL_OF_POSTS, sorted.join("&")].map(encoded).join("&");
}

/** RFC 5849 3.6. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
