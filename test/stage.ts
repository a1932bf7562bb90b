/** A real host and a real sandbox on loopback, for tests that go all the way. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { Pool } from "undici";
import { start as startSandbox } from "../plugins/twitter/sandbox/start.ts";
import type { FaultReport } from "../src/ar.ts";
import type { RunningHost } from "../src/cli/machine.ts";
import type { Pace } from "../src/host/back-off.ts";
import type { Delivery, NotifyRequest, NotifyResult, Registration } from "../src/shapes.ts";
import { startHost } from "../src/start-host.ts";

/** Short, so that a test waits for outcomes and not for the clock. The proportions are those of the real table. */
export const QUICK: Pace = { backOffBaseMs: 20, backOffCapMs: 100, slowMs: 100, probeMs: 100, firstLookMs: 20, lastLookMs: 100 };

export type StageOptions = {
  userDefined?: Record<string, unknown>;
  /** Plug-ins beside twitter. */
  plugins?: object[];
  /** More of perch.yaml, as JSON (which is YAML). */
  config?: Record<string, unknown>;
  credentials?: Record<string, unknown>;
  twitterSecrets?: Record<string, unknown>;
  pace?: Partial<Pace>;
  /** What the host machine's clock is wrong by at the start. */
  clockOffsetSeconds?: number;
  environment?: Record<string, string>;
};

export type RpcError = { code: number; message: string; data: Omit<FaultReport, "message"> };
export type RpcReply<T> = { result: T; error?: undefined } | { result?: undefined; error: RpcError };
export type SandboxPost = { id: string; accountName: string; text: string; inReplyTo?: string };

export type Stage = {
  folder: string;
  configFile: string;
  sandboxUrl: string;
  host: RunningHost;
  log: string[];
  /** A call as admin over the Unix socket. */
  rpc<T>(method: string, params?: unknown): Promise<RpcReply<T>>;
  /** The same, where a refusal is a bug of the test. */
  call<T>(method: string, params?: unknown): Promise<T>;
  /** A call over HTTP with a client's password; unlike those over the socket, many can be under way. */
  rpcAs<T>(client: keyof typeof PASSWORDS, method: string, params?: unknown): Promise<RpcReply<T>>;
  notify(request: NotifyRequest): Promise<NotifyResult>;
  delivery(id: string): Promise<Delivery>;
  /** Polls (bounded by the test's time-out) until the delivery is in one of these states. */
  reaches(id: string, ...states: Delivery["state"][]): Promise<Delivery>;
  /** The sandbox's control API. */
  control<T = unknown>(path: string, body?: unknown): Promise<T>;
  posts(): Promise<SandboxPost[]>;
  fault(fault: Record<string, unknown>, more?: Record<string, unknown>): Promise<unknown>;
  /** Registers, authorises with the PIN and enables. */
  register(functionalUser?: string, accountName?: string): Promise<Registration>;
  /** Writes the configuration anew; the host sees it by itself, but not at once. */
  write(options: StageOptions): Promise<void>;
  /** Writes the configuration anew and reloads. */
  configure(options: StageOptions): Promise<RpcReply<unknown>>;
  restart(): Promise<void>;
  /** Makes the host machine's clock wrong by so many seconds. */
  setClock(offsetSeconds: number): void;
};

const VAULT_KEY = Buffer.alloc(32, 7).toString("base64");
export const PASSWORDS = { workflow: "workflow-password", operator: "operator-password", admin: "admin-password" };

async function writeFiles(folder: string, sandboxUrl: string, options: StageOptions): Promise<void> {
  const plugin = { module: "twitter", userDefined: { apiBaseUrl: sandboxUrl, ...options.userDefined } };
  const config = {
    server: { port: 0, socket: "./perch.sock", stopTimeoutSeconds: 5 },
    store: "sqlite:./perch.db",
    credentials: "./credentials.yaml",
    plugins: [plugin, ...(options.plugins ?? [])],
    aliases: { TWITTER: "ARSYS.ALRT.TWITTER" },
    ...options.config,
  };
  const credentials = {
    vault: { keys: [{ id: "test", key: VAULT_KEY }] },
    clients: Object.entries(PASSWORDS).map(([role, password]) => ({ name: role, role, password })),
    plugins: {
      twitter: { consumerKey: "sandbox-consumer-key", consumerSecret: "sandbox-consumer-secret", ...options.twitterSecrets },
    },
    ...options.credentials,
  };
  await writeFile(join(folder, "perch.yaml"), JSON.stringify(config, null, 1));
  await writeFile(join(folder, "credentials.yaml"), JSON.stringify(credentials, null, 1), { mode: 0o600 });
}

