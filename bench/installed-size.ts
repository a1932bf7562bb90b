/** How much of the disk an installation takes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** In MB of node_modules: of the product as `npm ci --omit=dev` installs it, and of the same Fastify and SQLite alone. */
export async function installedSizes(versions: Record<string, string>): Promise<{ product: number; bare: number }> {
  const product = await installedMb(["ci", "--omit=dev"], async (folder) => {
    for (const file of ["package.json", "package-lock.json", ".npmrc"]) await cp(join(ROOT, file), join(folder, file));
  });
  const bare = await installedMb(["install"], (folder) =>
    writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: versions })),
  );
  return { product, bare };
}

async function installedMb(command: string[], prepare: (folder: string) => Promise<void>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "perch-installed-"));
  try {
    await prepare(folder);
    // No package of either needs a script, and npm would compile what brings its binaries along.
    const args = [...command, "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    const npm = spawn("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    const [status] = await once(npm, "exit");
    if (status !== 0) throw new Error(`npm ${args.join(" ")} ended with ${status}: is there a way to the registry, or to npm's cache?`);
    return await megabytesOf(join(folder, "node_modules"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function megabytesOf(folder: string): Promise<number> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}
