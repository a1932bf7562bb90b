import fc from "fast-check";
import t from "tap";
import { Pool } from "undici";
import { PERCH, SOAP_12_ENVELOPE, SOAP_ENVELOPE, WSSE, WSU, XSI } from "../../src/soap/namespaces.ts";
import { OPERATIONS } from "../../src/soap/operations.ts";
import { parseXml } from "../../src/soap/parse-xml.ts";
import { basic, testDoor } from "../rpc/test-door.ts";
import { testHost } from "../rpc/test-host.ts";
import { addTestRoutes } from "./add-test-routes.ts";
import { authenticationInfo, digestToken, element, envelope, textToken } from "./soap-client.ts";

const RUNS = 1_500;

const SPACES = { "": "", e: SOAP_ENVELOPE, f: SOAP_12_ENVELOPE, p: PERCH, w: WSSE, u: WSU, i: XSI, x: "urn:other" };
const declared = Object.entries(SPACES)
  .map(([prefix, uri]) => (prefix === "" ? "" : `xmlns:${prefix}="${uri}"`))
  .join(" ");
const inputs = OPERATIONS.flatMap((operation) => operation.inputs.map((input) => input.element));
const locals = [
  ...["Envelope", "Header", "Body", "Fault", "AuthenticationInfo", "userName", "password", "Security", "UsernameToken"],
  ...["Username", "Password", "Nonce", "Created", "Timestamp", "a", ...OPERATIONS.map(({ name }) => name), ...inputs],
];
const ATTRIBUTES = ['e:mustUnderstand="1"', 'e:actor="x"', 'i:nil="true"', 'href="#1"', 'Type="x"', 'a="&amp;"', 'e:encodingStyle="x"'];
const SNIPPETS = ["&amp;", "&x;", "&#0;", "&#x20AC;", "<![CDATA[<]]>", "<!-- c -->", "<?p i?>", "]]>", "<", ">", "\u0001", "\ud800"];

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.constantFrom(...SNIPPETS, "5", "1e3", "-1", "300", ""));
/** XML that mostly is some, of the names that the door knows. */
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc
    .tuple(
      fc.constantFrom(...Object.keys(SPACES)),
      fc.constantFrom(...locals),
      fc.subarray(ATTRIBUTES, { maxLength: 2 }),
      fc.array(fc.oneof({ depthSize: "small" }, text, tie("tree")), { maxLength: 4 }),
    )
    .map(([prefix, local, attributes, content]) => {
      const name = prefix === "" ? local : `${prefix}:${local}`;
      return `<${[name, ...attributes].join(" ")}>${content.join("")}</${name}>`;
    }),
}));
const wrap = (xml: string) => xml.replace(/^<([^\s>]+)/, `<$1 ${declared}`);

const header = fc.oneof(
  fc.constantFrom(authenticationInfo("ar-server", "w-pass"), textToken("ar-server", "w-pass"), digestToken("ar-server", "w-pass"), ""),
  tree.map(wrap),
);
const call = fc.oneof(
  fc.constant(element("Notify", { Text: "hello" })),
  fc
    .tuple(fc.constantFrom(...OPERATIONS.map(({ name }) => name)), fc.dictionary(fc.constantFrom(...inputs), text, { maxKeys: 4 }))
    .map(([name, fields]) => element(name, fields)),
  tree.map(wrap),
);
const near = fc.tuple(call, header).map(([body, head]) => envelope(body, head));
const bitten = fc.tuple(near, fc.array(fc.tuple(fc.nat(3_000), fc.nat(255)), { maxLength: 3 })).map(([xml, bites]) => {
  const bytes = Buffer.from(xml);
  for (const [at, byte] of bites) bytes[at % bytes.length] = byte;
  return bytes;
});
const message = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  tree.map((xml) => Buffer.from(wrap(xml))),
  near.map((xml) => Buffer.from(xml)),
  bitten,
  fc.tuple(near, fc.nat(400)).map(([xml, end]) => Buffer.from(xml.slice(0, end))),
);
const type = fc.oneof(
  { weight: 9, arbitrary: fc.constant("text/xml; charset=utf-8") },
  fc.constantFrom("text/xml", "text/xml; charset=x", 'application/soap+xml; charset="utf-8"', "text/plain"),
);
const KNOWN = { authorization: basic("ar-server", "w-pass") };

t.test(`${RUNS} generated messages each get well-formed XML, and none is a bug`, { timeout: 110_000 }, async (t) => {
  const { host } = testHost();
  const { door, logged } = await testDoor(t, { host, addRoutes: addTestRoutes });
  const pool = new Pool(door.url, { connections: 4, bodyTimeout: 5_000, headersTimeout: 5_000 });
  t.teardown(() => pool.close());
  const seen = new Map<number, number>();
  const wellFormed = fc.asyncProperty(message, type, fc.boolean(), async (body, media, known) => {
    const headers = { "content-type": media, ...(known && KNOWN) };
    const answer = await pool.request({ method: "POST", path: "/soap", headers, body });
    seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1);
    const root = parseXml(await answer.body.text());
    const isFault = root.children[0]?.children[0]?.local === "Fault";
    return root.local === "Envelope" && isFault === (answer.statusCode !== 200) && [200, 401, 415, 500].includes(answer.statusCode);
  });
  await fc.assert(wellFormed, { numRuns: RUNS });
  t.strictSame(
    logged.filter(({ fields }) => fields.arerr !== 8761),
    [],
    "no bug was logged",
  );
  for (const status of [200, 401, 415, 500]) t.ok((seen.get(status) ?? 0) > 0, `some of them got ${status}`);
});
