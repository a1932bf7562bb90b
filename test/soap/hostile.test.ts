/** What a hostile sender would try with XML and with the envelope; nothing of it is done, and each is told why. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { SOAP_ENVELOPE } from "../../src/soap/namespaces.ts";
import { openStage, PASSWORDS } from "../stage.ts";
import { authenticationInfo, element, envelope, isFault, post, security } from "./soap-client.ts";

const WORKFLOW = authenticationInfo("workflow", PASSWORDS.workflow);
const NOTIFY = element("Notify", { Text: "hello" });
const message = (body = NOTIFY, header = "") => envelope(body, header + WORKFLOW);
const MUST = `xmlns:s="${SOAP_ENVELOPE}" s:mustUnderstand="1"`;

async function open(t: Test) {
  const stage = await openStage(t);
  await stage.register();
  const refuses = async (sent: string | Buffer, words: RegExp, code = "Client", headers: Record<string, string> = {}) =>
    isFault(t, await post(stage.host.url, sent, headers), code, words);
  const accepts = async (sent: string | Buffer, headers: Record<string, string> = {}) => {
    const answer = await post(stage.host.url, sent, headers);
    t.equal(answer.status, 200, answer.fault?.line ?? "it is accepted");
  };
  const stored = async () => (await stage.call<{ deliveries: unknown[] }>("deliveries.list")).deliveries.length;
  return { stage, refuses, accepts, stored };
}

t.test("no entity is read from a file or an address, and none is expanded", async (t) => {
  const { refuses, stored } = await open(t);
  const folder = await mkdtemp(join(tmpdir(), "perch-xxe-"));
  const secret = join(folder, "secret");
  await writeFile(secret, "s3cr3t");
  let fetched = 0;
  const trap = createServer((_request, response) => {
    fetched += 1;
    response.end("s3cr3t");
  }).listen(0, "127.0.0.1");
  await once(trap, "listening");
  t.teardown(async () => {
    trap.close();
    await rm(folder, { recursive: true });
  });
  const address = trap.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/x`;
  const said = message(element("Notify", { Text: "&x;" }));
  const lol = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join("");
  const doctypes = [
    `<!DOCTYPE e [<!ENTITY x SYSTEM "file://${secret}">]>`,
    `<!DOCTYPE e [<!ENTITY x SYSTEM "${url}">]>`,
    `<!DOCTYPE e SYSTEM "${url}">`,
    `<!DOCTYPE e PUBLIC "a" "${url}">`,
    `<!DOCTYPE e [<!ENTITY % p SYSTEM "${url}"> %p;]>`,
    `<!DOCTYPE e [<!ENTITY l0 "lol">${lol}<!ENTITY x "&l9;">]>`,
    `<!DOCTYPE e [<!ENTITY x "${"a".repeat(60_000)}">]>`,
    "<!DOCTYPE e>",
  ];
  for (const doctype of doctypes) await refuses(doctype + said, /must not have a DOCTYPE/);
  await refuses(said, /not well-formed XML: .*entity/i);
  await refuses(message(element("Notify", { Text: `&${"x".repeat(200_000)};` })), /not well-formed XML/);
  await refuses(message(element("Notify", { Text: "&constructor;&toString;&__proto__;" })), /not well-formed XML/);
  await refuses(
    `<!DOCTYPE e [<!ENTITY x "${"a".repeat(50_000)}">]>${message(element("Notify", { Text: "&x;".repeat(50_000) }))}`,
    /DOCTYPE/,
  );
  t.equal(fetched, 0);
  t.equal(await stored(), 0);
});

t.test("what is too deep, too wide or too long is refused before it costs anything", async (t) => {
  const { stage, refuses, stored } = await open(t);
  const deep = (levels: number) => `${"<a>".repeat(levels)}${"</a>".repeat(levels)}`;
  await refuses(message(NOTIFY, deep(100_000)), /nested deeper than 16 levels/);
  await refuses(deep(100_000), /nested deeper than 16 levels/);
  await refuses(message(NOTIFY, "<a/>".repeat(100_000)), /more than 1000 elements/);
  const attributes = Array.from({ length: 20_000 }, (_, at) => `a${at}="x"`).join(" ");
  await refuses(message(NOTIFY, `<a ${attributes}/>`), /more than 64 attributes/);
  const spaces = Array.from({ length: 20_000 }, (_, at) => `xmlns:a${at}="u"`).join(" ");
  await refuses(message(NOTIFY, `<a ${spaces}/>`), /more than 64 attributes/);
  await refuses(message(element("Notify", { Text: "x".repeat(1_000_000) })), /Text must not have more than 100000/i);
  const huge = await post(stage.host.url, message(element("Notify", { Text: "x".repeat(2_000_000) })));
  t.match(huge, { status: 413, fault: { line: /larger than 1048576 bytes/ } });
  t.equal(await stored(), 0);
});

t.test("the longest text is taken, also as references", async (t) => {
  const { accepts } = await open(t);
  await accepts(message(element("Notify", { Text: "&#x20AC;".repeat(100_000) })));
});

const le = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");
t.test("only UTF-8 is taken, and whoever says otherwise is told", async (t) => {
  const { refuses, accepts } = await open(t);
  const umlaut = message(element("Notify", { Text: "Störung" }));
  await accepts(umlaut);
  await accepts(`\ufeff<?xml version="1.0" encoding="utf-8"?>\n${umlaut}`);
  await accepts(umlaut, { "content-type": "text/xml" });
  await accepts(umlaut, { "content-type": 'text/xml; charset="UTF-8"' });
  await refuses(Buffer.from(umlaut, "latin1"), /not UTF-8; send it in UTF-8/);
  await refuses(`<?xml version="1.0" encoding="ISO-8859-1"?>${umlaut}`, /declaration says ISO-8859-1; only UTF-8/);
  await refuses(`<?xml version="1.0" encoding="UTF-16"?>${umlaut}`, /declaration says UTF-16; only UTF-8/);
  await refuses(`<?xml version="1.1"?>${umlaut}`, /must say version 1.0/);
  await refuses(umlaut, /charset in Content-Type must be utf-8; it is iso-8859-1/, "Client", {
    "content-type": "text/xml; charset=iso-8859-1",
  });
  await refuses(umlaut, /charset in Content-Type must be utf-8; it is utf-16/, "Client", { "content-type": "text/xml; charset=utf-16" });
  await refuses(le(umlaut), /UTF-16 or UTF-32; send it in UTF-8/);
  await refuses(le(umlaut).swap16(), /UTF-16 or UTF-32/);
  await refuses(Buffer.from(umlaut, "utf16le"), /UTF-16 or UTF-32/);
  await refuses(Buffer.concat([Buffer.from(umlaut.slice(0, 40)), Buffer.from([0xc0, 0xaf])]), /not UTF-8/);
});

t.test("what XML forbids is refused where it stands", async (t) => {
  const { refuses, stored } = await open(t);
  await refuses("", /the body is empty/);
  await refuses("hello", /not well-formed XML: 1:/);
  await refuses(`${message()}<more/>`, /not well-formed XML/);
  await refuses(`${message()}more`, /not well-formed XML/);
  await refuses(` <?xml version="1.0"?>${message()}`, /not well-formed XML|processing instructions/);
  await refuses(`<?xml-stylesheet href="x"?>${message()}`, /must not have processing instructions/);
  await refuses(message(element("Notify", { Text: "a<?php x?>" })), /must not have processing instructions/);
  for (const text of ["\u0001", "&#1;", "&#0;", "&#xD800;", "&#x110000;", "\ufffe", "&#xFFFF;"]) {
    await refuses(message(element("Notify", { Text: text })), /not well-formed XML/);
  }
  await refuses(message(element("Notify", { Text: "a" }).replace("p:Notify>", "q:Notify>")), /not well-formed XML/);
  await refuses(message("<p:Notify><p:Text>a</p:Notify></p:Text>"), /not well-formed XML/);
  await refuses(message('<p:Notify a="1" a="2"/>'), /not well-formed XML/);
  t.equal(await stored(), 0);
});

const soap = (content: string, uri = SOAP_ENVELOPE) => `<e:Envelope xmlns:e="${uri}" xmlns:p="urn:perch:soap">${content}</e:Envelope>`;
t.test("an envelope that can be read in two ways is refused", async (t) => {
  const { refuses, stored } = await open(t);
  const header = `<e:Header>${WORKFLOW}</e:Header>`;
  const body = `<e:Body>${NOTIFY}</e:Body>`;
  await refuses(soap(header + body + body), /nothing after its Body; there is Body/);
  await refuses(soap(`${header}${body}<x:a xmlns:x="u"/>`), /nothing after its Body; there is a/);
  await refuses(soap(header + header + body), /must hold a Header, or none, and then a Body/);
  const basic = { authorization: `Basic ${Buffer.from(`workflow:${PASSWORDS.workflow}`).toString("base64")}` };
  await refuses(soap(body + header), /nothing after its Body; there is Header/, "Client", basic);
  await refuses(soap(header), /must hold a Header, or none, and then a Body/);
  await refuses(soap(`${header}<Body>${NOTIFY}</Body>`), /must hold a Header, or none, and then a Body/);
  await refuses(soap(`${header}<e:Body>${NOTIFY}${NOTIFY}</e:Body>`), /exactly one element/);
  await refuses(soap(`${header}<e:Body/>`), /exactly one element/);
  await refuses(soap(`${header}<e:Body>text${NOTIFY}</e:Body>`), /Body must hold elements only/);
  await refuses(`<Envelope>${header}</Envelope>`.replaceAll("e:", ""), /VersionMismatch|another version of SOAP/, "VersionMismatch");
  await refuses("<hello/>", /must be a SOAP 1.1 Envelope/);
  t.equal(await stored(), 0);
});

t.test("SOAP 1.2 is answered with VersionMismatch, and a header that must be understood with MustUnderstand", async (t) => {
  const { refuses, accepts } = await open(t);
  const twelve = soap(`<e:Body>${NOTIFY}</e:Body>`, "http://www.w3.org/2003/05/soap-envelope");
  await refuses(twelve, /this is SOAP 1.2/, "VersionMismatch", { "content-type": "application/soap+xml; charset=utf-8" });
  await refuses(twelve, /this is SOAP 1.2/, "VersionMismatch");
  await refuses(message(NOTIFY, `<x:Sign xmlns:x="u" ${MUST}/>`), /the header Sign must be understood/, "MustUnderstand");
  const signed = security("<w:BinarySecurityToken/>", MUST);
  await refuses(message(NOTIFY, signed), /the header Security must be understood/, "MustUnderstand");
  await accepts(message(NOTIFY, '<x:Action xmlns:x="u">y</x:Action>'), { soapaction: '"urn:anything"' });
  await accepts(message(NOTIFY, `<x:Sign xmlns:x="u" ${MUST} s:actor="urn:somebody-else"/>`));
  const next = 's:actor="http://schemas.xmlsoap.org/soap/actor/next"';
  await refuses(message(NOTIFY, `<x:Sign xmlns:x="u" ${MUST} ${next}/>`), /must be understood/, "MustUnderstand");
  const ours = WORKFLOW.replace("<AuthenticationInfo", `<AuthenticationInfo ${MUST}`);
  await accepts(envelope(NOTIFY, ours));
});

t.test("a stranger is told nothing of operations and headers, and his Body is not even read", async (t) => {
  const { stage, refuses } = await open(t);
  await refuses(message(NOTIFY, "<!-- long -->".repeat(6_000)), /the Header is longer than 65536 characters/);
  for (const body of ["<p:Nothing/>", NOTIFY, "<<<", "<a>".repeat(100_000)]) {
    const answer = await post(stage.host.url, envelope(body, `<x:Sign xmlns:x="u" ${MUST}/>`));
    t.match(answer, { status: 401, fault: { numbers: ["8761"] } });
  }
});

t.test("other media and codings are refused in XML, too", async (t) => {
  const { stage } = await open(t);
  for (const type of ["application/json", "text/plain", "multipart/related; type=text/xml", "text/xmlish"]) {
    t.match(await post(stage.host.url, message(), { "content-type": type }), { status: 415, fault: { line: /text\/xml/ } });
  }
  t.match(await post(stage.host.url, message(), { "content-encoding": "gzip" }), { status: 415, fault: { line: /Content-Encoding/ } });
});
