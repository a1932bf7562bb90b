/** Marked secrets everywhere, every failure that can be reached, and then no mark in anything that leaves the host. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { Client, Pool } from "undici";
import { PROBLEM_NAMES } from "../../plugins/twitter/sandbox/problems.ts";
import type { Registration } from "../../src/shapes.ts";
import { WAYS_TO_TELL } from "../fixtures/plugins/tells-secrets.ts";
import { openStage, type Stage, type StageOptions } from "../stage.ts";

const root = new URL("../..", import.meta.url);
const tells = { module: fileURLToPath(new URL("test/fixtures/plugins/tells-secrets.ts", root)) };

/** With what every encoding changes: a quote, a backslash, a per cent, a plus, a slash, a letter beyond ASCII. */
const mark = (name: string) => `Mark-${name}-"q\\b%25+/=ü`;
const MARKS: Record<string, string> = {
  vaultKey: Buffer.from("Mark of the vault key, 32 bytes.").toString("base64"),
  oldVaultKey: Buffer.from("Mark of the 2nd vault key, 32 b.").toString("base64"),
  workflow: mark("workflow"),
  operator: mark("operator"),
  admin: mark("admin"),
  // X's are letters and digits, and the sandbox knows only these.
  consumerSecret: "sandbox-consumer-secret",
  fileToken: "77777-MarkOfTheTokenInTheCredentialsFile",
  fileTokenSecret: "MarkOfTheTokenSecretInTheCredentialsFile",
  pluginKey: mark("plugin-key"),
  proxy: "Mark-proxy-password",
  environmentProxy: "Mark-environment-proxy",
  typo: "999-MarkOfASecretInAFileThatIsBroken/and+longer",
  guess: "Mark-of-a-wrong-password",
};

const credentials = (more: object = {}) => ({
  vault: {
    keys: [
      { id: "test", key: MARKS.vaultKey },
      { id: "old", key: MARKS.oldVaultKey },
    ],
  },
  clients: ["workflow", "operator", "admin"].map((role) => ({ name: role, role, password: MARKS[role] })),
  plugins: {
    twitter: {
      consumerKey: "sandbox-consumer-key",
      consumerSecret: MARKS.consumerSecret,
      accounts: { File_Notify: { accessToken: MARKS.fileToken, accessTokenSecret: MARKS.fileTokenSecret } },
    },
    "tells-secrets": { key: MARKS.pluginKey },
  },
  ...more,
});

/** In every form in which a text is passed on. */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const percent = encodeURIComponent(secret);
  const inside = [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    return bytes.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });
  return [...new Set([secret, json, JSON.stringify(json).slice(1, -1), percent, encodeURIComponent(percent), ...inside])];
}

/** Names of the marks in a text. A test that looks for marks must be able to find them. */
const marksIn = (text: string, marks: Record<string, string>): string[] =>
  Object.entries(marks).flatMap(([name, secret]) => (formsOf(secret).some((form) => text.includes(mostOf(form))) ? [name] : []));

/** A secret of which little is missing can be guessed. */
const mostOf = (form: string): string => form.slice(0, Math.max(12, Math.ceil(form.length * 0.6)));

t.test("a mark is found in any form", (t) => {
  const secret = MARKS.pluginKey ?? "";
  const texts = [`x${secret}`, JSON.stringify({ secret }), JSON.stringify(JSON.stringify({ secret })), encodeURIComponent(`a ${secret}`)];
  for (const text of [...texts, Buffer.from(`user:${secret}`).toString("base64")]) t.same(marksIn(text, MARKS), ["pluginKey"]);
  t.same(marksIn("nothing", MARKS), []);
  t.end();
});

/** Seven digits come up anywhere; a PIN is one that stands alone. */
const pinsIn = (text: string, pins: Iterable<string>): string[] =>
  [...pins].filter((pin) => new RegExp(`(?<![0-9A-Za-z])${pin}(?![0-9A-Za-z])`).test(text)).map(() => "a PIN");

/** An X that, told to, sends back what it was sent, and all it knows, in the text of an error; else it is the sandbox. */
type Mirror = { url: string; close(): Promise<void>; echo: Echo | undefined; handedOut: Set<string>; echoed: number };
type Echo = { path: string; status: number; form: keyof typeof FORMS };

