/** `perch start` as a process of its own, with a sandbox X in this one: for tests that kill it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Pool } from "undici";
import { start as startSandbox } from "../plugins/twitter/sandbox/start.ts";
import type { SandboxSettings } from "../plugins/twitter/sandbox/state.ts";
import type { Delivery, NotifyRequest, NotifyResult } from "../src/shapes.ts";

const root = new URL("..", import.meta.url).pathname;
/** X allows 100 posts in 15 minutes; tests that kill are not about limits. */
const NO_LIMIT = { postsPerUser: 1e9, postsPerUserDay: 1e9, postsPerAppDay: 1e9, timeline: 1e9, me: 1e9 };
const VAULT_KEY = Buffer.alloc(32, 7).toString("base64");

/** A running `perch start`. `log` holds the lines so far, unless `keepLog` is off. */
export type HostChild = {
  child: ChildProcess;
  log: string[];
  /** Resolves when a line with this sentence has been logged. */
  until(sentence: string): Promise<void>;
  /** From now on nobody reads its lines: what it writes is thrown away. */
  ignoreLog(): void;
  /** Called for each line. */
  onLine(listener: (line: string) => void): void;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** SIGTERM; answers exit status and signal. */
  stop(): Promise<[number | null, string | null]>;
};

export type Yard = {
  folder: string;
  configFile: string;
  sandboxUrl: string;
  start(): Promise<HostChild>;
  call<T>(method: string, params?: unknown): Promise<T>;
  notify(request: NotifyRequest): Promise<Delivery[]>;
  /** Registers and enables each of the yard's accounts; the functional user has the account's name. */
  register(): Promise<void>;
  control<T>(path: string, body?: unknown): Promise<T>;
  posts(): Promise<{ accountName: string; text: string; id: string }[]>;
  /** Waits until no delivery is open; answers all of them, oldest first. */
  drained(): Promise<Delivery[]>;
  close(): Promise<void>;
};

export type YardOptions = {
  accounts?: string[];
  sandbox?: SandboxSettings;
  config?: Record<string, unknown>;
  /** Plug-ins beside twitter. */
  plugins?: object[];
  userDefined?: Record<string, unknown>;
  /** Environment and command in front of node (`faketime …`). */
  environment?: Record<string, string>;
  keepLog?: boolean;
};

