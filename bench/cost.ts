/** What a host costs that does nothing yet: its start, its memory, its room on the disk. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openYard, type Yard } from "../test/child-host.ts";
import type { Bench, Rig } from "./bench.ts";
import { installedSizes } from "./installed-size.ts";
import { hostLife, LOOK_MS, life } from "./server-life.ts";

const IDLE_SECONDS = 4;
const BARE = fileURLToPath(new URL("./bare-server.js", import.meta.url));

export const cost: Bench = {
  name: "cost",
  summary: "start to ready and idle memory of a host ÷ those of `node -e 0` and of a bare Fastify with SQLite",
  conditions: {
    ready: `from the process's start to the first 200 of /readyz, asked every ${LOOK_MS} ms over a Unix socket`,
    idle: `VmRSS and Pss of the whole process, ${IDLE_SECONDS} s after it was ready`,
    host: "one account of the twitter plug-in in one worker, SQLite, the compile cache of an earlier start; `first start`: an empty one",
    bare: "JavaScript, one Fastify route, one connection of better-sqlite3 in the same thread",
  },
  sides: ["node", "bare", "perch", "first start"],
  figures: [
    figureOf("start to ready ÷ node -e 0", "ms", "start", "node", { atMost: 6 }),
    figureOf("start to ready ÷ bare", "ms", "start", "bare"),
    { ...figureOf("first start ÷ node -e 0", "ms", "start", "node"), of: { side: "first start", value: "start" } },
    figureOf("idle RSS", "MB", "rss", "bare", { atMost: 1.5 }),
    figureOf("idle PSS", "MB", "pss", "bare"),
    figureOf("installed", "MB", "installed", "bare"),
  ],
  open: openRig,
};

function figureOf(name: string, unit: "ms" | "MB", value: string, against: string, goal?: { atMost: number }) {
  return { name, unit, of: { side: "perch", value }, against: { side: against, value }, ...(goal && { goal }) };
}

async function openRig(progress: (line: string) => void): Promise<Rig> {
  progress("installing the product, and Fastify with SQLite alone, to see how large they are");
  const installed = await installedSizes(await versionsOf("fastify", "better-sqlite3"));
  const yard = await openYard();
  const bare = await mkdtemp(join(tmpdir(), "perch-bare-"));
  const wrong: string[] = [];
  const sides: Record<string, () => Promise<Record<string, number>>> = {
    node: async () => ({ start: await emptyProcess() }),
    bare: async () => ({ ...(await life([BARE, bare], join(bare, "bare.sock"), IDLE_SECONDS, wrong)), installed: installed.bare }),
    perch: async () => ({ ...(await hostLife(yard, IDLE_SECONDS, wrong)), installed: installed.product }),
    "first start": () => firstStart(yard, wrong),
  };
  return {
    turn: (side) => (sides[side] as () => Promise<Record<string, number>>)(),
    verify: async () => wrong,
    async close() {
      await yard.close();
      await rm(bare, { recursive: true });
    },
  };
}

async function versionsOf(...names: string[]): Promise<Record<string, string>> {
  const read = async (name: string): Promise<[string, string]> => {
    const text = await readFile(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8");
    return [name, (JSON.parse(text) as { version: string }).version];
  };
  return Object.fromEntries(await Promise.all(names.map(read)));
}

async function emptyProcess(): Promise<number> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, ["-e", "0"]), "exit");
  return performance.now() - startedAt;
}

async function firstStart(yard: Yard, wrong: string[]): Promise<Record<string, number>> {
  const cache = await mkdtemp(join(tmpdir(), "perch-first-"));
  try {
    return await hostLife(yard, IDLE_SECONDS, wrong, { NODE_COMPILE_CACHE: cache });
  } finally {
    await rm(cache, { recursive: true });
  }
}
