/** Log-in on a door with the console whose clock a test turns by hand. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Client } from "undici";
import { addConsoleRoutes } from "../../src/console/console.ts";
import { testDoor } from "../rpc/test-door.ts";

const OPS = { name: "ops", role: "operator", password: "o-pass" } as const;

t.test("whoever was away for half an hour logs in again, and what he sends then does nothing", async (t) => {
  let now = 0;
  const { door } = await testDoor(t, {
    clients: () => [OPS],
    addRoutes: (app, parts) =>
      addConsoleRoutes(app, { ...parts, clients: () => [OPS], monotonic: () => now, now: Date.now, limits: () => [] }),
  });
  const form = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    ({ method: "POST", redirect: "manual", body: new URLSearchParams(fields), headers: { origin: door.url, ...headers } }) as const;
  const came = await fetch(`${door.url}/console/log-in`, form({ name: "ops", password: "o-pass" }));
  const cookie = came.headers.get("set-cookie")!.split(";", 1)[0]!;
  const look = () => fetch(`${door.url}/console/lanes`, { headers: { cookie }, redirect: "manual" });
  now += 29 * 60_000;
  const page = await look();
  t.equal(page.status, 200);
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())![1]!;
  now += 30 * 60_000;
  const late = await fetch(`${door.url}/console/lanes/pause`, form({ csrf, accountName: "ITSM_Notify" }, { cookie }));
  t.equal(late.status, 303);
  t.equal(late.headers.get("location"), "/console/log-in?next=%2Fconsole%2Flanes");
  t.equal((await look()).status, 303);
});

t.test("with TLS the cookie is bound to this host and to TLS", async (t) => {
  const dir = t.testdir();
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", join(dir, "key.pem")];
  execFileSync("openssl", ["req", "-x509", ...key, "-days", "2", "-subj", "/CN=perch", "-out", join(dir, "cert.pem")], { stdio: "ignore" });
  const [cert, privateKey] = ["cert.pem", "key.pem"].map((name) => readFileSync(join(dir, name), "utf8"));
  const { door } = await testDoor(t, {
    clients: () => [OPS],
    listen: { host: "127.0.0.1", port: 0, tls: { cert: cert!, key: privateKey! } },
    addRoutes: (app, parts) =>
      addConsoleRoutes(app, { ...parts, clients: () => [OPS], monotonic: () => 0, now: Date.now, limits: () => [] }),
  });
  const client = new Client(door.url, { connect: { rejectUnauthorized: false } });
  t.teardown(() => client.close());
  const headers = { origin: door.url, "content-type": "application/x-www-form-urlencoded" };
  const came = await client.request({ method: "POST", path: "/console/log-in", headers, body: "name=ops&password=o-pass" });
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
