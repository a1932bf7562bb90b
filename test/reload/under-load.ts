/**
 * A steady load of calls while the configuration is changed in every way, through the watched files, SIGHUP and
 * `server.reload`. The sandbox's record is the judge.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import type { HostStatus, Registration } from "../../src/shapes.ts";
import { type HostChild, openYard, type Yard } from "../child-host.ts";
import { judgeOrder } from "../judge.ts";

type Document = Record<string, unknown>;
/** Both files as they stand, and the service's side, where a change needs it. */
type Desk = { config: Document; credentials: Document; control: Yard["control"]; turn: number };
type Change = { kind: string; make(desk: Desk): void | Promise<void>; bad?: true; half?: true };

export type UnderLoad = {
  calls: number;
  /** What callers were told, where it was no success. */
  failed: string[];
  /** How long calls were made. */
  seconds: number;
  reloads: number;
  delivered: number;
  /** What the judge says; nothing is as it should be. */
  wrong: string[];
};

const FILE_ACCOUNTS = ["Account_0", "Account_1"];
/** Its token is sealed in the store. */
const PIN_ACCOUNT = "Pin_Account";
const TICK_MS = 5;
const ECHO = new URL("../fuzz/echo-plugin.ts", import.meta.url).pathname;

const vaultKey = (id: string) => ({ id, key: Buffer.alloc(32, id).toString("base64") });
const vaultKeys = (desk: Desk): Document[] => (desk.credentials.vault as { keys: Document[] }).keys;
const setKeys = (desk: Desk, keys: Document[]) => void Object.assign(desk.credentials, { vault: { keys } });
const clientsOf = (desk: Desk) => desk.credentials.clients as { name: string; role: string; password: string }[];
const twitterOf = (desk: Desk) => (desk.config.plugins as Document[])[0] as { userDefined: Document; threads?: number };
const secretsOf = (desk: Desk) =>
  (desk.credentials.plugins as { twitter: { consumerKey: string; consumerSecret: string; accounts: Record<string, Document> } }).twitter;

/** A round makes each change once; what it sets is different from what the one before it set. */
const isOddRound = (turn: number): boolean => Math.floor(turn / CHANGES.length) % 2 === 1;

/** In this order, since some follow from the one before. */
const CHANGES: readonly Change[] = [
  { kind: "log level", make: ({ config, turn }) => void Object.assign(config, { log: { level: isOddRound(turn) ? "info" : "warn" } }) },
  { kind: "aliases", make: ({ config, turn }) => void Object.assign(config, { aliases: { [`ALIAS_${turn}`]: "ARSYS.ALRT.TWITTER" } }) },
  { kind: "outbox", make: ({ config, turn }) => void Object.assign(config, { outbox: { maxQueued: 1_000_000 + turn } }) },
  { kind: "client added", make: (desk) => void clientsOf(desk).push({ name: `c${desk.turn}`, role: "workflow", password: "first" }) },
  { kind: "client rotated", make: (desk) => void Object.assign(clientsOf(desk).at(-1) ?? {}, { password: `second-${desk.turn}` }) },
  { kind: "bad file", bad: true, make: ({ config }) => void Object.assign(config, { outbox: { maxQueued: "many" } }) },
  { kind: "plug-in settings", make: (desk) => void Object.assign(twitterOf(desk).userDefined, { requestTimeoutSeconds: 20 + desk.turn }) },
  {
    kind: "plug-in secrets",
    async make(desk) {
      const secrets = secretsOf(desk);
      secrets.consumerSecret = `secret-${desk.turn}`;
      await desk.control("apps", { consumerKey: secrets.consumerKey, consumerSecret: secrets.consumerSecret });
    },
  },
  {
    kind: "an account's token",
    async make(desk) {
      const [name = ""] = FILE_ACCOUNTS;
      const token = { accessToken: `token-${desk.turn}`, accessTokenSecret: `token-secret-${desk.turn}` };
      await desk.control("accounts", { name, token: token.accessToken, tokenSecret: token.accessTokenSecret });
      secretsOf(desk).accounts[name] = token;
    },
  },
  { kind: "vault key added", make: (desk) => setKeys(desk, [...vaultKeys(desk), vaultKey(`k${desk.turn}`)]) },
  { kind: "vault key first", make: (desk) => setKeys(desk, vaultKeys(desk).toReversed()) },
  { kind: "vault key removed", make: (desk) => setKeys(desk, vaultKeys(desk).slice(0, 1)) },
  { kind: "second plug-in added", make: ({ config }) => void (config.plugins as Document[]).push({ module: ECHO }) },
  { kind: "threads", make: (desk) => void Object.assign(twitterOf(desk), { threads: isOddRound(desk.turn) ? 1 : 2 }) },
  { kind: "second plug-in removed", make: ({ config }) => void (config.plugins as Document[]).pop() },
  {
    kind: "half-written file",
    half: true,
    make: ({ config, turn }) => void Object.assign(config, { outbox: { maxQueued: 2_000_000 + turn } }),
  },
];
/** No multiple of it is the number of changes, so that each change comes through each door in time. */
const TRIGGERS = ["files", "SIGHUP", "server.reload"] as const;

