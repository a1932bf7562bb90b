/** The system calls of a running process, as strace (Debian's package) sees them: in the order in which they happened. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** One line for each call, two for one that another thread's line came between: `unfinished`, then `resumed`. */
export type Trace = { end(): Promise<string[]> };

const MAX_SHOWN_BYTES = 4500;

/** Attaches to all threads of a process; each stops at each of these calls until it has been written down. */
export async function traceCalls(pid: number, calls: readonly string[]): Promise<Trace> {
  installStrace();
  const folder = await mkdtemp(join(tmpdir(), "perch-strace-"));
  const file = join(folder, "calls");
  const args = [
    "-f",
    "-y",
    "-s",
    String(MAX_SHOWN_BYTES),
    "-e",
    `trace=${calls.join(",")}`,
    "-e",
    "signal=none",
    "-o",
    file,
    "-p",
    String(pid),
  ];
  const strace = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(strace, "exit");
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: strace.stderr }).on("line", (line) => {
      said.push(line);
      if (line.includes(" attached")) resolve();
    });
    strace.once("exit", () => reject(new Error(`strace can't attach to the host: ${said.join("; ")}`)));
  });
  return {
    async end() {
      strace.kill("SIGINT");
      await ended;
      const text = await readFile(file, "utf8");
      await rm(folder, { recursive: true });
      return text.split("\n");
    },
  };
}

function installStrace(): void {
  if (spawnSync("strace", ["--version"]).status === 0) return;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get"))
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "strace"], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  if (spawnSync("strace", ["--version"]).status !== 0)
    throw new Error("strace is missing. Install it (Debian: apt-get install strace), then run the bench again.");
}
