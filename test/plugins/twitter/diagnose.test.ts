/** Each trouble on the way to X, met for real: names, ports, proxies, certificates, clocks and tokens that are wrong. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { diagnose } from "../../../plugins/twitter/diagnose.ts";
import { start } from "../../../plugins/twitter/sandbox/start.ts";
import type { SandboxSettings } from "../../../plugins/twitter/sandbox/state.ts";
import { CHANCE, createServices } from "../../../plugins/twitter/service.ts";
import type { Settings } from "../../../plugins/twitter/settings.ts";
import type { Account, DiagnosisLine, PluginContext } from "../../../src/contract.ts";
import { EXPIRED, OTHER_NAME, KEY as WRONG_KEY } from "../../fixtures/wrong-certificates.ts";
import { CERTIFICATE, KEY } from "./loopback-certificate.ts";

const ACCOUNT: Account = {
  id: "",
  name: "ITSM_Notify",
  token: { accessToken: "sandbox-access-token", accessTokenSecret: "sandbox-access-token-secret" },
};
const SECRETS = { consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret" };

type Case = { settings: Settings; proxy?: PluginContext["proxy"]; accounts?: Account[]; secrets?: typeof SECRETS };

async function linesOf(t: Test, { settings, proxy = {}, accounts = [], secrets = SECRETS }: Case): Promise<DiagnosisLine[]> {
  const silent = () => {};
  let offset = 0;
  const context = {
    settings,
    secrets,
    proxy,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    clock: {
      now: () => Date.now() + offset,
      wall: Date.now,
      report: (offsetMs: number) => {
        offset = offsetMs;
      },
    },
    signal: new AbortController().signal,
    failingElsewhere: [],
  };
  const services = createServices(CHANCE);
  t.teardown(() => services.close());
  const lines: DiagnosisLine[] = [];
  for await (const line of diagnose(services.for(context), { accounts }, context)) lines.push(line);
  return lines;
}

async function openSandbox(t: Test, settings: SandboxSettings = {}) {
  const sandbox = await start({ port: 0, ...settings });
  t.teardown(() => sandbox.close());
  const control = async (path: string, body: unknown) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    t.equal((await fetch(`${sandbox.url}/sandbox/${path}`, init)).status, 200);
  };
  return { url: sandbox.url, control };
}

async function listen(t: Test, server: Server | TcpServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const find = (lines: readonly DiagnosisLine[], check: string): DiagnosisLine => {
  const line = lines.find((one) => one.check === check);
  if (!line) throw new Error(`no line ${check} among ${lines.map((one) => one.check).join(", ")}`);
  return line;
};
const statesOf = (lines: readonly DiagnosisLine[]) => Object.fromEntries(lines.map(({ check, state }) => [check, state]));

t.test("where all is well each line says so, and the lines come in the order of what hangs on what", async (t) => {
  const { url } = await openSandbox(t);
  const lines = await linesOf(t, { settings: { apiBaseUrl: url }, accounts: [ACCOUNT] });
  t.strictSame(
    lines.map(({ check, state }) => [check, state]),
    [
      ["DNS", "ok"],
      ["proxy", "ok"],
      ["TCP", "ok"],
      ["TLS", "skipped"],
      ["clock", "ok"],
      ["consumer key", "ok"],
      ["token of ITSM_Notify", "ok"],
      ["permission of ITSM_Notify", "ok"],
      ["protected ITSM_Notify", "ok"],
    ],
  );
});

t.test("a name that does not exist: what hangs on it is skipped and not blamed as well", async (t) => {
  const lines = await linesOf(t, { settings: { apiBaseUrl: "https://api.x.invalid" }, accounts: [ACCOUNT] });
  t.match(find(lines, "DNS"), { state: "fail", found: /api\.x\.invalid can't be resolved/, remedy: /resolv\.conf/ });
  const rest = lines.filter(({ check }) => check !== "DNS");
  t.equal(rest.length, 8);
  t.ok(rest.every(({ state, found }) => state === "skipped" && found === "hangs on DNS, which failed"));
});

t.test("a name that is an address of this network is told, since X has no such", async (t) => {
  const lines = await linesOf(t, { settings: { apiBaseUrl: `https://${hostname()}:${await freePort()}` } });
  t.match(find(lines, "DNS"), { state: "warn", found: /an address of a private network/, remedy: /\/etc\/hosts/ });
});

t.test("a port where nobody listens", async (t) => {
  const port = await freePort();
  const lines = await linesOf(t, { settings: { apiBaseUrl: `https://127.0.0.1:${port}` } });
  t.match(find(lines, "TCP"), { state: "fail", found: `no connection to port ${port} of 127.0.0.1 (ECONNREFUSED)`, remedy: /firewall/ });
  t.match(statesOf(lines), { TLS: "skipped", clock: "skipped", "consumer key": "skipped" });
});

async function secureServer(t: Test, cert: string, key: string): Promise<string> {
  const server = createSecureServer({ cert, key }, (_request, response) => response.end("{}"));
  return `https://127.0.0.1:${await listen(t, server)}`;
}
const caFile = (t: Test, text: string): string => {
  const file = join(t.testdir(), "ca.pem");
  writeFileSync(file, text);
  return file;
};

t.test("a certificate that nobody vouches for", async (t) => {
  const lines = await linesOf(t, { settings: { apiBaseUrl: await secureServer(t, CERTIFICATE, KEY) } });
  t.match(find(lines, "TLS"), {
    state: "fail",
    found:
      /not trusted \((DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)\): TLSv1\.3, localhost signed by localhost, good for \d+ days/,
    remedy: /caFile of the plug-in's settings, or in NODE_EXTRA_CA_CERTS/,
  });
  t.equal(find(lines, "clock").state, "skipped");
});

t.test("the same one, named in caFile, is trusted", async (t) => {
  const lines = await linesOf(t, { settings: { apiBaseUrl: await secureServer(t, CERTIFICATE, KEY), caFile: caFile(t, CERTIFICATE) } });
  t.match(find(lines, "TLS"), { state: "ok", found: /good for \d+ days/ });
});

t.test("a certificate that has ended", async (t) => {
  const settings = { apiBaseUrl: await secureServer(t, EXPIRED, WRONG_KEY), caFile: caFile(t, EXPIRED) };
  t.match(find(await linesOf(t, { settings }), "TLS"), {
    state: "fail",
    found: /CERT_HAS_EXPIRED.*ended \d+ days ago/,
    remedy: /this machine's clock/,
  });
});

t.test("a certificate of another name: something else answers in X's place", async (t) => {
  const settings = { apiBaseUrl: await secureServer(t, OTHER_NAME, WRONG_KEY), caFile: caFile(t, OTHER_NAME) };
  t.match(find(await linesOf(t, { settings }), "TLS"), {
    state: "fail",
    found: /ERR_TLS_CERT_ALTNAME_INVALID.*elsewhere\.example/,
    remedy: /in X's place/,
  });
});

t.test("something that does not speak TLS", async (t) => {
  const port = await listen(t, createServer());
  t.match(find(await linesOf(t, { settings: { apiBaseUrl: `https://127.0.0.1:${port}` } }), "TLS"), {
    state: "fail",
    remedy: /does not speak TLS/,
  });
});

/** Debian's tinyproxy, which allows tunnels to these ports only. */
async function tinyproxy(t: Test, ...config: string[]): Promise<number> {
  const port = await freePort();
  const file = join(t.testdir({ log: "" }), "tinyproxy.conf");
  writeFileSync(file, [`Port ${port}`, "Listen 127.0.0.1", "Timeout 20", ...config, ""].join("\n"));
  const child = spawn("/usr/bin/tinyproxy", ["-d", "-c", file], { stdio: "ignore" });
  t.teardown(() => child.kill());
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return port;
  }
}