const FORMS = {
  detail: (text: string) => JSON.stringify({ title: text, detail: text, type: "about:blank" }),
  errors: (text: string) => JSON.stringify({ errors: [{ code: 32, message: text }] }),
  plain: (text: string) => text,
  header: (_text: string, authorization: string) => authorization,
  /** The plug-in keeps 400 characters, so that it may cut within a secret. */
  cut: (text: string) => JSON.stringify({ detail: `${"x".repeat(365)} ${text}` }),
  "cut without a blank": (text: string) => JSON.stringify({ detail: "x".repeat(365) + text }),
} as const;

async function openMirror(sandboxUrl: string, known: () => string[]): Promise<Mirror> {
  const pairs = new Map<string, string>();
  const handedOut = new Set<string>();
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    const { echo } = mirror;
    const [, key = ""] = /oauth_token="([^"]*)"/.exec(request.headers.authorization ?? "") ?? [];
    const secret = pairs.get(key);
    if (echo && request.url?.startsWith(echo.path)) {
      mirror.echoed += 1;
      // The token that the request came with first, since a plug-in keeps only the beginning.
      const words = [...(secret === undefined ? [] : [secret, key]), ...known()].join(" ");
      response.writeHead(echo.status, { "content-type": echo.form === "plain" ? "text/plain" : "application/json", "x-echo": "1" });
      response.end(FORMS[echo.form](words, String(request.headers.authorization)));
      return;
    }
    const { method = "GET", headers } = request;
    // Host and all, since the address is signed.
    const through = httpRequest(sandboxUrl + request.url, { method, headers }, async (answer) => {
      const chunks: Buffer[] | undefined = await answer.toArray().catch(() => undefined);
      if (!chunks) return response.destroy();
      const text = Buffer.concat(chunks).toString();
      const form = new URLSearchParams(request.url?.startsWith("/oauth/") ? text : "");
      const pair = [form.get("oauth_token"), form.get("oauth_token_secret")].filter((value) => value !== null);
      if (pair[0] !== undefined && pair[1] !== undefined) pairs.set(pair[0], pair[1]);
      for (const value of pair) handedOut.add(value);
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, "content-length": Buffer.byteLength(text) });
      return response.end(text);
    });
    through.on("error", () => response.destroy());
    through.end(body);
  });
  const url = await listen(server);
  const mirror: Mirror = { url, close: () => shut(server), echo: undefined, handedOut, echoed: 0 };
  return mirror;
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function shut(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** A proxy that refuses every tunnel, and says what it was sent. */
async function openRefusingProxy(): Promise<{ url: string; asked: number; close(): Promise<void> }> {
  const server = createServer();
  server.on("connect", (request, socket) => {
    proxy.asked += 1;
    const said = JSON.stringify(request.headers);
    socket.end(`HTTP/1.1 407 ${request.headers["proxy-authorization"]}\r\nContent-Length: ${said.length}\r\n\r\n${said}`);
  });
  const proxy = { url: await listen(server), asked: 0, close: () => shut(server) };
  return proxy;
}

/** The host with everything marked, and everything that leaves it. */
type Scene = {
  stage: Stage;
  mirror: Mirror;
  /** A PIN that has been tried is no secret any more. */
  pins: { all: Set<string>; awaited: string[] };
  answers: string[];
  rpc: Stage["rpc"];
  config(userDefined?: object): StageOptions;
};

async function openScene(t: Test): Promise<Scene> {
  const answers: string[] = [];
  const pins: Scene["pins"] = { all: new Set(), awaited: [] };
  const environment = { HTTPS_PROXY: `http://perch:${MARKS.environmentProxy}@127.0.0.1:1`, NO_PROXY: "127.0.0.1" };
  const stage = await openStage(t, { environment, credentials: credentials() });
  // The PIN that is awaited, and each time two others of the marks that the host knows.
  const { guess: _, typo: __, proxy: ___, ...told } = MARKS;
  const turning = Object.values(told);
  const turn = (): string[] => {
    turning.push(...turning.splice(0, 2));
    return turning.slice(0, 2);
  };
  const mirror = await openMirror(stage.sandboxUrl, () => [...pins.awaited, ...turn()]);
  t.teardown(() => mirror.close());
  await stage.control("accounts", { name: "File_Notify", token: MARKS.fileToken, tokenSecret: MARKS.fileTokenSecret });
  const config: Scene["config"] = (userDefined = {}) => ({
    config: {
      log: { level: "trace" },
      plugins: [{ module: "twitter", userDefined: { apiBaseUrl: mirror.url, requestTimeoutSeconds: 1, ...userDefined } }, tells],
    },
  });
  t.equal((await stage.configure(config())).error, undefined);
  const rpc: Stage["rpc"] = async (method, params) => {
    const reply = await stage.rpc(method, params);
    // The page to open holds the request token, since the browser must send it.
    answers.push(JSON.stringify(reply).replace(/"authorizeUrl":"[^"]*"/, ""));
    return reply as never;
  };
  return { stage, mirror, pins, answers, rpc, config };
}

/** Names of the marks that are in a text, of those handed out on the way too. */
function tracesIn(text: string, { mirror, pins }: Pick<Scene, "mirror" | "pins">): string[] {
  const handedOut = Object.fromEntries([...mirror.handedOut].map((secret, index) => [`handed out ${index}: ${secret}`, secret]));
  return [...marksIn(text, { ...MARKS, ...handedOut }), ...pinsIn(text, pins.all)];
}

async function readMetrics({ host }: Stage): Promise<string> {
  const socket = new Pool("http://perch", { socketPath: host.socket });
  const answer = await socket.request({ method: "GET", path: "/metrics" });
  const text = await answer.body.text();
  await socket.close();
  return text;
}

/** Asserts that no mark has left the host. */
async function assertClean(t: Test, scene: Scene, what: string): Promise<void> {
  const { stage, answers } = scene;
  answers.push(JSON.stringify(await stage.rpc("server.logs", { limit: 1000 })));
  t.same(tracesIn(stage.log.join(""), scene), [], `${what}: the log`);
  t.same(tracesIn(answers.join("\n"), scene), [], `${what}: the answers`);
  const metrics = await readMetrics(stage);
  t.same(tracesIn(metrics, scene), [], `${what}: the metrics`);
  t.match(metrics, /^perch_ready 1$/m);
  for (const file of (await readdir(stage.folder)).filter((name) => /^perch\.db/.test(name)))
    t.same(tracesIn((await readFile(join(stage.folder, file))).toString("latin1"), scene), [], `${what}: ${file}`);
  if (scene.stage.log.length === 0) t.fail("nothing was logged");
}

/** Begins to authorise and lets the account's owner agree; answers the PIN. */
async function beginPin({ stage, rpc, pins }: Scene, id: string, accountName = "ITSM_Notify"): Promise<string> {
  const { result } = await stage.rpc<{ authorizeUrl: string }>("registrations.authorize", { id });
  await rpc("registrations.get", { id });
  const { pin } = await stage.control<{ pin: string }>("authorize", { authorizeUrl: result?.authorizeUrl ?? "", accountName });
  pins.all.add(pin);
  pins.awaited = [pin];
  return pin;
}

t.test("no secret leaves the host, whatever goes wrong", async (t) => {
  const scene = await openScene(t);
  const { stage, mirror, rpc, answers, config } = scene;
  const id = (await stage.call<Registration>("registrations.create", { functionalUser: "ServiceDesk", accountName: "ITSM_Notify" })).id;
  /** Each case of an X that sends back what it knows. */
  const echoing = async (path: string, statuses: number[], work: () => Promise<unknown>) => {
    for (const form of Object.keys(FORMS) as (keyof typeof FORMS)[])
      for (const status of statuses) {
        mirror.echo = { path, status, form };
        await work();
      }
    mirror.echo = undefined;
  };

  await t.test("in the PIN flow", async (t) => {
    await echoing("/oauth/request_token", [401, 403, 503], () => rpc("registrations.authorize", { id }));
    await echoing("/oauth/access_token", [401, 500], async () => rpc("registrations.confirm", { id, pin: await beginPin(scene, id) }));
    // The token is new: the host has not heard of it when X sends it back.
    await echoing("/2/users/me", [401, 403, 503], async () => rpc("registrations.confirm", { id, pin: await beginPin(scene, id) }));
    await rpc("registrations.confirm", { id, pin: await beginPin(scene, id, "Somebody_Else") });
    await beginPin(scene, id);
    await rpc("registrations.confirm", { id, pin: "7654321" });
    const last = await rpc<Registration>("registrations.confirm", { id, pin: await beginPin(scene, id) });
    t.equal(last.result?.authorization, "authorized");
    scene.pins.awaited = [];
    await rpc("registrations.update", { id, status: "Enabled" });
    t.ok(mirror.handedOut.size > 20, `${mirror.handedOut.size} tokens were handed out`);
    t.ok(mirror.echoed >= 30);
    await assertClean(t, scene, "the PIN flow");
  });

  /** A broadcast that meets the trouble; then the lane is freed. */
  let count = 0;
  const broadcast = async () => {
    count += 1;
    const { result } = await rpc<{ deliveries: { id: string }[] }>("notify", { text: `Broadcast ${count}`, functionalUser: "ServiceDesk" });
    const delivery = result?.deliveries[0]?.id ?? "";
    for (;;) {
      const { result: now } = await rpc<{ state: string; lastError?: object }>("deliveries.get", { id: delivery, waitSeconds: 0.02 });
      if (now?.lastError || now?.state === "delivered") break;
    }
    for (const method of ["lanes.list", "deliveries.list", "server.status", "registrations.list"]) await rpc(method, {});
    mirror.echo = undefined;
    await fetch(`${stage.sandboxUrl}/sandbox/faults`, { method: "DELETE" });
    await rpc("lanes.resume", { accountName: "ITSM_Notify" });
    await stage.reaches(delivery, "delivered", "failed");
  };

  await t.test("when X sends back what it was sent, for a post, a probe and a look", async (t) => {
    await stage.control("settings", { limits: { postsPerUser: 1e6, postsPerUserDay: 1e6, postsPerAppDay: 1e6, me: 1e6, timeline: 1e6 } });
    await echoing("/2/", [400, 401, 402, 403, 404, 422, 429, 500, 503], broadcast);
    await assertClean(t, scene, "echoes");
  });

  await t.test("under every fault of the sandbox", async (t) => {
    const faults: object[] = PROBLEM_NAMES.map((named) => ({ named }));
    faults.push({ drop: true }, { truncate: true }, { garbage: true }, { huge: true }, { reset: "before" }, { reset: "during" });
    faults.push({ redirect: `http://127.0.0.1:1/?token=${MARKS.fileToken}` }, { status: 200, body: MARKS.fileToken }, { hang: true });
    for (const fault of faults) {
      await stage.fault({ ...fault });
      await broadcast();
    }
    await assertClean(t, scene, "faults");
  });

  await t.test("when a proxy refuses, sends back its password, or is not there", async (t) => {
    const proxy = await openRefusingProxy();
    t.teardown(() => proxy.close());
    const address = (url: string) => url.replace("http://", `http://perch:${MARKS.proxy}@`);
    const troubles = [{ proxy: address(proxy.url) }, { proxy: address("http://127.0.0.1:1") }, { apiBaseUrl: "https://x.invalid" }];
    for (const trouble of troubles) {
      t.equal((await stage.configure(config(trouble))).error, undefined);
      count += 1;
      const { result } = await rpc<{ deliveries: { id: string }[] }>("notify", {
        text: `Broadcast ${count}`,
        functionalUser: "ServiceDesk",
      });
      const waiting = await stage.reaches(result?.deliveries[0]?.id ?? "", "waiting");
      answers.push(JSON.stringify(waiting));
      t.equal(waiting.lastError?.reason, "unreachable");
      await rpc("registrations.authorize", { id });
      await rpc("lanes.list", {});
      // While an attempt is under way nothing can be cancelled.
      let cancelled: string[] | undefined;
      do cancelled = (await rpc<{ ids: string[] }>("deliveries.cancel", { ids: [waiting.id] })).result?.ids;
      while (cancelled?.length === 0);
    }
    t.ok(proxy.asked > 0);
    await stage.configure(config());
    await assertClean(t, scene, "proxies");
  });

  await t.test("when a password is wrong, missing or malformed", async (t) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "server.status" });
    const wrong = [`workflow:${MARKS.guess}`, `nobody:${MARKS.guess}`, `${MARKS.guess}`, `admin:${MARKS.workflow}`];
    const headers = wrong.map((pair) => `Basic ${Buffer.from(pair).toString("base64")}`);
    for (const authorization of [...headers, `Basic ${MARKS.guess}`, `Bearer ${MARKS.guess}`, ""]) {
      const send = { "content-type": "application/json", ...(authorization && { authorization }) };
      const answer = await fetch(`${stage.host.url}/rpc`, { method: "POST", headers: send, body });
      t.ok([401, 429].includes(answer.status));
      answers.push(JSON.stringify([...answer.headers]) + (await answer.text()));
    }
    const right = `Basic ${Buffer.from(`workflow:${MARKS.workflow}`).toString("base64")}`;
    const answer = await fetch(`${stage.host.url}/rpc`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: right },
      body,
    });
    answers.push(await answer.text());
    await assertClean(t, scene, "passwords");
  });

  await t.test("when a plug-in throws, logs or writes what it was given", async (t) => {
    for (const way of WAYS_TO_TELL) {
      await rpc("filterApiCall", { plugin: "TEST.TELLS", inValues: [way] });
      // A plug-in whose workers die too often is stopped; here it is to go on.
      await rpc("plugins.restart", { name: "tells-secrets" });
      await rpc("plugins.list", {});
    }
    const told = ["the whole context", "the plain context", "plug-in wrote to standard output", "plug-in wrote to standard error"];
    for (const sentence of told)
      t.ok(
        stage.log.some((line) => line.includes(sentence)),
        sentence,
      );
    await assertClean(t, scene, "a plug-in");
  });

  await t.test("when a plug-in's start or reload fails with them", async (t) => {
    const failing = { module: fileURLToPath(new URL("test/fixtures/plugins/throws-in-initialize.ts", root)) };
    const base = config().config ?? {};
    const plugins = [...(base.plugins as object[]), failing];
    const secrets = { ...credentials().plugins, "throws-in-initialize": { key: MARKS.pluginKey } };
    await stage.configure({ config: { ...base, plugins }, credentials: credentials({ plugins: secrets }) });
    const { error } = await rpc("filterApiCall", { plugin: "TEST.THROWS", inValues: [] });
    t.match(error, { code: 8762, message: /no licence for/ });
    for (const method of ["plugins.list", "server.status"]) await rpc(method, {});
    await assertClean(t, scene, "a start that fails");
  });

  await t.test("when the files are wrong near them", async (t) => {
    for (const [name, file, text] of brokenFiles(await readFile(stage.configFile, "utf8"))) {
      await stage.configure(config());
      await writeFile(join(stage.folder, file), text, { mode: 0o600 });
      const { error } = await rpc("server.reload", {});
      t.equal(error?.code, 8769, name);
      t.same(tracesIn(JSON.stringify(error), scene), [], name);
      await rpc("server.status", {});
    }
    await stage.configure(config());
    await assertClean(t, scene, "broken files");
  });

  await t.test("after a restart, with tokens that come from the store", async (t) => {
    await stage.restart();
    await echoing("/2/", [401, 403, 500], broadcast);
    await assertClean(t, scene, "after a restart");
  });
});

