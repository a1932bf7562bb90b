/** Workflow's calls by SOAP, on a real host with the sandbox behind it. */
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import type { Registration } from "../../src/shapes.ts";
import { parseXml } from "../../src/soap/parse-xml.ts";
import { openStage, PASSWORDS, type Stage, type StageOptions } from "../stage.ts";
import { authenticationInfo, element, envelope, isFault, post } from "./soap-client.ts";

const WORKFLOW = authenticationInfo("workflow", PASSWORDS.workflow);
const echoes = fileURLToPath(new URL("../fixtures/plugins/echoes.ts", import.meta.url));
const XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"';

type SoapStage = Stage & { send: (body: string) => ReturnType<typeof post> };
async function open(t: Test, options: StageOptions = {}): Promise<SoapStage> {
  const stage = await openStage(t, options);
  return Object.assign(stage, { send: (body: string) => post(stage.host.url, envelope(body, WORKFLOW)) });
}
const listed = async (stage: Stage) => (await stage.call<{ deliveries: unknown[] }>("deliveries.list")).deliveries;

t.test("Notify posts, answers the first delivery and all ids, and knows a repeat", async (t) => {
  const stage = await open(t);
  await stage.register();
  const call = element("Notify", {
    Text: "E-mail is down &amp; we know",
    EntryId: "INC1",
    Priority: "0",
    TtlSeconds: "600",
    WaitSeconds: "20.5",
  });
  const first = await stage.send(call);
  t.match(first, { status: 200, content: { local: "NotifyResponse", uri: "urn:perch:soap" } });
  t.equal(first.headers.get("content-type"), "text/xml; charset=utf-8");
  t.equal(first.headers.get("cache-control"), "no-store", "as every answer of the door");
  const { DeliveryId, PostUrl, ...rest } = first.fields;
  t.strictSame(rest, { State: "delivered", AccountName: "ITSM_Notify", DeliveryIds: DeliveryId, Duplicate: "false" });
  t.match(PostUrl, /^http:.*\/ITSM_Notify\/status\/\d+$/);
  t.match(await stage.posts(), [{ text: "E-mail is down & we know" }]);
  const second = await stage.send(call);
  t.match(second.fields, { DeliveryId, Duplicate: "true" });
  t.equal((await stage.posts()).length, 1);
});

t.test("empty and nil elements are left out, as AR System sends its NULLs", async (t) => {
  const stage = await open(t);
  await stage.register();
  const empty = `<p:Content/><p:FunctionalUser></p:FunctionalUser><p:Priority ${XSI} i:nil="true"/>`;
  const text = `<p:Text ${XSI} i:type="xsd:string"><![CDATA[a<b]]><!-- c --> &#x20AC;</p:Text>`;
  const sent = await stage.send(`<p:Notify>${text}${empty}<p:WaitSeconds>20</p:WaitSeconds></p:Notify>`);
  t.match(sent.fields, { State: "delivered" });
  t.match(await stage.delivery(sent.fields.DeliveryId ?? ""), { text: "a<b €", content: "Broadcast", priority: 5 });
});

t.test("GetDelivery tells of a delivery, and of its error in the line that people see", async (t) => {
  const stage = await open(t);
  await stage.register();
  await stage.fault({ status: 403, body: { detail: "You are not allowed to create a Tweet with duplicate content." } }, { times: 1 });
  const { fields } = await stage.send(element("Notify", { Text: "refused", WaitSeconds: "20" }));
  const { DeliveryId = "" } = fields;
  const told = await stage.send(element("GetDelivery", { DeliveryId, WaitSeconds: "0" }));
  t.equal(told.content.local, "GetDeliveryResponse");
  const { Error: line, ...rest } = told.fields;
  t.strictSame(rest, { DeliveryId, State: "failed", AccountName: "ITSM_Notify" });
  t.match(line, /^Error in plugin : .* \(ARERR 8753\)$/);
  const none = await stage.send(element("GetDelivery", { DeliveryId: "none" }));
  t.match(none.fault, { code: "soapenv:Client", reason: "not-found", numbers: ["8753", "20028"] });
});

