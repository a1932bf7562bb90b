/** The host is killed with SIGKILL while it works; the sandbox's own record is the judge. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import t, { type Test } from "tap";
import { Client } from "undici";
import { start as startSandbox } from "../../plugins/twitter/sandbox/start.ts";
import type { Delivery, NotifyResult } from "../../src/shapes.ts";

const root = new URL("../..", import.meta.url).pathname;
/** X allows 100 posts in 15 minutes; this is not about limits. */
const NO_LIMIT = { postsPerUser: 100_000, postsPerUserDay: 100_000, timeline: 100_000 };
const ACCOUNT = { accessToken: "sandbox-access-token", accessTokenSecret: "sandbox-access-token-secret" };

async function writeFiles(folder: string, sandboxUrl: string): Promise<string> {
  const config = {
    server: { port: 0, socket: "./perch.sock" },
    store: "sqlite:./perch.db",
    credentials: "./credentials.yaml",
    plugins: [{ module: "twitter", userDefined: { apiBaseUrl: sandboxUrl } }],
  };
  const credentials = {
    vault: { keys: [{ id: "test", key: Buffer.alloc(32, 7).toString("base64") }] },
    clients: [{ name: "admin", role: "admin", password: "admin-password" }],
    plugins: {
      twitter: { consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret", accounts: { ITSM_Notify: ACCOUNT } },
    },
  };
  await writeFile(join(folder, "perch.yaml"), JSON.stringify(config));
  await writeFile(join(folder, "credentials.yaml"), JSON.stringify(credentials), { mode: 0o600 });
  return join(folder, "perch.yaml");
}

type HostChild = { child: ChildProcess; log: string[]; until(sentence: string): Promise<void> };

/** `perch start` as a process of its own. */
function startChild(configFile: string): HostChild {
  const child = spawn(process.execPath, [join(root, "src/perch.js"), "start", "--config", configFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const log: string[] = [];
  const waiting: { sentence: string; resolve: () => void }[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => {
    log.push(line);
    for (const { sentence, resolve } of waiting) if (line.includes(`"msg":"${sentence}"`)) resolve();
  });
  const until = (sentence: string) =>
    new Promise<void>((resolve) => {
      waiting.push({ sentence, resolve });
      if (log.some((line) => line.includes(`"msg":"${sentence}"`))) resolve();
    });
  return { child, log, until };
}

async function call<T>(folder: string, method: string, params: unknown): Promise<T> {
  const client = new Client("http://perch", { socketPath: join(folder, "perch.sock") });
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await client.request({ method: "POST", path: "/rpc", headers: { "content-type": "application/json" }, body });
  const { result, error } = (await answer.body.json()) as { result: T; error?: { message: string } };
  await client.close();
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

async function killed({ child }: HostChild): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function setUp(t: Test): Promise<{ folder: string; sandboxUrl: string; configFile: string }> {
  const folder = await mkdtemp(join(tmpdir(), "perch-kill-"));
  const sandbox = await startSandbox({ port: 0, limits: NO_LIMIT });
  t.teardown(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { folder, sandboxUrl: sandbox.url, configFile: await writeFiles(folder, sandbox.url) };
}

const postsOf = async (sandboxUrl: string) => {
  const posts = (await (await fetch(`${sandboxUrl}/sandbox/posts`)).json()) as { text: string }[];
  return posts.map((post) => post.text);
};

async function untilDrained(folder: string): Promise<Delivery[]> {
  for (;;) {
    const { deliveries } = await call<{ deliveries: Delivery[] }>(folder, "deliveries.list", { limit: 1000 });
    const open = deliveries.find(({ state }) => !["delivered", "failed", "expired", "cancelled"].includes(state));
    if (!open) return deliveries;
    await call(folder, "deliveries.get", { id: open.id, waitSeconds: 1 });
  }
}

async function register(folder: string, host: HostChild): Promise<void> {
  await host.until("configured account confirmed");
  const { id } = await call<{ id: string }>(folder, "registrations.create", { functionalUser: "ServiceDesk", accountName: "ITSM_Notify" });
  await call(folder, "registrations.update", { id, status: "Enabled" });
}

t.test("200 accepted and not yet posted: killed, started again, all posted once and in order", async (t) => {
  const { folder, sandboxUrl, configFile } = await setUp(t);
  const first = startChild(configFile);
  await first.until("host ready");
  await register(folder, first);
  // X takes the first post and hangs: one request is in flight, the rest waits behind it.
  const fault = { match: { method: "POST", path: "/2/tweets" }, fault: { hang: true } };
  await fetch(`${sandboxUrl}/sandbox/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault),
  });
  const texts = Array.from({ length: 200 }, (_, index) => `Broadcast number ${index}`);
  const accepted: string[] = [];
  await Promise.all(
    texts.map(async (text, index) => {
      if (index > 0) await new Promise<void>((resolve) => setImmediate(resolve));
      const { deliveries } = await call<NotifyResult>(folder, "notify", { text });
      accepted.push(deliveries[0]!.id);
    }),
  );
  t.equal(accepted.length, 200);
  await killed(first);
  const before = (await postsOf(sandboxUrl)).length;
  t.ok(before <= 1, `${before} posted before the kill`);

  const second = startChild(configFile);
  await second.until("host ready");
  const deliveries = await untilDrained(folder);
  t.equal(deliveries.filter(({ state }) => state === "delivered").length, 200);
  const posted = await postsOf(sandboxUrl);
  t.same(posted.toSorted(), texts.toSorted(), "each once");
  // The order is that of acceptance: UUIDv7 sorts by it only to the millisecond, so the list's own order is the measure.
  t.same(
    posted,
    deliveries.toReversed().map(({ text }) => text),
  );
  const ended = once(second.child, "exit");
  second.child.kill("SIGTERM");
  t.same(await ended, [0, null], "SIGTERM stops it gently");
});

t.test("killed again and again while it posts", async (t) => {
  const { folder, sandboxUrl, configFile } = await setUp(t);
  let host = startChild(configFile);
  await host.until("host ready");
  await register(folder, host);
  await fetch(`${sandboxUrl}/sandbox/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ match: { method: "POST", path: "/2/tweets" }, times: 0, fault: { delayMs: 20 } }),
  });
  const texts: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 10; index += 1) {
      // X refuses the same words twice, parts of a split text too; so every sentence is another.
      const sentences = Array.from({ length: index % 5 === 0 ? 12 : 1 }, (_, n) => `Round ${round}, number ${index}, sentence ${n}.`);
      const text = sentences.join(" ");
      texts.push(text);
      await call<NotifyResult>(folder, "notify", { text });
    }
    await killed(host);
    host = startChild(configFile);
    await host.until("host ready");
  }
  const deliveries = await untilDrained(folder);
  t.same(
    deliveries.toReversed().map(({ text, state }) => [text, state]),
    texts.map((text) => [text, "delivered"]),
  );
  const expected = deliveries.toReversed().flatMap(({ posts }) => posts.map(({ text }) => text));
  t.same(await postsOf(sandboxUrl), expected, "each post once and in order");
  await killed(host);
});