t.test("a proxy that opens tunnels: the diagnosis goes through it, up to X", async (t) => {
  const { url } = await openSandbox(t);
  const port = await tinyproxy(t, `ConnectPort ${new URL(url).port}`);
  const lines = await linesOf(t, { settings: { apiBaseUrl: url, proxy: `http://127.0.0.1:${port}` }, accounts: [ACCOUNT] });
  t.match(find(lines, "proxy"), { state: "ok", found: `127.0.0.1:${port} (the setting proxy) opens a tunnel to ${new URL(url).host}` });
  t.match(statesOf(lines), { TCP: "skipped", clock: "ok", "consumer key": "ok", "token of ITSM_Notify": "ok" });
});

t.test("a proxy that refuses tunnels to X", async (t) => {
  const port = await tinyproxy(t, "ConnectPort 1");
  const lines = await linesOf(t, { settings: {}, proxy: { httpsProxy: `http://127.0.0.1:${port}` } });
  t.match(find(lines, "proxy"), {
    state: "fail",
    found: `127.0.0.1:${port} (HTTPS_PROXY) refuses a tunnel to api.x.com:443 (403)`,
    remedy: /allow CONNECT to api\.x\.com:443/,
  });
  t.match(statesOf(lines), { DNS: "ok", TLS: "skipped", "consumer key": "skipped" });
});

