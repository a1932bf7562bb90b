/** Users of an AR System: a stand-in of its REST API on loopback, with all that can be wrong there. */
import { createServer } from "node:net";
import fc from "fast-check";
import t, { type Test } from "tap";
import { openArDirectory } from "../../src/directory/ar-directory.ts";
import { CERTIFICATE } from "../plugins/twitter/loopback-certificate.ts";
import { type Entry, entryOf, LOG_IN, openStandIn, type StandIn } from "./ar-stand-in.ts";

const PEOPLE = [
  entryOf("Allen", "Allen Allbrook", "allen@example.com"),
  entryOf("mary", "Mary Mann"),
  entryOf("svc_ops"),
  entryOf("svcXops"),
  entryOf('we"ird', "100% [Sure]\\ $USER$"),
];

type Changes = { url?: string; ca?: string; requestTimeoutSeconds?: number; password?: string };

async function open(t: Test, changes: Changes = {}, { entries = PEOPLE as Entry[], tls = false } = {}) {
  const standIn = await openStandIn(t, { entries, tls });
  let now = 1;
  const { password = LOG_IN.password, ...server } = changes;
  const arServer = { url: standIn.url, requestTimeoutSeconds: 20, cacheSeconds: 60, ...server };
  const directory = openArDirectory({ arServer, logIn: { ...LOG_IN, password } }, () => now);
  t.teardown(() => directory.close());
  const names = async (prefix: string) => {
    const answer = await directory.find(prefix);
    if (!answer.ok) throw new Error(answer.fault.cause);
    return answer.value.map(({ name }) => name);
  };
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { standIn, directory, names, pass };
}

/** The fault, and that neither password nor token is in it. */
async function faultOf({ directory, standIn }: { directory: ReturnType<typeof openArDirectory>; standIn: StandIn }, t: Test) {
  const answer = await directory.find("a");
  if (answer.ok) throw new Error("it answered");
  for (const secret of [LOG_IN.password, ...standIn.tokens]) t.notOk(JSON.stringify(answer).includes(secret));
  t.equal(answer.fault.reason, "no-directory");
  return answer.fault;
}

t.test("users are found by login name and by words of the full name, whatever the case", async (t) => {
  const { directory, names } = await open(t);
  t.strictSame(await directory.find("all"), {
    ok: true,
    value: [{ name: "Allen", fullName: "Allen Allbrook", email: "allen@example.com" }],
  });
  t.strictSame(await names("MANN"), ["mary"]);
  t.strictSame(await names("allen allb"), ["Allen"]);
  t.strictSame(await names("  mary "), ["mary"]);
  t.equal((await names("")).length, PEOPLE.length);
});

t.test("a wildcard, a quote, a bracket, a backslash or a keyword stands for itself", async (t) => {
  const { names } = await open(t);
  t.strictSame(await names("svc_"), ["svc_ops"]);
  t.strictSame(await names("%"), []);
  t.strictSame(await names("_"), []);
  t.strictSame(await names('we"'), ['we"ird']);
  t.strictSame(await names("\" OR 'Login Name' LIKE \""), []);
  t.strictSame(await names("100%"), ['we"ird']);
  t.strictSame(await names("[s"), ['we"ird'], "the full name is found by its words");
});

