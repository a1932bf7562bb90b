/** A Redis of the bench's own that answers a write when it is on the disk (`appendfsync always`). */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type Redis = { port: number; close(): Promise<void> };

export async function startRedis(port: number): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), "perch-redis-"));
  const settings = {
    port,
    bind: "127.0.0.1",
    dir: folder,
    appendonly: "yes",
    appendfsync: "always",
    save: "",
    "maxmemory-policy": "noeviction",
  };
  const server = spawn(
    "redis-server",
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const orphaned = () => server.kill("SIGKILL");
  process.once("exit", orphaned);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (status) => reject(new Error(`redis-server ended with ${status}`)));
    createInterface({ input: server.stdout }).on("line", (line) => line.includes("Ready to accept connections") && resolve());
  });
  return {
    port,
    async close() {
      process.off("exit", orphaned);
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How many jobs wait in the queue of this name. */
export function waitingJobs({ port }: Redis, queue: string): number {
  const { stdout } = spawnSync("redis-cli", ["-p", String(port), "llen", `bull:${queue}:wait`], { encoding: "utf8" });
  return Number(stdout);
}
