import t from "tap";
import { createSigner, type SignableRequest } from "../../../plugins/twitter/sign.ts";

const signatureIn = (header: string): string => decodeURIComponent(/oauth_signature="([^"]*)"/.exec(header)?.[1] ?? "");

// docs.x.com "Creating a signature" and its older editions: one request, three addresses.
const X_VECTORS = [
  ["https://api.twitter.com/1/statuses/update.json", "tnnArxj06cWHq44gCs1OSKk/jLY="],
  ["https://api.twitter.com/1.1/statuses/update.json", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="],
  ["https://api.x.com/1.1/statuses/update.json", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="],
] as const;

const xSigner = createSigner({ key: "xvz1evFS4wEEPTGEFPHBog", secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw" });
const xToken = {
  key: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
  secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
};
const xMoment = { timestamp: 1318622958, nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg" };
const xRequest = (url: string): SignableRequest => ({
  method: "POST",
  url: `${url}?include_entities=true`,
  form: "status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21",
});

t.test("X's worked example is signed as X prints it, for each of its addresses", async (t) => {
  for (const [url, expected] of X_VECTORS) t.equal(signatureIn(xSigner(xRequest(url), xToken, xMoment)), expected, url);
});

t.test("the same request is signed the same a second time, and another token differently", async (t) => {
  const request = xRequest(X_VECTORS[2][0]);
  const first = xSigner(request, xToken, xMoment);
  t.equal(xSigner(request, xToken, xMoment), first);
  t.not(xSigner(request, { ...xToken, secret: "other" }, xMoment), first);
});

t.test("the header names all parameters that X asks for", async (t) => {
  const header = xSigner(xRequest(X_VECTORS[2][0]), xToken, xMoment);
  t.match(header, /^OAuth /);
  for (const name of ["consumer_key", "nonce", "signature", "signature_method", "timestamp", "token", "version"]) {
    t.match(header, `oauth_${name}="`);
  }
  t.notMatch(header, "include_entities");
});

const PHOTOS = { key: "dpf43f3p2l4k3l03", secret: "kd94hf93k423kf44" };
// RFC 5849 3.4.1.1 (signature as in erratum 2550) and 1.2.
const RFC_VECTORS = [
  {
    name: "3.4.1.1",
    consumer: { key: "9djdj82h48djs9d2", secret: "j49sk3j29djd" },
    token: { key: "kkk9d7dh3k39sjv7", secret: "dh893hdasih9" },
    moment: { timestamp: 137131201, nonce: "7d8f3e4a" },
    request: { method: "POST", url: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", form: "c2&a3=2+q" },
    expected: "r6/TJjbCOr97/+UU0NsvSne7s5g=",
  },
  {
    name: "1.2 initiate",
    consumer: PHOTOS,
    token: undefined,
    moment: { timestamp: 137131200, nonce: "wIjqoS" },
    request: { method: "POST", url: "https://photos.example.net/initiate", oauth: { oauth_callback: "http://printer.example.com/ready" } },
    expected: "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
  },
  {
    name: "1.2 token",
    consumer: PHOTOS,
    token: { key: "hh5s93j4hdidpola", secret: "hdhd0244k9j7ao03" },
    moment: { timestamp: 137131201, nonce: "walatlh" },
    request: { method: "POST", url: "https://photos.example.net/token", oauth: { oauth_verifier: "hfdp7dh39dks9884" } },
    expected: "gKgrFCywp7rO0OXSjdot/IHF7IU=",
  },
  {
    name: "1.2 photo",
    consumer: PHOTOS,
    token: { key: "nnch734d00sl2jdk", secret: "pfkkdhi9sl3r4s00" },
    moment: { timestamp: 137131202, nonce: "chapoH" },
    request: { method: "GET", url: "http://photos.example.net/photos?file=vacation.jpg&size=original" },
    expected: "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
  },
];

t.test("the examples of RFC 5849 are signed as it prints them, with erratum 2550", async (t) => {
  for (const { name, consumer, token, moment, request, expected } of RFC_VECTORS) {
    t.equal(signatureIn(createSigner(consumer, "none")(request, token, moment)), expected, name);
  }
});

t.test("a callback and a verifier go into the header", async (t) => {
  const header = xSigner(
    { method: "POST", url: "https://api.x.com/oauth/access_token", oauth: { oauth_verifier: "4868795" } },
    xToken,
    xMoment,
  );
  t.match(header, 'oauth_verifier="4868795"');
});

t.test("reserved characters are percent-encoded as X's examples have it", async (t) => {
  const sign = (value: string) => {
    const encoded = encodeURIComponent(value);
    return xSigner({ method: "GET", url: `https://api.x.com/2/x?q=${encoded}` }, xToken, xMoment);
  };
  // Both spellings decode to the same text, so both must give one signature.
  t.equal(xSigner({ method: "GET", url: "https://api.x.com/2/x?q=Ladies+%2B+Gentlemen!" }, xToken, xMoment), sign("Ladies + Gentlemen!"));
  t.not(sign("☃"), sign("☂"));
});