t.test("a proxy that asks for a log-in, and lets in who has one", async (t) => {
  const { url } = await openSandbox(t);
  const port = await tinyproxy(t, `ConnectPort ${new URL(url).port}`, "BasicAuth perch s3cret-word");
  const refused = await linesOf(t, { settings: { apiBaseUrl: url, proxy: `http://127.0.0.1:${port}` } });
  t.match(find(refused, "proxy"), {
    state: "fail",
    found: /asks for a log-in \(407\)/,
    remedy: /user and password into the setting proxy/,
  });
  const open = await linesOf(t, { settings: { apiBaseUrl: url, proxy: `http://perch:s3cret-word@127.0.0.1:${port}` } });
  t.equal(find(open, "proxy").state, "ok");
  t.notMatch(JSON.stringify(open), /s3cret-word/);
});

t.test("a proxy that is not there, and one that NO_PROXY exempts X from", async (t) => {
  const port = await freePort();
  const httpsProxy = `http://127.0.0.1:${port}`;
  t.match(find(await linesOf(t, { settings: {}, proxy: { httpsProxy } }), "proxy"), {
    state: "fail",
    found: /can't be reached \(ECONNREFUSED\)/,
    remedy: /address and port in HTTPS_PROXY/,
  });
  const settings = { apiBaseUrl: `https://localhost:${port}` };
  t.match(find(await linesOf(t, { settings, proxy: { httpsProxy, noProxy: "intern.example, LOCALHOST" } }), "proxy"), {
    state: "ok",
    found: /NO_PROXY exempts localhost/,
  });
});

t.test("a clock that is 20 minutes off: told with its side, and a failure only where it is not corrected", async (t) => {
  const { url } = await openSandbox(t, { clockOffsetSeconds: 1200 });
  const corrected = await linesOf(t, { settings: { apiBaseUrl: url }, accounts: [ACCOUNT] });
  t.match(find(corrected, "clock"), {
    state: "warn",
    found: /this host's clock is 1200 s slow against X, whose Date is .* GMT; requests are signed with X's time/,
    remedy: /NTP/,
  });
  t.match(statesOf(corrected), { "consumer key": "ok", "token of ITSM_Notify": "ok" });
  const settings = { apiBaseUrl: url, clock: { correction: "off" as const } };
  const off = await linesOf(t, { settings, accounts: [ACCOUNT] });
  t.match(find(off, "clock"), { state: "fail", remedy: /NTP.*set clock\.correction to auto/ });
  t.match(find(off, "consumer key"), { state: "skipped", found: /hangs on clock/ });
  t.equal(find(off, "token of ITSM_Notify").state, "skipped");
});

t.test("a clock that nothing measures", async (t) => {
  const { url } = await openSandbox(t, { dateFormat: "missing" });
  t.match(find(await linesOf(t, { settings: { apiBaseUrl: url } }), "clock"), { state: "warn", found: /no Date/, remedy: /Date header/ });
});

