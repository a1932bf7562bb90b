/** A PostgreSQL server of a test's own: Debian's programs, a cluster in a new folder, a database for each store. */
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

const VERSIONS = "/usr/lib/postgresql";

/** The folder of the newest version's programs; undefined where there is none. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined;
  const folders = readdirSync(VERSIONS).sort((one, other) => Number(other) - Number(one));
  return folders.map((version) => join(VERSIONS, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
}

/** PostgreSQL refuses to run as root. */
const USER = process.getuid?.() === 0 ? "postgres" : undefined;

function run(program: string, ...args: string[]): string {
  const [command, words] = USER === undefined ? [program, args] : ["runuser", ["-u", USER, "--", program, ...args]];
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

export type PostgresServer = {
  port: number;
  folder: string;
  /** A new empty database; answers its address. */
  createDatabase(): Promise<string>;
  stop(mode?: "fast" | "immediate"): void;
  start(): void;
  /** Ends it and removes its folder. */
  destroy(): void;
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

export async function startPostgres(): Promise<PostgresServer> {
  const bin = postgresPrograms();
  if (bin === undefined) throw new Error("PostgreSQL is not installed (Debian: apt-get install postgresql)");
  const folder = mkdtempSync(join(tmpdir(), "perch-postgres-"));
  if (USER !== undefined) {
    const [uid, gid] = ["-u", "-g"].map((what) => Number(spawnSync("id", [what, USER], { encoding: "utf8" }).stdout));
    chownSync(folder, uid ?? 0, gid ?? 0);
  }
  const data = join(folder, "data");
  run(join(bin, "initdb"), "-D", data, "-U", "perch", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
  const port = await freePort();
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c max_connections=200`;
  const control = join(bin, "pg_ctl");
  const start = () => void run(control, "-D", data, "-l", join(folder, "log"), "-o", options, "-w", "start");
  start();
  let databases = 0;
  return {
    port,
    folder,
    async createDatabase() {
      databases += 1;
      const name = `perch_${databases}`;
      const client = new pg.Client({ host: "127.0.0.1", port, user: "perch", database: "postgres" });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return `postgres://perch@127.0.0.1:${port}/${name}`;
    },
    stop: (mode = "fast") => void run(control, "-D", data, "-m", mode, "-w", "stop"),
    start,
    destroy() {
      spawnSync(USER === undefined ? control : "runuser", [
        ...(USER === undefined ? [] : ["-u", USER, "--", control]),
        "-D",
        data,
        "-m",
        "immediate",
        "stop",
      ]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