t.test("FilterApiCall gives values as texts, and NULL for what is left out or empty", async (t) => {
  const stage = await open(t);
  const both = [{ module: "twitter", userDefined: { apiBaseUrl: stage.sandboxUrl } }, { module: echoes }];
  await stage.configure({ config: { plugins: both } });
  const given = await stage.send(element("FilterApiCall", { Plugin: "TEST.ECHO", In1: "one", In2: "", In4: "4" }));
  t.strictSame(given.fields, { Out1: "one", Out4: "4" });
  const own = await stage.send(element("FilterApiCall", { Plugin: "TEST.ECHO" }));
  const texts = { Out1: "a\ufffdb\ufffdc\ufffd", Out2: "<&>\"'\r\n</Out2>", Out3: "7", Out4: "1.5", Out6: "2" };
  t.strictSame(own.fields, texts, "what XML can't hold is U+FFFD, and markup stays a text");
  isFault(t, await stage.send(element("FilterApiCall", { Plugin: "TEST.NONE" })), "Client", /does not exist.*\(ARERR 8755\)$/);
  await stage.register("Allen");
  const alert = { Plugin: "ARSYS.ALRT.TWITTER", In1: "Allen", In2: "INC2", In3: "VPN is slow", In4: "", In5: "" };
  const alerted = await stage.send(element("FilterApiCall", alert));
  await stage.reaches(alerted.fields.Out1 ?? "", "delivered");
});

const MISTAKES: readonly (readonly [string, RegExp])[] = [
  ["<p:Notify/>", /: Text is missing \(ARERR 8753\)$/],
  [element("Notify", { Text: "x", Priority: "11" }), /: Priority must be <= 10/],
  [element("Notify", { Text: "x", Priority: "high" }), /: Priority must be a whole number in digits; it is "high"/],
  [element("Notify", { Text: "x", Priority: "1e1" }), /whole number/],
  [element("Notify", { Text: "x", Priority: " 1" }), /whole number/],
  [element("Notify", { Text: "x", TtlSeconds: "1.5" }), /: TtlSeconds must be a whole number/],
  [element("Notify", { Text: "x", WaitSeconds: "0x10" }), /: WaitSeconds must be a number in digits/],
  [element("Notify", { Text: "x", WaitSeconds: "301" }), /: WaitSeconds must be <= 300/],
  [element("Notify", { Text: "x", WaitSeconds: "-1" }), /: WaitSeconds must be >= 0/],
  [element("Notify", { Text: "x", Content: "c".repeat(256) }), /: Content must not have more than 255 characters/i],
  [element("Notify", { Text: "x".repeat(100_001) }), /: Text must not have more than 100000 characters/i],
  [element("Notify", { Text: "x", Txt: "y" }), /: Txt is no element of Notify; did you mean Text\?/],
  [element("Notify", { Text: "x", Zeppelin: "y" }), /: Zeppelin is no element of Notify; there are Text, Content/],
  [element("Notify", { Text: "x", constructor: "y" }), /: constructor is no element of Notify/],
  [element("Notfy", { Text: "x" }), /there is no operation Notfy; did you mean Notify\?/],
  ["<p:Notify><p:Text>a</p:Text><p:Text>b</p:Text></p:Notify>", /: Text is given twice/],
  ["<p:Notify><p:Text/><p:Text>b</p:Text></p:Notify>", /: Text is given twice/],
  ["<p:Notify><p:Text>a<p:b/></p:Text></p:Notify>", /: Text must hold text only/],
  ["<p:Notify>hello</p:Notify>", /: Notify must hold elements only/],
  ["<p:Notify><Text>a</Text></p:Notify>", /: Text is in no namespace; it must be in urn:perch:soap/],
  ['<p:Notify><Text xmlns="urn:other">a</Text></p:Notify>', /: Text is in the namespace urn:other/],
  ['<Notify xmlns="urn:other"/>', /: Notify is in the namespace urn:other/],
  ['<p:Notify><p:Text href="#id0"/></p:Notify>', /: Text has an href; send document\/literal/],
  [`<p:Notify><p:Text ${XSI} i:nil="1">a</p:Text></p:Notify>`, /: Text is nil and must be empty/],
  [element("FilterApiCall", { In1: "x" }), /: Plugin is missing/],
  [element("FilterApiCall", { Plugin: "x", In11: "x" }), /: In11 is no element of FilterApiCall/],
];
t.test("a mistake is a Client fault that names the element", async (t) => {
  const stage = await open(t);
  await stage.register();
  for (const [body, words] of MISTAKES) isFault(t, await stage.send(body), "Client", words);
  t.strictSame(await listed(stage), [], "nothing was accepted");
});

