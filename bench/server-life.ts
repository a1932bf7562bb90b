/** A server's whole life, measured from outside: started, ready, idle, stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Pool } from "undici";

/** `start`: milliseconds from the process's start to its first 200 of /readyz. `rss`, `pss`: of the whole idle process, in MB. */
export type Life = { start: number; rss: number; pss: number };

/** How often a server is asked whether it is ready. */
export const LOOK_MS = 5;
const START_TIMEOUT_MS = 30_000;
const PROGRAM = fileURLToPath(new URL("../src/perch.js", import.meta.url));

/** Of a host; `more` for its environment. */
export const hostLife = (
  { configFile, folder }: { configFile: string; folder: string },
  idleSeconds: number,
  wrong: string[],
  more?: Record<string, string>,
): Promise<Life> =>
  life(["--max-semi-space-size=16", PROGRAM, "start", "--config", configFile], join(folder, "perch.sock"), idleSeconds, wrong, more);

/** Starts a server, lets it idle, and stops it; one that does not end well is told to `wrong`. */
export async function life(
  args: string[],
  socketPath: string,
  idleSeconds: number,
  wrong: string[],
  more?: Record<string, string>,
): Promise<Life> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ...more } });
  const orphaned = () => child.kill("SIGKILL");
  process.once("exit", orphaned);
  const ended = once(child, "exit");
  await untilReady(child, socketPath);
  const start = performance.now() - startedAt;
  await sleep(idleSeconds * 1000);
  const memory = await memoryOf(child.pid as number);
  child.kill("SIGTERM");
  const [status, signal] = await ended;
  process.off("exit", orphaned);
  if (status !== 0) wrong.push(`${args.join(" ")} ended with ${signal ?? status}`);
  return { start, ...memory };
}

async function untilReady(child: ChildProcess, socketPath: string): Promise<void> {
  const client = new Pool("http://bench", { socketPath, connections: 1 });
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  try {
    while (!(await isReady(client))) {
      if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(" ")} ended with ${child.exitCode} before it was ready`);
      if (performance.now() > giveUpAt) throw new Error(`${child.spawnargs.join(" ")} was not ready within ${START_TIMEOUT_MS / 1000} s`);
      await sleep(LOOK_MS);
    }
  } finally {
    await client.destroy();
  }
}

/** Before it listens, the socket refuses or is not there. */
async function isReady(client: Pool): Promise<boolean> {
  try {
    const { statusCode, body } = await client.request({ method: "GET", path: "/readyz" });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

async function memoryOf(pid: number): Promise<{ rss: number; pss: number }> {
  const megabytes = async (file: string, name: string): Promise<number> => {
    const text = await readFile(`/proc/${pid}/${file}`, "utf8");
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) / 1024;
  };
  return { rss: await megabytes("status", "VmRSS"), pss: await megabytes("smaps_rollup", "Pss") };
}