export async function openStage(t: Test, options: StageOptions = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "perch-stage-"));
  const sandbox = await startSandbox({ port: 0 });
  await writeFiles(folder, sandbox.url, options);
  const configFile = join(folder, "perch.yaml");
  const log: string[] = [];
  let clockOffsetMs = (options.clockOffsetSeconds ?? 0) * 1000;
  const open = async () => {
    const started = await startHost({
      configFile,
      version: "test",
      environment: options.environment ?? {},
      pace: { ...QUICK, ...options.pace },
      logTo: (line) => void log.push(line),
      wall: () => Date.now() + clockOffsetMs,
    });
    if (!started.ok) throw new Error(started.problems.join("\n"));
    return started.value;
  };
  let host = await open();
  const connect = () => new Pool("http://perch", { socketPath: host.socket, connections: 16 });
  let client = connect();
  t.teardown(async () => {
    await client.destroy();
    await host.stop();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  const rpc: Stage["rpc"] = async (method, params = {}) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await client.request({ method: "POST", path: "/rpc", headers: { "content-type": "application/json" }, body });
    return (await answer.body.json()) as never;
  };
  const call: Stage["call"] = async (method, params) => {
    const reply = await rpc(method, params);
    if (reply.error) throw Object.assign(new Error(`${method}: ${reply.error.message}`), { data: reply.error.data });
    return reply.result as never;
  };
  const rpcAs: Stage["rpcAs"] = async (name, method, params = {}) => {
    const authorization = `Basic ${Buffer.from(`${name}:${PASSWORDS[name]}`).toString("base64")}`;
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch(`${host.url}/rpc`, { method: "POST", headers: { "content-type": "application/json", authorization }, body });
    return (await answer.json()) as never;
  };
  const control: Stage["control"] = async (path, body) => {
    const init = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(`${sandbox.url}/sandbox/${path}`, init);
    const said = (await answer.json()) as never;
    if (!answer.ok) throw new Error(`sandbox ${path}: ${JSON.stringify(said)}`);
    return said;
  };
  const stage: Stage = {
    folder,
    configFile,
    sandboxUrl: sandbox.url,
    get host() {
      return host;
    },
    log,
    rpc,
    call,
    rpcAs,
    control,
    notify: (request) => call<NotifyResult>("notify", request),
    delivery: (id) => call<Delivery>("deliveries.get", { id }),
    async reaches(id, ...states) {
      for (;;) {
        const delivery = await call<Delivery>("deliveries.get", { id, waitSeconds: 0.02 });
        if (states.includes(delivery.state)) return delivery;
        if (["delivered", "failed", "expired", "cancelled"].includes(delivery.state))
          throw new Error(`ended ${delivery.state}: ${delivery.lastError?.message ?? ""}`);
      }
    },
    posts: () => control<SandboxPost[]>("posts"),
    fault: (fault, more = {}) => control("faults", { match: { method: "POST", path: "/2/tweets" }, ...more, fault }),
    async register(functionalUser = "ServiceDesk", accountName = "ITSM_Notify") {
      const { id } = await call<Registration>("registrations.create", { functionalUser, accountName, mechanism: "Twitter" });
      const { authorizeUrl } = await call<{ authorizeUrl: string }>("registrations.authorize", { id });
      const { pin } = await control<{ pin: string }>("authorize", { authorizeUrl, accountName });
      await call("registrations.confirm", { id, pin });
      return call<Registration>("registrations.update", { id, status: "Enabled" });
    },
    write: (changed) => writeFiles(folder, sandbox.url, { ...options, ...changed }),
    async configure(changed) {
      await stage.write(changed);
      return rpc("server.reload");
    },
    async restart() {
      await client.destroy();
      await host.stop();
      host = await open();
      client = connect();
    },
    setClock(offsetSeconds) {
      clockOffsetMs = offsetSeconds * 1000;
    },
  };
  return stage;
}