/** Files with a mistake in or beside a secret. */
function brokenFiles(configText: string): [name: string, file: string, text: string][] {
  const whole = JSON.stringify(credentials(), null, 1);
  const broken = (change: object) => JSON.stringify(credentials(change));
  const client = (change: object) => broken({ clients: [{ name: "admin", role: "admin", password: MARKS.typo, ...change }] });
  const twitter = (change: object) => broken({ plugins: { twitter: { consumerKey: "k", consumerSecret: MARKS.typo, ...change } } });
  return [
    ["cut off", "credentials.yaml", whole.slice(0, whole.indexOf("consumerSecret") + 30)],
    ["a key without a colon", "credentials.yaml", `vault: ${MARKS.typo}\nclients ${MARKS.typo}\n`],
    ["a secret as a key", "credentials.yaml", `${MARKS.typo}: x\nclients: { ${MARKS.typo} }\n`],
    ["a secret as a key twice", "credentials.yaml", `${MARKS.typo}: x\n${MARKS.typo}:\n`],
    ["not YAML", "credentials.yaml", `"${MARKS.typo}\n\t- [${MARKS.typo}`],
    ["a vault key that is none", "credentials.yaml", broken({ vault: { keys: [{ id: "a", key: MARKS.typo }] } })],
    ["a secret where the id belongs", "credentials.yaml", broken({ vault: { keys: [{ id: `${MARKS.typo}.`, key: MARKS.vaultKey }] } })],
    ["a role that is a password", "credentials.yaml", client({ role: MARKS.typo })],
    ["a misspelt key", "credentials.yaml", client({ pasword: MARKS.typo })],
    ["a name with a colon", "credentials.yaml", client({ name: `admin:${MARKS.typo}` })],
    ["a secret in a list", "credentials.yaml", twitter({ consumerSecret: [MARKS.typo] })],
    ["a misspelt secret", "credentials.yaml", twitter({ consumerSecrte: MARKS.typo })],
    ["an account that is only a token", "credentials.yaml", twitter({ accounts: { [MARKS.typo ?? ""]: MARKS.typo } })],
    ["a reference that fails", "credentials.yaml", twitter({ consumerSecret: `\${env:${MARKS.typo}}` })],
    ["a proxy of no known kind", "perch.yaml", configText.replace(/"requestTimeoutSeconds": *1/, `"proxy": "ftp://u:${MARKS.proxy}@h"`)],
    [
      "an address with a password",
      "perch.yaml",
      configText.replace(/"apiBaseUrl": *"[^"]*"/, `"apiBaseUrl": "https://u:${MARKS.proxy}@h"`),
    ],
    ["a store of no known kind", "perch.yaml", configText.replace("sqlite:./perch.db", `mysql://u:${MARKS.proxy}@h/db`)],
  ];
}

