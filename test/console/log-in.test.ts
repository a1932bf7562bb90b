/** Log-in on a door with the console whose clock a test turns by hand. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Client } from "undici";
import { testHost } from "../rpc/test-host.ts";
import { csrfIn, logInByHand, logInForm, send } from "./by-hand.ts";
import { openConsoleDoor } from "./console-door.ts";

t.test("whoever was away for half an hour logs in again, and what he sends then does nothing", async (t) => {
  let now = 0;
  const door = await openConsoleDoor(t, { monotonic: () => now });
  const cookie = await logInByHand(door.url, "ops", "o-pass");
  const look = () => send(`${door.url}/console/lanes`, { cookie });
  now += 29 * 60_000;
  const page = await look();
  t.equal(page.status, 200);
  const csrf = csrfIn(page.text);
  now += 30 * 60_000;
  const late = await send(`${door.url}/console/lanes/pause`, {
    cookie,
    form: { csrf, accountName: "ITSM_Notify" },
    headers: { origin: door.url },
  });
  t.equal(late.status, 303);
  t.equal(late.headers.get("location"), "/console/log-in?next=%2Fconsole%2Flanes");
  t.equal((await look()).status, 303);
});

t.test("with TLS the cookie is bound to this host and to TLS", async (t) => {
  const dir = t.testdir();
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", join(dir, "key.pem")];
  execFileSync("openssl", ["req", "-x509", ...key, "-days", "2", "-subj", "/CN=perch", "-out", join(dir, "cert.pem")], { stdio: "ignore" });
  const [cert, privateKey] = ["cert.pem", "key.pem"].map((name) => readFileSync(join(dir, name), "utf8"));
  const door = await openConsoleDoor(t, { listen: { host: "127.0.0.1", port: 0, tls: { cert: cert!, key: privateKey! } } });
  const client = new Client(door.url, { connect: { rejectUnauthorized: false } });
  t.teardown(() => client.close());
  const form = await client.request({ method: "GET", path: "/console/log-in" });
  const csrf = csrfIn(await form.body.text());
  const kept = String(form.headers["set-cookie"]);
  t.match(kept, /^__Host-perch-log-in=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  const headers = { origin: door.url, cookie: kept.split(";", 1)[0]!, "content-type": "application/x-www-form-urlencoded" };
  const came = await client.request({ method: "POST", path: "/console/log-in", headers, body: `name=ops&password=o-pass&csrf=${csrf}` });
  await came.body.dump();
  const given = String(came.headers["set-cookie"]);
  t.match(given, /^__Host-perch=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  const [cookie = ""] = given.split(";");
  const page = await client.request({ method: "GET", path: "/console/lanes", headers: { cookie } });
  await page.body.dump();
  t.equal(page.statusCode, 200);
  const renamed = await client.request({ method: "GET", path: "/console/lanes", headers: { cookie: cookie.replace("__Host-", "") } });
  await renamed.body.dump();
  t.equal(renamed.statusCode, 303);
});

t.test("a log-in counts only in a form that this browser was given, whatever else is right", async (t) => {
  const { host, acts } = testHost();
  const door = await openConsoleDoor(t, { host });
  const own = await logInForm(door.url);
  const other = await logInForm(door.url);
  t.not(own.csrf, other.csrf);
  const logIn = (cookie: string | undefined, csrf: string, origin = door.url) =>
    send(`${door.url}/console/log-in`, {
      ...(cookie !== undefined && { cookie }),
      form: { name: "ops", password: "o-pass", csrf },
      headers: { origin },
    });
  const forged = [
    await logIn(undefined, own.csrf),
    await logIn(own.cookie, ""),
    await logIn(own.cookie, other.csrf),
    await logIn("perch-log-in=", ""),
    await logIn("perch-log-in=short", "short"),
    await logIn(own.cookie, own.csrf, "http://evil.example"),
  ];
  for (const [index, { status, text, headers }] of forged.entries()) {
    t.equal(status, 403, String(index));
    t.match(text, "The form came from another page", String(index));
    t.notMatch(headers.get("set-cookie") ?? "", /perch=/, String(index));
  }
  t.same(acts, [], "nobody has tried anything");
  const came = await logIn(own.cookie, own.csrf);
  t.equal(came.status, 303);
  const again = await send(`${door.url}/console/log-in`, { cookie: own.cookie });
  t.equal(csrfIn(again.text), own.csrf, "the form in another tab still counts");
});

t.test("a name that a stranger gives is on record cut, and with nothing in it that would not show", async (t) => {
  const { host, acts } = testHost();
  const door = await openConsoleDoor(t, { host });
  const { cookie, csrf } = await logInForm(door.url);
  const name = `\u001b[31m\u202eroot\u0000${"x".repeat(10_000)}`;
  await send(`${door.url}/console/log-in`, { cookie, form: { name, password: "the-password", csrf }, headers: { origin: door.url } });
  const kept = acts[0]!.act.caller.name;
  t.match(kept, /^\ufffd\[31m\ufffdroot\ufffdx+$/);
  t.equal(kept.length, 255);
  t.notMatch(JSON.stringify(acts), "the-password");
});