t.test("whatever is typed stays within the text of its qualification, and finds only who begins so", async (t) => {
  const { directory, standIn } = await open(t);
  const typed = fc.string({ unit: fc.constantFrom(..."a%_[]\\\"'$ OR\nÉ0".split("")), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(typed, async (prefix) => {
      const answer = await directory.find(prefix);
      // The stand-in refuses a qualification that it can't read.
      t.ok(answer.ok, JSON.stringify(prefix));
      return answer.ok;
    }),
    { numRuns: 200 },
  );
  for (const q of standIn.searches()) t.notMatch(q, /" (?!OR ')/);
});

t.test("login names come first although more full names match than are asked for", async (t) => {
  const many = Array.from({ length: 150 }, (_, index) => entryOf(`aa${index}`, "Zed Someone"));
  const { names } = await open(t, {}, { entries: [...many, entryOf("zed"), entryOf("zeder")] });
  const found = await names("zed");
  t.strictSame(found.slice(0, 2), ["zed", "zeder"]);
  t.equal(found.length, 20);
});

t.test("the same prefix is asked for once, at the same time and soon after; the log-in is one", async (t) => {
  const { names, standIn, pass } = await open(t);
  await Promise.all([names("all"), names("all"), names("mar"), names(" all")]);
  t.equal(standIn.searches().length, 4, "two prefixes, each in login names and full names");
  await names("all");
  t.equal(standIn.searches().length, 4);
  pass(61);
  await names("all");
  t.equal(standIn.searches().length, 6);
  t.equal(standIn.logins(), 1);
});

t.test("a token that has run out is replaced, once for all who notice", async (t) => {
  const { names, standIn } = await open(t);
  await names("all");
  standIn.expire();
  t.strictSame(await Promise.all([names("mar"), names("svc")]), [["mary"], ["svc_ops", "svcXops"]]);
  t.equal(standIn.logins(), 2);
});

t.test("a token that is never taken is given up after the second", async (t) => {
  const stage = await open(t);
  stage.standIn.trouble.search = { status: 401, body: "[]" };
  t.match(await faultOf(stage, t), { cause: /^AR System at http.* answered 401$/, advice: /form User/ });
  t.equal(stage.standIn.logins(), 2);
});

t.test("a wrong password is not tried again with each letter that is typed", async (t) => {
  const stage = await open(t, { password: "wrong" });
  const { standIn, directory, pass } = stage;
  const fault = await faultOf(stage, t);
  t.match(fault, { cause: / refuses the log-in of perch: Authentication failed for … \(ARERR 623\)$/, advice: /credentials file/ });
  await directory.find("b");
  await directory.find("c");
  t.equal(standIn.logins(), 1);
  pass(61);
  await directory.find("d");
  t.equal(standIn.logins(), 2);
  pass(3599);
  await directory.find("e");
  t.equal(standIn.logins(), 2, "a third wrong password would lock the user");
  pass(1);
  await directory.find("f");
  t.equal(standIn.logins(), 3);
});

t.test("what is wrong at the server is told, is not kept, and holds no secret", async (t) => {
  const stage = await open(t);
  const { standIn, names } = stage;
  await names("");
  const [token = ""] = standIn.tokens;
  const said = JSON.stringify([
    { messageType: "ERROR", messageNumber: 90, messageText: `Cannot connect with ${token} and ${LOG_IN.password}` },
  ]);
  for (const [trouble, cause] of [
    [{ status: 500, body: said }, / answered 500: Cannot connect with … and … \(ARERR 90\)$/],
    [{ status: 503, body: "<html>" }, / answered 503$/],
    [{ status: 302, body: "" }, / answered 302$/],
    [{ status: 200, body: "<html>" }, / answered what is not JSON$/],
    [{ status: 200, body: '{"entries":7}' }, / answered a search with something else than entries$/],
    [{ status: 200, body: "null" }, / answered a search with something else than entries$/],
    [{ status: 200, body: `"${"x".repeat(1_100_000)}"` }, / answered more than 1 MiB$/],
  ] as const) {
    standIn.trouble.search = trouble;
    t.match(await faultOf(stage, t), { cause, advice: /\.$/ });
  }
  standIn.trouble = {};
  t.strictSame(await names("a"), ["Allen"]);
});

t.test("an answer to the log-in that is no token is not sent back as one", async (t) => {
  const stage = await open(t);
  for (const body of ["<html>log in</html>", "a.b.c\r\nx: y", ""]) {
    stage.standIn.trouble.login = { status: 200, body };
    t.match(await faultOf(stage, t), {
      cause: / answered the log-in with something else than a token$/,
      advice: /address of AR System's REST API/,
    });
  }
  t.strictSame(stage.standIn.searches(), []);
});

t.test("a server that says nothing is given up, at the log-in and at a search", async (t) => {
  const stage = await open(t, { requestTimeoutSeconds: 0.3 });
  stage.standIn.trouble.login = "silence";
  t.match(await faultOf(stage, t), { cause: / gave no answer within 0.3 s$/, advice: /requestTimeoutSeconds/ });
  stage.standIn.trouble = { search: "silence" };
  t.match(await faultOf(stage, t), { cause: / gave no answer within 0.3 s$/ });
});

t.test("a server that is not there is named with its address", async (t) => {
  const gone = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => gone.once("listening", resolve));
  const { port } = gone.address() as { port: number };
  await new Promise((resolve) => gone.close(resolve));
  const stage = await open(t, { url: `http://127.0.0.1:${port}` });
  t.match(await faultOf(stage, t), {
    cause: `AR System at http://127.0.0.1:${port} can't be reached (ECONNREFUSED)`,
    advice: /directory\.arServer\.url/,
  });
});

t.test("its certificate must be trusted, or signed by caFile's authority", async (t) => {
  const strange = await open(t, {}, { tls: true });
  t.match(await faultOf(strange, t), { cause: /has no TLS that is trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/, advice: /caFile/ });
  t.equal(strange.standIn.asked.length, 0, "no password was sent");
  const trusted = await open(t, { ca: CERTIFICATE }, { tls: true });
  t.strictSame(await trusted.names("all"), ["Allen"]);
});

t.test("at the end it logs out, after those who still wait have their answer", async (t) => {
  const { directory, standIn } = await open(t);
  const asked = directory.find("all");
  await directory.close();
  t.match(await asked, { ok: true, value: [{ name: "Allen" }] });
  t.equal(standIn.asked.at(-1), "POST /api/jwt/logout");
});

t.test("users are counted, up to a thousand", async (t) => {
  const { directory } = await open(t);
  t.strictSame(await directory.count(), { ok: true, value: { users: PEOPLE.length, more: false } });
  const crowd = Array.from({ length: 1200 }, (_, index) => entryOf(`user${index}`));
  t.strictSame(await (await open(t, {}, { entries: crowd })).directory.count(), { ok: true, value: { users: 1000, more: true } });
});