t.test("a process shows no secret in ps, on standard output or on standard error", async (t) => {
  const scene = await openScene(t);
  const { stage } = scene;
  await stage.host.stop();
  const start = (file = stage.configFile) => {
    const environment = { ...process.env, HTTPS_PROXY: `http://perch:${MARKS.environmentProxy}@127.0.0.1:1` };
    const child = spawn(process.execPath, [fileURLToPath(new URL("src/perch.js", root)), "start", "--config", file], { env: environment });
    const out = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) child[name].on("data", (chunk) => (out[name] += chunk));
    return { child, out };
  };
  const { child, out } = start();
  const ended = once(child, "exit");
  while (!out.stdout.includes("host ready")) await once(child.stdout, "data");
  const client = new Client("http://perch", { socketPath: join(stage.folder, "perch.sock") });
  for (const way of WAYS_TO_TELL) {
    const params = { plugin: "TEST.TELLS", inValues: [way] };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "filterApiCall", params });
    await (await client.request({ method: "POST", path: "/rpc", headers: { "content-type": "application/json" }, body })).body.text();
  }
  await client.destroy();
  const ps = ["args=", "comm="].map((what) => execFileSync("ps", ["-ww", "-L", "-o", what, "-p", String(child.pid)])).join("\n");
  t.match(ps, /start --config/);
  child.kill("SIGTERM");
  t.same(await ended, [0, null]);
  t.match(out.stdout, /plug-in wrote to standard error/, "the plug-in's own output is in the log");
  t.same(tracesIn(ps, scene), []);
  t.same(tracesIn(out.stdout, scene), []);
  t.equal(out.stderr, "");

  for (const [name, file, text] of brokenFiles(await readFile(stage.configFile, "utf8")).slice(0, 4)) {
    await writeFile(join(stage.folder, file), text, { mode: 0o600 });
    const refused = start();
    t.same(await once(refused.child, "close"), [1, null], name);
    t.not(refused.out.stderr, "");
    t.same(tracesIn(refused.out.stderr + refused.out.stdout, scene), [], name);
  }
});