t.test("what the host refuses is a fault with its numbers, and Server where the message is right", async (t) => {
  const stage = await open(t);
  const notify = element("Notify", { Text: "x" });
  t.match((await stage.send(notify)).fault, { code: "soapenv:Client", reason: "not-registered", numbers: ["8753", "20020"] });
  const { id } = await stage.register();
  await stage.call<Registration>("registrations.update", { id, status: "Disabled" });
  t.match((await stage.send(notify)).fault, { code: "soapenv:Server", reason: "disabled", numbers: ["8753", "20021"] });
  await stage.call<Registration>("registrations.update", { id, status: "Enabled" });
  const keyed = (text: string) => stage.send(element("Notify", { Text: text, IdempotencyKey: "k" }));
  t.equal((await keyed("a")).status, 200);
  t.match((await keyed("b")).fault, { code: "soapenv:Client", reason: "conflict", numbers: ["8753", "20027"] });
  const asked = await stage.send(element("FilterApiCall", { Plugin: "ARSYS.ARF.TWITTER", In1: "Allen" }));
  t.match(asked.fault, { code: "soapenv:Client", reason: "not-allowed", numbers: ["8753", "20026"] });
});

t.test("a line that is too long loses of its appended text, never its number, and markup in it stays a text", async (t) => {
  const stage = await open(t);
  const refused = await stage.send(element("Notify", { Text: "x", FunctionalUser: `&lt;/faultstring&gt;${"ü".repeat(200)}` }));
  isFault(t, refused, "Client", /^Error in plugin : .*<\/faultstring>ü+.* \(ARERR 8753\)$/);
  t.ok(Buffer.byteLength(refused.fault?.line ?? "") > 250, "no more is lost than must be");
});

t.test("calls are counted as those of every door, and what is no call as unknown", async (t) => {
  const stage = await open(t);
  await stage.send(element("Notify", { Text: "x" }));
  await stage.send(element("Notify", { Text: "x", Priority: "99" }));
  await stage.send("<p:Nothing/>");
  const headers = { authorization: `Basic ${Buffer.from(`operator:${PASSWORDS.operator}`).toString("base64")}` };
  const metrics = await (await fetch(`${stage.host.url}/metrics`, { headers })).text();
  for (const labels of ['method="notify",code="8753"', 'method="notify",code="-32602"', 'method="unknown",code="-32600"']) {
    t.ok(metrics.includes(`perch_rpc_requests_total{${labels}} 1`), labels);
  }
});

/** All that comes back, until the other side closes. */
async function raw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.end(bytes);
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}

t.test("the WSDL needs no password, says publicUrl and never what Host says", async (t) => {
  const stage = await open(t);
  const read = async (query: string) => {
    const answer = await fetch(`${stage.host.url}/soap${query}`, { headers: { "x-forwarded-host": "evil.example" } });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  };
  const plain = await read("?wsdl");
  t.match(plain, { status: 200, type: "text/xml; charset=utf-8" });
  t.ok(plain.text.includes(`<soap:address location="${stage.host.url}/soap"/>`));
  t.equal((await read("?WSDL")).text, plain.text, "Axis writes it in capitals");
  const lured = await raw(stage.host.url, "GET /soap?wsdl HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  t.ok(lured.includes("</wsdl:definitions>") && !lured.includes("evil"));
  const server = { port: 0, socket: "./perch.sock", publicUrl: "https://perch.example/a&b/" };
  await stage.configure({ config: { server } });
  await stage.restart();
  const configured = await read("?wsdl");
  t.ok(configured.text.includes('<soap:address location="https://perch.example/a&amp;b/soap"/>'));
  t.equal(parseXml(configured.text).local, "definitions");
  t.match(await read(""), { status: 404, text: /the WSDL is at \/soap\?wsdl/ });
  const put = await fetch(`${stage.host.url}/soap`, { method: "PUT" });
  t.strictSame([put.status, put.headers.get("allow")], [405, "GET, HEAD, POST"]);
});

t.test("half a message is no call", async (t) => {
  const stage = await open(t);
  await stage.register();
  const half = envelope(element("Notify", { Text: "half" }), WORKFLOW).slice(0, -20);
  const head = `POST /soap HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: ${half.length + 20}`;
  await raw(stage.host.url, `${head}\r\n\r\n${half}`);
  isFault(t, await post(stage.host.url, half), "Client", /not well-formed XML: 1:\d+: /);
  t.strictSame(await listed(stage), []);
});
