/** Runs the command line in this process, with captured streams, against a real JSON-RPC server on a Unix socket. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import Fastify from "fastify";
import type { Io } from "../../src/cli/io.ts";
import type { Machine, StopSignal } from "../../src/cli/machine.ts";
import { runCli } from "../../src/cli/run.ts";
import { NOW } from "./recorded.ts";

export type Refusal = { error: { code: number; message: string; data?: unknown } };
export type Answers = Record<string, unknown | ((params: Record<string, unknown>) => unknown)>;
export type Call = { method: string; params: Record<string, unknown>; authorization: string | undefined };
export type Outcome = { status: number; out: string; err: string };

export type Wish = {
  terminal?: boolean;
  columns?: number;
  /** What is piped in; a terminal's keyboard when `typed`. */
  stdin?: string;
  typed?: string;
  env?: Record<string, string>;
  machine?: Partial<Machine>;
  /** Called with each text of standard output. */
  heard?: (text: string) => unknown;
};

type Teardown = { teardown(work: () => unknown): unknown };

/** A host that gives these answers; `run` talks to it over its socket, `url` is the same host over HTTP. */
export async function stage(t: Teardown, answers: Answers = {}) {
  const folder = await mkdtemp(join(tmpdir(), "perch-cli-"));
  const calls: Call[] = [];
  const build = () => {
    const server = Fastify();
    server.post("/rpc", async (request) => {
      const { id, method, params } = request.body as { id: number; method: string; params: Record<string, unknown> };
      calls.push({ method, params, authorization: request.headers.authorization });
      const answer = answers[method];
      const value = typeof answer === "function" ? await answer(params) : answer;
      if (value === undefined) return { jsonrpc: "2.0", id, error: { code: -32601, message: `Method not found: ${method}` } };
      return typeof value === "object" && value !== null && "error" in value
        ? { jsonrpc: "2.0", id, ...value }
        : { jsonrpc: "2.0", id, result: value };
    });
    return server;
  };
  const socket = join(folder, "perch.sock");
  const [local, remote] = [build(), build()];
  await local.listen({ path: socket });
  const url = await remote.listen({ port: 0, host: "127.0.0.1" });
  t.teardown(async () => {
    await local.close();
    await remote.close();
    await rm(folder, { recursive: true, force: true });
  });
  const run = (argv: string[], wish: Wish = {}) => runOn(argv, folder, { ...wish, machine: { ...machineOf(socket), ...wish.machine } });
  return { run, calls, url, socket, folder };
}

export const machineOf = (socket: string): Partial<Machine> => ({ socketOf: async () => ({ ok: true, socket }) });

export async function runOn(argv: string[], cwd: string, wish: Wish = {}): Promise<Outcome> {
  const seen = { out: "", err: "" };
  const io: Io = {
    stdout: {
      write: (text: string) => {
        seen.out += text;
        wish.heard?.(text);
      },
    },
    stderr: { write: (text: string) => (seen.err += text) },
    stdin: wish.typed === undefined ? Readable.from(wish.stdin === undefined ? [] : [Buffer.from(wish.stdin)]) : keyboard(wish.typed),
    isTerminal: wish.terminal === true,
    columns: wish.columns ?? 200,
    env: wish.env ?? {},
    cwd,
  };
  const status = await runCli(argv, io, { ...MACHINE, ...wish.machine });
  return { status, ...seen };
}

/** Standard input of a person: stays open after what was typed. */
function keyboard(typed: string): NodeJS.ReadableStream & { isTTY: boolean } {
  const keys = new PassThrough();
  keys.write(typed);
  return Object.assign(keys, { isTTY: true });
}

const absent = (what: string) => () => Promise.reject(new Error(`this test has no ${what}`));
const MACHINE: Machine = {
  version: "0.1.0",
  nodeVersion: "v24.0.0",
  now: () => NOW,
  // As long as there is to wait for: a spinner turns until its work ends.
  wait: (_ms, signal) => new Promise((resolve) => signal?.addEventListener("abort", () => resolve())),
  onSignal: () => () => {},
  startHost: absent("startHost"),
  checkConfiguration: absent("checkConfiguration"),
  socketOf: absent("socketOf"),
  initCredentials: absent("initCredentials"),
  diagnose: () => {
    throw new Error("this test has no diagnose");
  },
  checkCredentials: () => {
    throw new Error("this test has no checkCredentials");
  },
  rotateKey: absent("rotateKey"),
  copyStore: absent("copyStore"),
  hashPassword: absent("hashPassword"),
  newPlugin: absent("newPlugin"),
  listModules: absent("listModules"),
  loadPlugin: absent("loadPlugin"),
};

/** Signals that a test sends by hand. */
export function signals() {
  const handlers = new Set<(signal: StopSignal) => void>();
  return {
    onSignal: (handler: (signal: StopSignal) => void) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    send: (signal: StopSignal) => {
      for (const handler of [...handlers]) handler(signal);
    },
    listening: () => handlers.size,
  };
}
