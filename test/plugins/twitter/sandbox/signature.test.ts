import fc from "fast-check";
import OAuth from "oauth-1.0a";
import t from "tap";
import {
  baseString,
  decodeForm,
  type Pair,
  percentEncode,
  readAuthorization,
  signature,
} from "../../../../plugins/twitter/sandbox/signature.ts";

const oauth = (fields: Record<string, string>): Pair[] =>
  Object.entries({ oauth_signature_method: "HMAC-SHA1", ...fields }).map(([k, v]): Pair => [k, v]);

t.test("percent-encoding gives X's own examples", async (t) => {
  t.equal(percentEncode("Ladies + Gentlemen"), "Ladies%20%2B%20Gentlemen");
  t.equal(percentEncode("An encoded string!"), "An%20encoded%20string%21");
  t.equal(percentEncode("Dogs, Cats & Mice"), "Dogs%2C%20Cats%20%26%20Mice");
  t.equal(percentEncode("☃"), "%E2%98%83");
  t.equal(percentEncode("-._~aZ09"), "-._~aZ09");
});

// docs.x.com, Creating a signature; the two older addresses from Twitter's earlier editions of the page.
for (const [url, expected] of [
  ["https://api.twitter.com/1/statuses/update.json", "tnnArxj06cWHq44gCs1OSKk/jLY="],
  ["https://api.twitter.com/1.1/statuses/update.json", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="],
  ["https://api.x.com/1.1/statuses/update.json", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="],
] as const) {
  t.test(`X's worked example for ${url} is signed as X does`, async (t) => {
    const pairs: Pair[] = [
      ["include_entities", "true"],
      ["status", "Hello Ladies + Gentlemen, a signed OAuth request!"],
      ...oauth({
        oauth_consumer_key: "xvz1evFS4wEEPTGEFPHBog",
        oauth_nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        oauth_timestamp: "1318622958",
        oauth_token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        oauth_version: "1.0",
      }),
    ];
    const base = baseString("post", url, pairs);
    t.equal(signature(base, "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"), expected);
  });
}

t.test("RFC 5849 section 3.4.1.1 gives the base string printed there and the signature of erratum 2550", async (t) => {
  const pairs = [
    ...decodeForm("?b5=%3D%253D&a3=a&c%40=&a2=r%20b"),
    ...decodeForm("c2&a3=2+q"),
    ...oauth({
      oauth_consumer_key: "9djdj82h48djs9d2",
      oauth_token: "kkk9d7dh3k39sjv7",
      oauth_timestamp: "137131201",
      oauth_nonce: "7d8f3e4a",
    }),
  ];
  const base = baseString("POST", "http://EXAMPLE.com:80/request?ignored", pairs);
  t.equal(
    base,
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7",
  );
  t.equal(signature(base, "j49sk3j29djd", "dh893hdasih9"), "r6/TJjbCOr97/+UU0NsvSne7s5g=");
});

const KEY = "dpf43f3p2l4k3l03";
for (const [name, method, url, fields, secret, expected] of [
  [
    "initiate",
    "POST",
    "https://photos.example.net/initiate",
    { oauth_timestamp: "137131200", oauth_nonce: "wIjqoS", oauth_callback: "http://printer.example.com/ready" },
    "",
    "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
  ],
  [
    "token",
    "POST",
    "https://photos.example.net/token",
    { oauth_timestamp: "137131201", oauth_nonce: "walatlh", oauth_token: "hh5s93j4hdidpola", oauth_verifier: "hfdp7dh39dks9884" },
    "hdhd0244k9j7ao03",
    "gKgrFCywp7rO0OXSjdot/IHF7IU=",
  ],
  [
    "photo",
    "GET",
    "http://photos.example.net/photos",
    { oauth_timestamp: "137131202", oauth_nonce: "chapoH", oauth_token: "nnch734d00sl2jdk", file: "vacation.jpg", size: "original" },
    "pfkkdhi9sl3r4s00",
    "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
  ],
] as const) {
  t.test(`RFC 5849 section 1.2, ${name}, gives the signature printed there`, async (t) => {
    t.equal(signature(baseString(method, url, oauth({ oauth_consumer_key: KEY, ...fields })), "kd94hf93k423kf44", secret), expected);
  });
}

t.test("for any parameters the base string is the one that the package oauth-1.0a makes", async () => {
  const other = new OAuth({ consumer: { key: "k", secret: "s" } });
  const names = fc.string({
    unit: fc.constantFrom("a", "b", "ä", "é", "!", "*", "'", "(", ")", "~", "-", "_", "."),
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(fc.dictionary(names, fc.string({ unit: "grapheme" })), (data) => {
      // The package sorts by UTF-16 before it encodes (section 3.4.1.3.2 says after), so only those in both orders are compared.
      const request = { url: "http://127.0.0.1/x", method: "POST", data };
      const theirs = decodeURIComponent(other.getBaseString(request, {} as OAuth.Data).split("&")[2]!)
        .split("&")
        .sort();
      const ours = decodeURIComponent(baseString("POST", request.url, Object.entries(data)).split("&")[2]!)
        .split("&")
        .sort();
      return theirs.join("&") === ours.join("&");
    }),
  );
});

t.test("an Authorization header is read only when it is well-formed", async (t) => {
  t.same(readAuthorization('OAuth realm="x", oauth_token="a%2Bb",oauth_nonce="n"'), [
    ["realm", "x"],
    ["oauth_token", "a+b"],
    ["oauth_nonce", "n"],
  ]);
  for (const bad of [undefined, "", "Bearer x", "OAuth oauth_token=a", 'OAuth oauth_token="%zz"', "OAuth "])
    t.equal(readAuthorization(bad), undefined, String(bad));
});
