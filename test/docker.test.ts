/** What can be known of the image without building it: its files are there, suffice, and need no development package. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const dockerfile = read("Dockerfile");
const manifest = JSON.parse(read("package.json")) as { dependencies: Record<string, string>; devDependencies: Record<string, string> };

/** What the Dockerfile's COPY lines take, without the place where they put it. */
const copied = [...dockerfile.matchAll(/^COPY (.+)$/gm)].flatMap(([, words = ""]) => words.split(" ").slice(0, -1));

/** The packages that the sources import as values; a type's import is gone at run time. */
function packagesIn(source: string): string[] {
  const imports = [
    ...source.matchAll(
      /^\s*(?:import|export) (?!type\b)[^"';]*?from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)|\b(?:require|createRequire\(import\.meta\.url\)|import\.meta\.resolve)\("([^"]+)"\)/gm,
    ),
  ];
  const names = imports.map(([, from, bare, dynamic, required]) => from ?? bare ?? dynamic ?? required ?? "");
  const outside = names.filter((name) => !name.startsWith(".") && !name.startsWith("node:") && !builtinModules.includes(name));
  return outside.map((name) =>
    name
      .split("/")
      .slice(0, name.startsWith("@") ? 2 : 1)
      .join("/"),
  );
}
const sources = globSync("{src,plugins}/**/*.{ts,js}", { cwd: root });

t.test("each file that the image copies exists, and .dockerignore lets it through", async (t) => {
  const allowed = read(".dockerignore").split("\n");
  t.ok(copied.length > 4);
  for (const path of copied) {
    t.ok(existsSync(join(root, path)), path);
    t.ok(allowed.includes(`!${path}`), `!${path} in .dockerignore`);
  }
  t.ok(allowed.includes("config/credentials.yaml"), "no secret goes into an image");
});

t.test("src and plugins import packages that a production install brings", async (t) => {
  for (const file of sources)
    for (const name of packagesIn(read(file))) t.ok(Object.hasOwn(manifest.dependencies, name), `${file} imports ${name}`);
  const used = new Set(sources.flatMap((file) => packagesIn(read(file))));
  t.strictSame(
    Object.keys(manifest.dependencies).filter((name) => !used.has(name)),
    [],
    "and it brings none that nobody imports",
  );
});

t.test("an import of a development package is noticed", async (t) => {
  const source =
    'import t from "tap";\nimport type { X } from "fast-check";\nimport { a,\n  b } from "@biomejs/biome/x";\nawait import("typescript");';
  t.strictSame(
    packagesIn(source).filter((name) => !Object.hasOwn(manifest.dependencies, name)),
    ["tap", "@biomejs/biome", "typescript"],
  );
});

/** Folders under node_modules that `npm ci --omit=dev` would install, as the lock file marks them. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, { dev?: true; devOptional?: true }> };
  return Object.entries(packages).flatMap(([path, { dev, devOptional }]) => (path === "" || dev || devOptional ? [] : [path]));
}

t.test("no package of the image needs a script or a compiler to be installed", async (t) => {
  const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, { hasInstallScript?: true }> };
  // core-js only asks for money.
  const scripted = productionPackages().filter((path) => packages[path]?.hasInstallScript && !path.endsWith("/core-js"));
  t.strictSame(scripted, []);
  t.match(dockerfile, /npm ci --omit=dev --ignore-scripts/);
});

t.test("the image is plain", async (t) => {
  t.match(dockerfile, /^FROM node:24-bookworm-slim$/m);
  t.match(dockerfile, /^USER node$/m);
  t.match(dockerfile, /^EXPOSE 9999$/m);
  t.match(dockerfile, /^VOLUME \["\/app\/config", "\/app\/data"\]$/m);
});

/** The command of a line like `CMD ["node", …]`. */
function commandOf(pattern: RegExp): string[] {
  return JSON.parse(pattern.exec(dockerfile)?.[1] ?? "[]") as string[];
}

t.test("with these files and the production packages alone, the image's command starts a host that its health check finds", async (t) => {
  // Short: a Unix socket's path has at most 107 bytes.
  const app = mkdtempSync(join(tmpdir(), "perch-image-"));
  t.teardown(() => rmSync(app, { recursive: true, force: true }));
  for (const path of copied)
    cpSync(join(root, path), join(app, path), { recursive: true, filter: (from) => !from.endsWith("credentials.yaml") });
  for (const path of productionPackages()) {
    // A nested package comes along inside its parent.
    if (path.lastIndexOf("node_modules/") > 0 || !existsSync(join(root, path))) continue;
    mkdirSync(join(app, path, ".."), { recursive: true });
    symlinkSync(join(root, path), join(app, path));
  }
  mkdirSync(join(app, "data"));
  const node = process.execPath;
  // Preserved links: a package finds its neighbours in this folder and not in the checkout.
  const env = { PATH: process.env.PATH ?? "", NODE_OPTIONS: "--preserve-symlinks" };
  const init = ["src/perch.js", "credentials", "init"];
  execFileSync(node, init, { cwd: app, env });
  const credentials = join(app, "config/credentials.yaml");
  writeFileSync(credentials, readFileSync(credentials, "utf8").replaceAll(/# (consumer\w+:)/g, "$1"));
  const config = join(app, "config/perch.yaml");
  writeFileSync(config, readFileSync(config, "utf8").replace("port: 9999", "port: 0"));

  const [, ...start] = commandOf(/^CMD (\[.*\])$/m);
  const [, ...check] = commandOf(/^\s+CMD (\[.*\])$/m);
  t.throws(() => execFileSync(node, check, { cwd: app, env, stdio: "pipe" }), "without a host it says that it is not healthy");
  const host = spawn(node, start, { cwd: app, env, stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => host.kill("SIGKILL"));
  for await (const said of host.stdout.iterator({ destroyOnReturn: false })) if (String(said).includes("host ready")) break;
  host.stdout.resume();
  t.equal(String(execFileSync(node, check, { cwd: app, env })), "");
  host.kill("SIGTERM");
  t.strictSame(await once(host, "exit"), [0, null]);
});

t.test("the lock file names no registry, and lets no npm compile what brings its binaries along", (t) => {
  const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, { resolved?: string; gypfile?: boolean }> };
  t.same(
    Object.values(lock.packages).filter(({ resolved }) => resolved?.startsWith("http")),
    [],
  );
  // npm before 11.19 runs node-gyp for every package with a binding.gyp, unless this says otherwise; `npm install` drops it.
  t.equal(lock.packages["node_modules/better-sqlite3"]?.gypfile, false);
  t.end();
});