export async function reloadUnderLoad(rate: number, reloads: number, say: (line: string) => void = () => {}): Promise<UnderLoad> {
  const yard = await openYard({ accounts: FILE_ACCOUNTS, config: { outbox: { maxQueued: 1_000_000 } } });
  const host = await yard.start();
  try {
    await yard.register();
    await registerWithPin(yard);
    const load = startLoad(yard, host, rate);
    const made = await changeAll(yard, host, reloads, say);
    const { calls, failed, seconds } = await load.stop();
    const deliveries = await yard.drained();
    const lost = deliveries.length === calls - failed.length ? [] : [`${calls} calls, ${deliveries.length} deliveries`];
    const delivered = deliveries.filter(({ state }) => state === "delivered").length;
    return { calls, failed, seconds, reloads: made, delivered, wrong: [...lost, ...judgeOrder(deliveries, await yard.posts())] };
  } finally {
    await host.stop();
    await yard.close();
  }
}

async function registerWithPin(yard: Yard): Promise<void> {
  const { id } = await yard.call<Registration>("registrations.create", { functionalUser: PIN_ACCOUNT, accountName: PIN_ACCOUNT });
  const { authorizeUrl } = await yard.call<{ authorizeUrl: string }>("registrations.authorize", { id });
  const { pin } = await yard.control<{ pin: string }>("authorize", { authorizeUrl, accountName: PIN_ACCOUNT });
  await yard.call("registrations.confirm", { id, pin });
  await yard.call("registrations.update", { id, status: "Enabled" });
}

/** Calls at the rate, half of them over the socket and half over HTTP with a password. */
function startLoad(yard: Yard, host: HostChild, rate: number) {
  const users = [...FILE_ACCOUNTS, PIN_ACCOUNT];
  const ready = host.log.map((line) => JSON.parse(line) as { msg: string; url?: string }).find(({ msg }) => msg === "host ready");
  const http = new Pool(ready?.url ?? "", { connections: 16 });
  const headers = { "content-type": "application/json", authorization: `Basic ${Buffer.from("admin:admin-password").toString("base64")}` };
  const overHttp = async (params: object) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "notify", params });
    const answer = (await (await http.request({ method: "POST", path: "/rpc", headers, body })).body.json()) as { error?: Error };
    if (answer.error) throw answer.error;
  };
  const failed: string[] = [];
  const inFlight = new Set<Promise<unknown>>();
  let calls = 0;
  const call = () => {
    const params = { text: `Notice ${calls} under load`, functionalUser: users[calls % users.length] as string };
    const done = (calls % 2 === 0 ? yard.notify(params) : overHttp(params)).catch((error: Error) => failed.push(error.message));
    calls += 1;
    inFlight.add(done);
    void done.finally(() => inFlight.delete(done));
  };
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  // What a busy machine made late is made up for.
  const timer = setInterval(() => {
    while (calls < seconds() * rate) call();
  }, TICK_MS);
  return {
    async stop() {
      clearInterval(timer);
      const lasted = seconds();
      await Promise.all(inFlight);
      await http.close();
      return { calls, failed, seconds: Math.round(lasted) };
    },
  };
}

async function changeAll(yard: Yard, host: HostChild, reloads: number, say: (line: string) => void): Promise<number> {
  const read = async (name: string) => JSON.parse(await readFile(join(yard.folder, name), "utf8")) as Document;
  const desk: Desk = { config: await read("perch.yaml"), credentials: await read("credentials.yaml"), control: yard.control, turn: 0 };
  for (; desk.turn < reloads; desk.turn += 1) {
    const change = CHANGES[desk.turn % CHANGES.length] as Change;
    const trigger = TRIGGERS[desk.turn % TRIGGERS.length] as (typeof TRIGGERS)[number];
    const good = structuredClone(desk.config);
    await change.make(desk);
    await reloadBy(yard, host, trigger, desk, change);
    if (change.bad) desk.config = good;
    say(`${desk.turn + 1} ${change.kind} through ${trigger}`);
  }
  return desk.turn;
}

/** Resolves when the host has dealt with what stands in the files now. */
async function reloadBy(yard: Yard, host: HostChild, trigger: (typeof TRIGGERS)[number], desk: Desk, { bad, half }: Change) {
  const state = async () => (await yard.call<HostStatus>("server.status")).configuration;
  const before = await state();
  if (half) {
    const text = JSON.stringify(desk.config);
    await writeFile(yard.configFile, text.slice(0, text.length / 2));
    await sleep(300);
  }
  await replace(join(yard.folder, "credentials.yaml"), desk.credentials, 0o600);
  await replace(yard.configFile, desk.config, 0o644);
  if (trigger === "SIGHUP") host.child.kill("SIGHUP");
  if (trigger === "server.reload") await yard.call("server.reload").catch((error: Error) => bad ?? Promise.reject(error));
  for (;;) {
    const now = await state();
    if (bad ? now.lastError !== undefined : now.loadedAt !== before.loadedAt && now.lastError === undefined) return;
    if (!bad && now.lastError !== undefined && now.lastError !== before.lastError) throw new Error(now.lastError);
    if (host.child.exitCode !== null) throw new Error(`the host ended with ${host.child.exitCode}`);
    await sleep(20);
  }
}

async function replace(file: string, document: Document, mode: number): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(document), { mode });
  await rename(`${file}.new`, file);
}
