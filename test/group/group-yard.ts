/** Several hosts as processes of their own, on one PostgreSQL and one sandbox X; each has its own way to the database. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxSettings } from "../../plugins/twitter/sandbox/state.ts";
import type { Delivery, NotifyRequest, NotifyResult } from "../../src/shapes.ts";
import { type Call, callerOf, drainedBy, type HostChild, openFolder, openSandbox, registerAccount, startChild } from "../child-host.ts";
import { type PostgresServer, startPostgres } from "../store/postgres-server.ts";
import { openWire, type Wire } from "./wire.ts";

/** Short, so that tests see leases end. What a lost host had begun is looked up after this, its time-out and 10 s more. */
export const LEASE_SECONDS = 3;
export const FILTER_TIMEOUT_SECONDS = 2;

export type Member = {
  name: string;
  wire: Wire;
  /** The running process; throws where there is none. */
  readonly host: HostChild;
  start(): Promise<HostChild>;
  call: Call;
  notify(request: NotifyRequest): Promise<Delivery[]>;
};

export type GroupYard = {
  postgres: PostgresServer;
  accounts: readonly string[];
  members: readonly Member[];
  control<T>(path: string, body?: unknown): Promise<T>;
  /** X is well again. */
  forgetFaults(): Promise<void>;
  posts(): Promise<{ accountName: string; text: string; id: string }[]>;
  /** Waits until no delivery is open; answers all of them, oldest first. */
  drained(): Promise<Delivery[]>;
  close(): Promise<void>;
};

export type GroupYardOptions = { hosts?: number; accounts?: string[]; sandbox?: SandboxSettings; keepLog?: boolean };

/** All hosts run and know every account; the functional user has the account's name. */
export async function openGroupYard({ hosts = 3, accounts = ["ITSM_Notify"], ...options }: GroupYardOptions = {}): Promise<GroupYard> {
  const postgres = await startPostgres();
  const address = new URL(await postgres.createDatabase());
  // X's own rule against repeats is off, so that a second post would show.
  const sandbox = await openSandbox(accounts, { duplicateRule: false, ...options.sandbox });
  const members: OpenMember[] = [];
  for (let index = 0; index < hosts; index += 1)
    members.push(await openMember({ name: `host ${index}`, address, sandboxUrl: sandbox.url, accounts, keepLog: options.keepLog ?? true }));
  for (const member of members) await member.start();
  const [first] = members as [OpenMember];
  for (const name of accounts) await registerAccount(first.call, name);
  for (const member of members) await until(async () => (await enabledOn(member)) === accounts.length);
  return {
    postgres,
    accounts,
    members,
    control: sandbox.control,
    forgetFaults: async () => void (await fetch(`${sandbox.url}/sandbox/faults`, { method: "DELETE" })),
    posts: () => sandbox.control("posts"),
    drained: () => drainedBy(first.call),
    async close() {
      await Promise.all(members.map((member) => member.close()));
      await sandbox.close();
      postgres.destroy();
    },
  };
}

async function enabledOn({ call }: Member): Promise<number> {
  const { registrations } = await call<{ registrations: { status: string }[] }>("registrations.list");
  return registrations.filter(({ status }) => status === "Enabled").length;
}

/** Asks again until it is so; the test's time-out bounds it. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

type OpenMember = Member & { close(): Promise<void> };
type MemberOptions = { name: string; address: URL; sandboxUrl: string; accounts: string[]; keepLog: boolean };

async function openMember({ name, address, sandboxUrl, accounts, keepLog }: MemberOptions): Promise<OpenMember> {
  const wire = await openWire(Number(address.port));
  const way = new URL(address);
  way.port = String(wire.port);
  const config = {
    server: { port: 0, socket: "./perch.sock", group: { leaseSeconds: LEASE_SECONDS } },
    store: way.href,
    plugins: [{ module: "twitter", filterApiTimeoutSeconds: FILTER_TIMEOUT_SECONDS, userDefined: { apiBaseUrl: sandboxUrl } }],
  };
  const { folder, configFile } = await openFolder(sandboxUrl, accounts, { config });
  const { call, reconnect } = callerOf(join(folder, "perch.sock"));
  let host: HostChild | undefined;
  return {
    name,
    wire,
    get host() {
      if (!host) throw new Error(`${name} has not been started`);
      return host;
    },
    async start() {
      host = startChild(configFile, { keepLog });
      await host.until("host ready");
      await reconnect();
      return host;
    },
    call,
    notify: async (request) => (await call<NotifyResult>("notify", request)).deliveries,
    async close() {
      await reconnect();
      const { exitCode, signalCode } = host?.child ?? { exitCode: 0, signalCode: null };
      if (exitCode === null && signalCode === null) await host?.kill();
      await wire.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
