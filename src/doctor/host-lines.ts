/** The lines about this machine and the host on it. */
import { execFile } from "node:child_process";
import { createServer, connect as openConnection } from "node:net";
import { promisify } from "node:util";
import type { LoadedConfig } from "../config/load.ts";
import type { DiagnosisLine } from "../contract.ts";
import type { HostAnswer } from "./ask-host.ts";

type Server = LoadedConfig["config"]["server"];

/** What package.json pins; on an older Node the program does not start at all. */
const NODE_MAJOR = 24;

export function nodeLine(version: string): DiagnosisLine {
  const check = "Node";
  const major = Number(/^v(\d+)\./.exec(version)?.[1]);
  if (major === NODE_MAJOR) return { check, state: "ok", found: version };
  return {
    check,
    state: "warn",
    found: version,
    remedy: `Perch is tested on Node ${NODE_MAJOR}: run it by npm or npx from its folder, which bring that.`,
  };
}

export function hostLine(answer: HostAnswer, version: string, socket: string): DiagnosisLine {
  const check = "running";
  if (answer.state === "stopped") return { check, state: "warn", found: `no host answers at ${socket}`, remedy: "Start it: perch start" };
  if (answer.state === "silent") {
    const { remedy = "Look at the last lines of the host's log, and start it again." } = answer;
    return { check, state: "fail", found: `${socket} gives no answer: ${answer.cause}`, remedy };
  }
  const { status } = answer;
  const found = `version ${status.version} runs, process ${status.pid}, since ${status.startedAt}`;
  if (!status.ready)
    return {
      check,
      state: "fail",
      found: `${found}; not ready: ${status.reasons.join("; ")}`,
      remedy: "Mend what it names; it is ready again by itself.",
    };
  if (status.configuration.lastError !== undefined) {
    const remedy = "Mend that, then: perch reload. Until then the configuration of before is in force.";
    return { check, state: "warn", found: `${found}; it refused its last reload: ${status.configuration.lastError}`, remedy };
  }
  if (status.version === version) return { check, state: "ok", found };
  return {
    check,
    state: "warn",
    found: `${found}, and this program is ${version}`,
    remedy: "Start the host again when it suits, so that it is this version.",
  };
}

export async function portLine({ host, port }: Server, running: boolean): Promise<DiagnosisLine> {
  const check = "port";
  if (port === 0) return { check, state: "ok", found: "0: the host takes a free one" };
  const place = `${host}:${port}`;
  if (running) {
    const code = await reach(host, port);
    if (code === undefined) return { check, state: "ok", found: `the host listens on ${place}` };
    const remedy = "server.host and server.port hold from the next start of the host: start it again.";
    return { check, state: "fail", found: `nobody answers on ${place} (${code}), although the host runs`, remedy };
  }
  const code = await tryListening(host, port);
  if (code === undefined) return { check, state: "ok", found: `${place} is free` };
  return {
    check,
    state: "fail",
    found: `${place} can't be listened on (${code})`,
    remedy: PORT_REMEDIES[code] ?? "Give server.host and server.port other values.",
  };
}

const PORT_REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another program listens there (ss -ltnp names it): end it, or give server.port another number.",
  EACCES: "Ports below 1024 need a privilege: give server.port a higher number.",
  EADDRNOTAVAIL: "No interface of this machine has that address: correct server.host.",
  ENOTFOUND: "That name is no address of this machine: correct server.host.",
};

const CONNECT_MS = 5_000;

function reach(host: string, port: number): Promise<string | undefined> {
  const at = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return new Promise((resolve) => {
    const socket = openConnection({ host: at, port, timeout: CONNECT_MS });
    const end = (code?: string) => {
      socket.destroy();
      resolve(code);
    };
    socket.once("connect", () => end());
    socket.once("timeout", () => end("ETIMEDOUT"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

/** Beyond this a person should look, although signatures are corrected. */
const OFF_SECONDS = 30;

/** What the running host has measured wins; else whether the machine says of itself that it is synchronised. */
export async function clockLine(answer: HostAnswer, now: number): Promise<DiagnosisLine> {
  const check = "clock";
  const remedy = "Synchronise this machine's clock (NTP), for example: timedatectl set-ntp true";
  const shown = new Date(now).toISOString();
  const measured =
    answer.state === "running" ? answer.status.plugins.flatMap(({ name, clock }) => (clock ? [{ name, ...clock }] : [])) : [];
  const worst = measured.toSorted((a, b) => Math.abs(b.offsetSeconds) - Math.abs(a.offsetSeconds))[0];
  if (worst) {
    const off = `${Math.abs(worst.offsetSeconds)} s ${worst.offsetSeconds > 0 ? "slow" : "fast"}`;
    const found = `${shown}; the host measured it by ${worst.name}: ${worst.offsetSeconds === 0 ? "right" : off}`;
    return Math.abs(worst.offsetSeconds) > OFF_SECONDS ? { check, state: "warn", found, remedy } : { check, state: "ok", found };
  }
  const synchronised = await isSynchronised();
  if (synchronised === false) return { check, state: "warn", found: `${shown}; this machine says that it is not synchronised`, remedy };
  const known = synchronised ? "this machine says that it is synchronised" : "whether it is synchronised can't be seen here";
  return { check, state: "ok", found: `${shown}; ${known}` };
}

const ASK_MS = 3_000;

/** Undefined where there is no systemd to ask, as in a container. */
async function isSynchronised(): Promise<boolean | undefined> {
  const asked = promisify(execFile)("timedatectl", ["show", "--property=NTPSynchronized", "--value"], { timeout: ASK_MS });
  const answer = await asked.then(({ stdout }) => stdout.trim()).catch(() => "");
  return answer === "yes" ? true : answer === "no" ? false : undefined;
}