/** A folder with both files, and a sandbox; the accounts' tokens stand in the credentials file. */
export async function openYard(options: YardOptions = {}): Promise<Yard> {
  const names = options.accounts ?? ["ITSM_Notify"];
  const sandbox = await openSandbox(names, options.sandbox);
  const { folder, configFile } = await openFolder(sandbox.url, names, options);
  const { call, reconnect } = callerOf(join(folder, "perch.sock"));
  const { control } = sandbox;
  return {
    folder,
    configFile,
    sandboxUrl: sandbox.url,
    async start() {
      const host = startChild(configFile, options);
      await host.until("host ready");
      await reconnect();
      return host;
    },
    call,
    notify: async (request) => (await call<NotifyResult>("notify", request)).deliveries,
    async register() {
      for (const name of names) await registerAccount(call, name);
    },
    control,
    posts: () => control("posts"),
    drained: () => drainedBy(call),
    async close() {
      await reconnect();
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Call = Yard["call"];

/** Calls over the Unix socket of a host. `reconnect` ends the connections there are. */
export function callerOf(socketPath: string): { call: Call; reconnect(): Promise<void> } {
  let client: Pool | undefined;
  return {
    async call(method, params = {}) {
      client ??= new Pool("http://perch", { socketPath, connections: 32 });
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const answer = await client.request({ method: "POST", path: "/rpc", headers: { "content-type": "application/json" }, body });
      const { result, error } = (await answer.body.json()) as { result: never; error?: { message: string } };
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    async reconnect() {
      const before = client;
      client = undefined;
      await before?.destroy();
    },
  };
}

/** X with these accounts, without limits, and its control API. */
export async function openSandbox(names: readonly string[], settings: SandboxSettings = {}) {
  const sandbox = await startSandbox({ port: 0, limits: NO_LIMIT, accounts: names.map(tokenOf), ...settings });
  const control: Yard["control"] = async (path, body) => {
    const init = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(`${sandbox.url}/sandbox/${path}`, init);
    if (!answer.ok) throw new Error(`sandbox ${path}: ${await answer.text()}`);
    return (await answer.json()) as never;
  };
  return { url: sandbox.url, control, close: () => sandbox.close() };
}
const tokenOf = (name: string) => ({ name, token: `${name}-token`, tokenSecret: `${name}-token-secret` });

/** Waits until no delivery is open; answers all of them, oldest first. */
export async function drainedBy(call: Call): Promise<Delivery[]> {
  for (;;) {
    const open = await openDelivery(call);
    if (!open) return (await listAll(call)).toReversed();
    await call("deliveries.get", { id: open.id, waitSeconds: 1 });
  }
}

async function openDelivery(call: Yard["call"]): Promise<Delivery | undefined> {
  const states = ["queued", "sending", "waiting", "in-doubt"];
  return (await call<{ deliveries: Delivery[] }>("deliveries.list", { states, limit: 1 })).deliveries[0];
}

async function listAll(call: Yard["call"]): Promise<Delivery[]> {
  const all: Delivery[] = [];
  let cursor: string | undefined;
  do {
    const page = await call<{ deliveries: Delivery[]; cursor?: string }>("deliveries.list", { limit: 1000, ...(cursor && { cursor }) });
    all.push(...page.deliveries);
    cursor = page.cursor;
  } while (cursor);
  return all;
}

/** The account is known once X has said whose the token is. */
export async function registerAccount(call: Yard["call"], accountName: string): Promise<void> {
  const { id } = await call<{ id: string }>("registrations.create", { functionalUser: accountName, accountName });
  for (;;) {
    const { authorization } = await call<{ authorization: string }>("registrations.get", { id });
    if (authorization === "authorized") break;
    await call("server.reload");
  }
  await call("registrations.update", { id, status: "Enabled" });
}

/** A folder with both files; the accounts' tokens stand in the credentials file. */
export async function openFolder(
  sandboxUrl: string,
  names: readonly string[],
  options: Pick<YardOptions, "config" | "userDefined" | "plugins">,
): Promise<{ folder: string; configFile: string }> {
  const folder = await mkdtemp(join(tmpdir(), "perch-yard-"));
  const config = {
    server: { port: 0, socket: "./perch.sock" },
    store: "sqlite:./perch.db",
    credentials: "./credentials.yaml",
    plugins: [{ module: "twitter", userDefined: { apiBaseUrl: sandboxUrl, ...options.userDefined } }, ...(options.plugins ?? [])],
    ...options.config,
  };
  const accounts = names.map(tokenOf).map(({ name, token, tokenSecret }) => [name, { accessToken: token, accessTokenSecret: tokenSecret }]);
  const credentials = {
    vault: { keys: [{ id: "test", key: VAULT_KEY }] },
    clients: [{ name: "admin", role: "admin", password: "admin-password" }],
    plugins: {
      twitter: { consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret", accounts: Object.fromEntries(accounts) },
    },
  };
  await writeFile(join(folder, "perch.yaml"), JSON.stringify(config));
  await writeFile(join(folder, "credentials.yaml"), JSON.stringify(credentials), { mode: 0o600 });
  return { folder, configFile: join(folder, "perch.yaml") };
}

export function startChild(configFile: string, { environment, keepLog = true }: Pick<YardOptions, "environment" | "keepLog">): HostChild {
  const child = spawn(process.execPath, ["--max-semi-space-size=16", join(root, "src/perch.js"), "start", "--config", configFile], {
    stdio: ["ignore", "pipe", "inherit"],
    ...(environment && { env: { ...process.env, ...environment } }),
  });
  // No host outlives its test, however that ends.
  const orphaned = () => child.kill("SIGKILL");
  process.once("exit", orphaned);
  child.once("exit", () => process.off("exit", orphaned));
  const log: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    if (keepLog) log.push(line);
    for (const listener of listeners) listener(line);
  });
  const says = (line: string, sentence: string) => line.includes(`"msg":"${sentence}"`);
  return {
    child,
    log,
    ignoreLog() {
      lines.close();
      child.stdout.resume();
    },
    onLine: (listener) => void listeners.push(listener),
    until: (sentence) =>
      new Promise((resolve, reject) => {
        listeners.push((line) => says(line, sentence) && resolve());
        child.once("exit", (status) => reject(new Error(`the host ended with ${status} before "${sentence}"`)));
        if (log.some((line) => says(line, sentence))) resolve();
      }),
    async kill(signal = "SIGKILL") {
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    },
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      return (await ended) as [number | null, string | null];
    },
  };
}
