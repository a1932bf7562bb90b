import type { LookupAddress } from "node:dns";
import t from "tap";
import { guardedLookup, refusalOfUrl } from "../../../plugins/webhook/address.ts";

type Rules = Parameters<typeof refusalOfUrl>[1];
const RULES: Record<string, Rules> = { plain: {}, private: { allowPrivate: true }, insecure: { allowInsecure: true } };

/** Which of the rules allow a URL. */
const allowing = (url: string) => Object.entries(RULES).flatMap(([name, rules]) => (refusalOfUrl(url, rules) === undefined ? [name] : []));

const ALL = ["plain", "private", "insecure"];
const CASES: [url: string, allowedWith: string[]][] = [
  ["https://hooks.example.com/x", ALL],
  ["https://8.8.8.8/x", ALL],
  ["https://[2606:4700::1111]/x", ALL],
  ["http://localhost:8080/x", ALL],
  ["http://127.0.0.1:8080/x", ALL],
  ["http://[::1]:8080/x", ALL],
  ["https://2130706433/x", ALL],
  ["http://hooks.example.com/x", ["insecure"]],
  ["http://localhost.example.com/x", ["insecure"]],
  ["http://10.1.2.3/x", []],
  ["https://10.1.2.3/x", ["private"]],
  ["https://0xa.1.2.3/x", ["private"]],
  ["https://172.31.255.255/x", ["private"]],
  ["https://172.32.0.0/x", ALL],
  ["https://192.168.1.1/x", ["private"]],
  ["https://100.64.0.1/x", ["private"]],
  ["https://[fd12::1]/x", ["private"]],
  ["https://[::ffff:10.1.2.3]/x", ["private"]],
  ["https://[64:ff9b::10.1.2.3]/x", ["private"]],
  ["https://[64:ff9b::8.8.8.8]/x", ALL],
  ["https://[2002:0a01:0203::1]/x", ["private"]],
  ["https://[2002:808:808::1]/x", ALL],
  ["https://169.254.169.254/latest", []],
  ["https://[::ffff:169.254.169.254]/latest", []],
  ["https://[64:ff9b::169.254.169.254]/latest", []],
  ["https://[fe80::1]/x", []],
  ["https://[fd00:ec2::254]/x", []],
  ["https://224.0.0.1/x", []],
  ["https://0.0.0.0/x", []],
  ["https://[::]/x", []],
];
t.test("a URL is allowed as its scheme and address are", async (t) => {
  for (const [url, allowedWith] of CASES) t.strictSame(allowing(url), allowedWith, url);
});

t.test("a refusal says what to set", async (t) => {
  t.match(refusalOfUrl("http://hooks.example.com", {}), /allowInsecure is not set/);
  t.match(refusalOfUrl("https://10.1.2.3", {}), /10\.1\.2\.3 is in a private network, and allowPrivate is not set/);
});

/** What a connection gets for a name that resolves to these. */
function connected(rules: Rules, name: string, found: string[], all = true): Promise<string | LookupAddress[]> {
  const addresses = found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  const lookup = guardedLookup(rules, (_name, _options, callback) => callback(null, addresses));
  return new Promise((resolve, reject) => lookup(name, { all }, (error, address) => (error ? reject(error) : resolve(address))));
}

t.test("a name that resolves to a refused address is refused", async (t) => {
  await t.rejects(connected({}, "hooks.example.com", ["10.1.2.3"]), { message: /^hooks\.example\.com: 10\.1\.2\.3 is in a private/ });
  await t.rejects(connected({}, "hooks.example.com", ["127.0.0.1"]), /private/);
  await t.rejects(connected({}, "hooks.example.com", ["8.8.8.8", "::1"]), /private/, "one of several is enough");
  await t.rejects(connected({ allowPrivate: true }, "hooks.example.com", ["169.254.169.254"]), /link-local/);
});

t.test("a name that resolves to allowed addresses is connected to", async (t) => {
  t.strictSame(await connected({}, "hooks.example.com", ["8.8.8.8", "2606:4700::1111"]), [
    { address: "8.8.8.8", family: 4 },
    { address: "2606:4700::1111", family: 6 },
  ]);
  t.equal(await connected({}, "hooks.example.com", ["8.8.8.8"], false), "8.8.8.8");
  t.strictSame(await connected({ allowPrivate: true }, "hooks.corp", ["10.1.2.3"]), [{ address: "10.1.2.3", family: 4 }]);
  t.strictSame(await connected({}, "localhost", ["127.0.0.1"]), [{ address: "127.0.0.1", family: 4 }]);
});

t.test("a name that does not resolve keeps its error", async (t) => {
  const lookup = guardedLookup({}, (_name, _options, callback) => callback(Object.assign(new Error("no"), { code: "ENOTFOUND" }), []));
  await t.rejects(new Promise((_resolve, reject) => lookup("x.example", {}, (error) => reject(error))), { code: "ENOTFOUND" });
});
