/** Programs that benches run. */
import { spawnSync } from "node:child_process";
import type { Tool } from "../test/install-missing.ts";
import { postgresPrograms } from "../test/store/postgres-server.ts";

const answers = (program: string, argument: string) => spawnSync(program, [argument]).status === 0;

export const POSTGRESQL: Tool = {
  package: "postgresql",
  purpose: "a server of the bench's own keeps what hosts and pg-boss accept",
  isThere: () => postgresPrograms() !== undefined,
};
export const REDIS: Tool = {
  package: "redis-server",
  purpose: "BullMQ keeps its jobs in it",
  isThere: () => answers("redis-server", "--version"),
};
export const STRACE: Tool = { package: "strace", purpose: "it sees every fsync", isThere: () => answers("strace", "--version") };