t.test("a consumer key that X does not know: the accounts are not asked about", async (t) => {
  const { url } = await openSandbox(t);
  const secrets = { consumerKey: "another-consumer-key", consumerSecret: "another-secret" };
  const lines = await linesOf(t, { settings: { apiBaseUrl: url }, accounts: [ACCOUNT], secrets });
  t.match(find(lines, "consumer key"), {
    state: "fail",
    found: /X answers 401/,
    remedy: /consumerKey and consumerSecret/,
    ofCredentials: true,
  });
  t.match(find(lines, "token of ITSM_Notify"), { state: "skipped", found: "hangs on consumer key, which failed" });
});

t.test("X out of order says nothing of the credentials", async (t) => {
  const { url, control } = await openSandbox(t);
  await control("faults", { times: 0, fault: { status: 503 } });
  t.match(find(await linesOf(t, { settings: { apiBaseUrl: url } }), "consumer key"), {
    state: "warn",
    found: /503/,
    remedy: /Nothing to do/,
  });
});

t.test("a token that was revoked, one of somebody else, and half a token", async (t) => {
  const { url } = await openSandbox(t, { accounts: [{ name: "Other", token: "other-token", tokenSecret: "other-secret" }] });
  const accounts = [
    { id: "", name: "Revoked", token: { accessToken: "nobodys-token", accessTokenSecret: "nobodys-secret" } },
    { id: "", name: "Mistaken", token: { accessToken: "other-token", accessTokenSecret: "other-secret" } },
    { id: "", name: "Half", token: { accessToken: "other-token" } },
  ];
  const lines = await linesOf(t, { settings: { apiBaseUrl: url }, accounts });
  t.match(find(lines, "token of Revoked"), { state: "fail", remedy: /Authorise the account again/ });
  t.match(find(lines, "permission of Revoked"), { state: "skipped", found: "hangs on token of Revoked, which failed" });
  t.match(find(lines, "token of Mistaken"), { state: "fail", found: /the token of Other/, remedy: /Mistaken's own token/ });
  t.match(find(lines, "token of Half"), { state: "fail", found: /incomplete/, remedy: /authorize Half/ });
});

t.test("a token that may only read", async (t) => {
  const { url } = await openSandbox(t, { appPermission: "read" });
  t.match(find(await linesOf(t, { settings: { apiBaseUrl: url }, accounts: [ACCOUNT] }), "permission of ITSM_Notify"), {
    state: "fail",
    found: "the token may only read",
    remedy: /Read and write permission.*Authorise the account again/,
  });
});

t.test("an account that everybody can read: as the guard is set", async (t) => {
  const { url } = await openSandbox(t, { protected: { ITSM_Notify: false } });
  const shield = async (protectedAccount: "warn" | "block" | "off") =>
    find(await linesOf(t, { settings: { apiBaseUrl: url, protectedAccount }, accounts: [ACCOUNT] }), "protected ITSM_Notify");
  t.match(await shield("warn"), { state: "warn", found: /everybody can read/, remedy: /Protect your posts/ });
  t.match(await shield("block"), { state: "fail", found: /nothing is posted/, remedy: /Protect your posts/ });
  t.match(await shield("off"), { state: "ok" });
});

t.test("no account at all", async (t) => {
  const { url } = await openSandbox(t);
  t.match(find(await linesOf(t, { settings: { apiBaseUrl: url } }), "accounts"), { state: "warn", remedy: /perch registrations create/ });
});

t.test("each warning and failure says what to do", async (t) => {
  const { url } = await openSandbox(t, { appPermission: "read", clockOffsetSeconds: 4000, protected: { ITSM_Notify: false } });
  for (const settings of [{ apiBaseUrl: url }, {}, { apiBaseUrl: "https://127.0.0.1:1" }])
    for (const { check, state, remedy } of await linesOf(t, { settings, accounts: [ACCOUNT] }))
      t.equal(remedy !== undefined, state === "warn" || state === "fail", `${check} is ${state}`);
});
