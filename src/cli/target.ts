import { HOST_FAULTS, hostFault, reportFault } from "../ar.ts";
import { ask } from "./ask.ts";
import type { Target } from "./client.ts";
import type { Io } from "./io.ts";
import type { Machine } from "./machine.ts";
import type { RpcError } from "./methods.ts";

type Wish = { url?: string | undefined; client?: string | undefined; configFile: string };
type Found = { ok: true; target: Target; warning?: string } | { ok: false; error: RpcError } | { ok: false; usage: string };

/** Which host a command talks to: --url as --client, else the Unix socket that the configuration names. */
export async function findTarget(wish: Wish, io: Io, machine: Machine): Promise<Found> {
  if (wish.url !== undefined) return targetOfUrl(wish.url, wish.client, io);
  if (wish.client !== undefined) return { ok: false, usage: "--client goes with --url; over the Unix socket no name is needed." };
  const found = await machine.socketOf(wish.configFile);
  if (found.ok) return { ok: true, target: { kind: "socket", path: found.socket } };
  return { ok: false, error: wrongConfiguration(found.problems) };
}

/** ARERR 8769 with the first problem; the others stand in the advice. */
export function wrongConfiguration(problems: readonly string[]): RpcError {
  const { message, ...data } = reportFault(hostFault("bad-config", problems[0] ?? ""), HOST_FAULTS);
  return { code: 8769, message, data: { ...data, advice: [...problems.slice(1), data.advice].join(" ") } };
}

async function targetOfUrl(text: string, name: string | undefined, io: Io): Promise<Found> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return { ok: false, usage: "--url must be an address like http://127.0.0.1:9999." };
  }
  // An address shows in the list of processes.
  if (url.username !== "" || url.password !== "") {
    return { ok: false, usage: "--url must not hold a name or password: give --client NAME, and the password in $PERCH_PASSWORD." };
  }
  if (name === undefined) return { ok: false, usage: "--url needs --client NAME: who calls (a client of the credentials file)." };
  const password = io.env.PERCH_PASSWORD ?? (io.stdin.isTTY ? await ask(io, `Password of ${name}: `, true) : undefined);
  if (password === undefined) return { ok: false, usage: `The password of ${name} is missing: put it in $PERCH_PASSWORD.` };
  const open = url.protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  return {
    ok: true,
    target: { kind: "url", url, name, password },
    ...(open && { warning: `Warning: the password goes unencrypted to ${url.host}; use https://.` }),
  };
}
