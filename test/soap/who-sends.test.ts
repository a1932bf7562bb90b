/** Who may call by SOAP: each way to say so, on a real host. */
import { randomBytes } from "node:crypto";
import t, { type Test } from "tap";
import { hashPassword } from "../../src/config/password.ts";
import { openStage, PASSWORDS } from "../stage.ts";
import {
  authenticationInfo,
  type DigestOptions,
  digestToken,
  element,
  envelope,
  isFault,
  post,
  security,
  textToken,
  usernameToken,
} from "./soap-client.ts";

const { workflow, operator } = PASSWORDS;
const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`,
});
/** A call that changes nothing, and is refused as not found once the caller is known. */
const ASK = element("GetDelivery", { DeliveryId: "none" });
const HASHED = { name: "hashed", role: "workflow", password: "" };

async function open(t: Test) {
  HASHED.password = await hashPassword("hashed-password");
  const clients = Object.entries(PASSWORDS).map(([role, password]) => ({ name: role, role, password }));
  const stage = await openStage(t, { credentials: { clients: [...clients, HASHED] } });
  const ask = (header: string, headers: Record<string, string> = {}) => post(stage.host.url, envelope(ASK, header), headers);
  const comesIn = async (header: string, headers: Record<string, string> = {}, what?: string) =>
    t.match((await ask(header, headers)).fault, { reason: "not-found" }, what ?? header.slice(0, 100));
  return { stage, ask, comesIn };
}

t.test("AuthenticationInfo, UsernameToken as text and as digest, and HTTP Basic each let a client in", async (t) => {
  const { comesIn } = await open(t);
  await comesIn(authenticationInfo("workflow", workflow));
  await comesIn(`<p:AuthenticationInfo><p:userName>workflow</p:userName><p:password>${workflow}</p:password></p:AuthenticationInfo>`);
  await comesIn(textToken("workflow", workflow));
  await comesIn(usernameToken(`<w:Username>workflow</w:Username><w:Password>${workflow}</w:Password>`), {}, "text is the default type");
  await comesIn(digestToken("workflow", workflow));
  await comesIn("", basic("workflow", workflow));
  await comesIn(authenticationInfo("hashed", "hashed-password"));
  await comesIn(textToken("hashed", "hashed-password"));
  await comesIn(security("<u:Timestamp><u:Created>2001-01-01T00:00:00Z</u:Created></u:Timestamp>"), basic("workflow", workflow));
});

t.test("without credentials HTTP's own challenge comes with the fault; wrong ones are a fault that Axis shows", async (t) => {
  const { ask } = await open(t);
  const none = await ask("");
  t.match(none, { status: 401, fault: { code: "soapenv:Client", numbers: ["8761"] } });
  t.match(none.headers.get("www-authenticate"), /^Basic /);
  t.equal((await ask(authenticationInfo("", ""))).status, 401, "AR System sends the elements empty when it has nothing for them");
  const wrong = [
    await ask(authenticationInfo("workflow", "no")),
    await ask(authenticationInfo("nobody", workflow)),
    await ask(authenticationInfo("operator", "")),
    await ask(textToken("workflow", "no")),
    await ask("", { authorization: "Basic !" }),
    await ask("", basic("hashed", "no")),
  ];
  for (const answer of wrong) {
    isFault(t, answer, "Client", /\(ARERR 8761\)$/);
    t.equal(answer.headers.get("www-authenticate"), null);
  }
});

t.test("credentials that differ are refused, and the same twice are not", async (t) => {
  const { ask, comesIn } = await open(t);
  await comesIn(authenticationInfo("workflow", workflow) + textToken("workflow", workflow), basic("workflow", workflow));
  await comesIn(digestToken("workflow", workflow), basic("workflow", workflow));
  const differ = /do not belong to one client.*\(ARERR 8761\)$/;
  isFault(t, await ask(authenticationInfo("workflow", workflow), basic("operator", operator)), "Client", differ);
  isFault(t, await ask(authenticationInfo("workflow", workflow) + textToken("operator", operator)), "Client", differ);
  isFault(t, await ask(authenticationInfo("workflow", "no"), basic("workflow", workflow)), "Client", /\(ARERR 8761\)$/);
  isFault(t, await ask(digestToken("workflow", "no"), basic("workflow", workflow)), "Client", /\(ARERR 8761\)$/);
});

t.test("a nonce is taken once, also of two messages at the same time", async (t) => {
  const { ask } = await open(t);
  const token = digestToken("workflow", workflow);
  const reasons = (await Promise.all([ask(token), ask(token)])).map(({ fault }) => fault?.reason);
  t.strictSame(reasons.toSorted(), ["bad-password", "not-found"]);
  isFault(t, await ask(token), "Client", /this nonce has been used before/);
  const nonce = randomBytes(16);
  t.equal((await ask(digestToken("workflow", workflow, { nonce }))).fault?.reason, "not-found");
  const later = new Date(Date.now() + 1_000).toISOString();
  isFault(t, await ask(digestToken("workflow", workflow, { nonce, created: later })), "Client", /this nonce has been used/);
  t.equal((await ask(digestToken("operator", operator, { nonce }))).fault?.reason, "not-found", "each client has its own");
});

t.test("a digest must be of the last five minutes, by the host's corrected clock", async (t) => {
  const { ask, comesIn, stage } = await open(t);
  const at = (seconds: number): DigestOptions => ({ created: new Date(Date.now() + seconds * 1000).toISOString() });
  await comesIn(digestToken("workflow", workflow, at(-290)));
  await comesIn(digestToken("workflow", workflow, at(290)));
  isFault(t, await ask(digestToken("workflow", workflow, at(-310))), "Client", /Created is 31\d s old; at most 300 s.*\(ARERR 8761\)$/);
  isFault(t, await ask(digestToken("workflow", workflow, at(310))), "Client", /Created is 3[01]\d s ahead/);
  for (const created of ["", "yesterday", "2026-11-24T12:00:00", "2026-13-24T12:00:00Z"]) {
    isFault(t, await ask(digestToken("workflow", workflow, { created })), "Client", /Created must be a moment with its time zone/);
  }
  await stage.register();
  stage.setClock(-86_400);
  await comesIn(digestToken("workflow", workflow), {}, "a jump of the machine's clock changes nothing");
});

t.test("a digest of what is not the password is refused: a hash, another moment, a hashed client's", async (t) => {
  const { ask, comesIn, stage } = await open(t);
  const hint = /kept hashed: a digest needs one that is kept plain/;
  isFault(t, await ask(digestToken("hashed", "hashed-password")), "Client", hint);
  isFault(t, await ask(digestToken("hashed", HASHED.password)), "Client", hint);
  isFault(t, await ask(digestToken("nobody", "")), "Client", hint);
  isFault(t, await ask(digestToken("workflow", workflow, { stamp: new Date(0).toISOString() })), "Client", hint);
  await comesIn(digestToken("workflow", workflow));
  t.notOk(stage.log.join("").includes(workflow));
});

t.test("guessing is slowed down whichever way it comes, and told when to come back", async (t) => {
  const { ask } = await open(t);
  await ask(digestToken("admin", "1"));
  await ask(textToken("admin", "2"));
  await ask(authenticationInfo("admin", "3"));
  await ask("", basic("admin", "4"));
  await ask(digestToken("admin", "5"));
  for (const header of [digestToken("admin", PASSWORDS.admin), authenticationInfo("admin", PASSWORDS.admin)]) {
    const answer = await ask(header);
    isFault(t, answer, "Client", /too many wrong passwords; wait \d+ s/);
    t.match(answer.headers.get("retry-after"), /^\d+$/);
  }
});

t.test("a replay does not wipe out what was guessed before", async (t) => {
  const { ask } = await open(t);
  const seen = digestToken("workflow", workflow);
  await ask(seen);
  for (let round = 0; round < 5; round += 1) {
    await ask(textToken("workflow", `guess ${round}`));
    if (round < 4) isFault(t, await ask(seen), "Client", /this nonce has been used/);
  }
  isFault(t, await ask(textToken("workflow", "one more")), "Client", /too many wrong passwords/);
});

t.test("a changed password is in force at once", async (t) => {
  const { ask, comesIn, stage } = await open(t);
  await comesIn(digestToken("workflow", workflow));
  await stage.configure({ credentials: { clients: [{ name: "workflow", role: "workflow", password: "another-password" }] } });
  isFault(t, await ask(digestToken("workflow", workflow)), "Client", /\(ARERR 8761\)$/);
  await comesIn(digestToken("workflow", "another-password"));
  isFault(t, await ask(textToken("workflow", workflow)), "Client", /\(ARERR 8761\)$/);
});

const NAME = "<w:Username>workflow</w:Username>";
const TEXT = `<w:Password>${workflow}</w:Password>`;
const INFO = authenticationInfo("workflow", workflow);
const MALFORMED: readonly (readonly [string, RegExp])[] = [
  [INFO + INFO, /more than one AuthenticationInfo/],
  [INFO.replace("<authentication/>", "<userName>admin</userName>"), /more than one userName/],
  [textToken("workflow", workflow) + textToken("workflow", workflow), /more than one Security/],
  [security(`<w:UsernameToken>${NAME}${TEXT}</w:UsernameToken>`.repeat(2)), /more than one UsernameToken/],
  [usernameToken(NAME + NAME + TEXT), /more than one Username/],
  [usernameToken(NAME + TEXT + TEXT), /more than one Password/],
  [usernameToken(NAME), /the UsernameToken has no Password/],
  [usernameToken(`${NAME}<w:Password/>`), /must hold a Username and a Password/],
  [usernameToken(`${NAME}<w:Password Type="urn:odd">x</w:Password>`), /Type must be that of PasswordText or PasswordDigest/],
  [digestToken("workflow", workflow).replace(/<w:Nonce>.*<\/w:Nonce>/, ""), /the UsernameToken has no Nonce/],
  [digestToken("workflow", workflow).replace(/<u:Created>.*<\/u:Created>/, ""), /the UsernameToken has no Created/],
  [digestToken("workflow", workflow).replace(/<w:Nonce>.*<\/w:Nonce>/, "<w:Nonce>*</w:Nonce>"), /Nonce must be 1 to 128 bytes/],
  [digestToken("workflow", workflow, { nonce: randomBytes(129) }), /Nonce must be 1 to 128 bytes/],
];
t.test("credentials that can be read in two ways, or in none, are refused", async (t) => {
  const { ask } = await open(t);
  for (const [header, words] of MALFORMED) isFault(t, await ask(header), "Client", words);
});
