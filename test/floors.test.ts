/** The floors of the house are kept by the linter; this shows that it really refuses what breaks them. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import t from "tap";

const root = new URL("..", import.meta.url);
type Case = [path: string, imported: string];

/** Lints one small file for each case, in a folder with our rules; answers which were refused. */
async function refusals(cases: Case[]): Promise<boolean[]> {
  const folder = await mkdtemp(join(tmpdir(), "perch-floors-"));
  const rules = JSON.parse(await readFile(new URL("biome.json", root), "utf8")) as Record<string, unknown>;
  await writeFile(join(folder, "biome.json"), JSON.stringify({ ...rules, vcs: { enabled: false } }));
  for (const [path, imported] of cases) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `import { x } from "${imported}";\nexport const y = x;\n`);
  }
  const biome = new URL("node_modules/.bin/biome", root).pathname;
  const lint = ["lint", "--only=style/noRestrictedImports", "--reporter=json", "--max-diagnostics=none"];
  const ran = await promisify(execFile)(biome, lint, { cwd: folder }).catch((error: { stdout: string }) => error);
  await rm(folder, { recursive: true });
  return cases.map(([path]) => ran.stdout.includes(`"${path}"`));
}

const WRONG: Case[] = [
  ["src/ar.ts", "./log.ts"],
  ["src/csv.ts", "./log.ts"],
  ["src/cut-bytes.ts", "./log.ts"],
  ["src/minute-counts.ts", "./log.ts"],
  ["src/history-shapes.ts", "./log.ts"],
  ["src/shape-parts.ts", "./log.ts"],
  ["src/log-shapes.ts", "./log.ts"],
  ["src/registration-shapes.ts", "./log.ts"],
  ["src/attempt-words.ts", "./log.ts"],
  ["src/post-shapes.ts", "./log.ts"],
  ["src/contract.ts", "./host/host.ts"],
  ["src/user-shapes.ts", "./log.ts"],
  ["src/config/x1.ts", "../store/store.ts"],
  ["src/config/x1b.ts", "../directory/directory.ts"],
  ["src/directory/x1c.ts", "../config/load.ts"],
  ["src/directory/x1d.ts", "../host/verbs.ts"],
  ["src/host/x1e.ts", "../directory/directory.ts"],
  ["src/rpc/x1f.ts", "../directory/directory.ts"],
  ["src/store/x2.ts", "../vault.ts"],
  ["src/store/x3.ts", "better-sqlite3"],
  ["src/vault.ts", "./config/load.ts"],
  ["src/host/x4.ts", "../config/load.ts"],
  ["src/host/x5.ts", "../store/sqlite.ts"],
  ["src/host/x6.ts", "../rpc/door.ts"],
  ["src/rpc/x7.ts", "../store/store.ts"],
  ["src/rpc/methods/x8.ts", "../../host/host.ts"],
  ["src/rpc/x9.ts", "../cli/run.ts"],
  ["src/rest/x28.ts", "../store/store.ts"],
  ["src/rest/x29.ts", "../cli/run.ts"],
  ["src/rest/x30.ts", "../vault.ts"],
  ["src/rest/x30b.ts", "../soap/routes.ts"],
  ["src/rpc/x31.ts", "../rest/add-rest-routes.ts"],
  ["src/host/x32.ts", "../rest/add-rest-routes.ts"],
  ["src/cli/x33.ts", "../rest/add-rest-routes.ts"],
  ["src/cli/x10.ts", "../rpc/door.ts"],
  ["src/cli/commands/x11.ts", "../../store/open.ts"],
  ["src/host/x12.ts", "../main.ts"],
  ["src/console/x36.ts", "../store/store.ts"],
  ["src/console/x37.ts", "../rpc/who.ts"],
  ["src/console/pages/x38.ts", "../../rpc/methods.ts"],
  ["src/console/pages/x39.ts", "../../host/host.ts"],
  ["src/console/x40.ts", "../rest/rest.ts"],
  ["src/rpc/x41.ts", "../console/console.ts"],
  ["src/cli/x22.ts", "../doctor/diagnose.ts"],
  ["src/config/x23.ts", "../doctor/diagnose.ts"],
  ["src/host/x12d.ts", "../soap/wsdl.ts"],
  ["src/rpc/x12e.ts", "../soap/wsdl.ts"],
  ["src/soap/x12f.ts", "../host/host.ts"],
  ["src/soap/x12g.ts", "../cli/run.ts"],
  ["src/rpc/x12h.ts", "saxes"],
  ["src/host/x12b.ts", "../reload/live-configuration.ts"],
  ["src/rpc/x12c.ts", "../reload/live-configuration.ts"],
  ["src/host/x13.ts", "undici"],
  ["src/host/x14.ts", "../../plugins/twitter/index.ts"],
  ["src/host/x22.ts", "../metrics/metrics.ts"],
  ["src/host/x23.ts", "prom-client"],
  ["src/metrics/x24.ts", "../host/host.ts"],
  ["src/metrics/x25.ts", "../rpc/door.ts"],
  ["plugins/twitter/x15.ts", "../../src/host/host.ts"],
  ["plugins/twitter/text/x16.ts", "../../../src/shapes.ts"],
  ["plugins/twitter/x22.ts", "../../src/kit/kit.ts"],
  ["src/host/x23.ts", "../kit/turned-time.ts"],
  ["src/cli/commands/x24.ts", "../../kit/kit.ts"],
  ["src/cli/commands/x25.ts", "../../copy-store.ts"],
];
t.test("an import from a higher floor, or of a package that is another room's, is refused", async (t) => {
  const refused = await refusals(WRONG);
  for (const [index, [path, imported]] of WRONG.entries()) t.ok(refused[index], `${path} may not import ${imported}`);
});

const RIGHT: Case[] = [
  ["src/directory/x16.ts", "../shapes.ts"],
  ["src/directory/x16b.ts", "undici"],
  ["src/host/x17.ts", "../store/store.ts"],
  ["src/host/x18.ts", "./log.ts"],
  ["src/rpc/methods/x19.ts", "../../host/verbs.ts"],
  ["src/rest/x34.ts", "../rpc/door.ts"],
  ["src/rest/x35.ts", "../host/verbs.ts"],
  ["src/soap/x19b.ts", "../rpc/calls.ts"],
  ["src/soap/x19c.ts", "saxes"],
  ["src/console/x42.ts", "../rpc/door.ts"],
  ["src/console/x43.ts", "../host/verbs.ts"],
  ["src/console/pages/x44.ts", "../../shapes.ts"],
  ["src/metrics/x26.ts", "../host/meter.ts"],
  ["src/metrics/x27.ts", "prom-client"],
  ["src/store/sqlite-x.ts", "better-sqlite3"],
  ["plugins/twitter/x20.ts", "../../src/contract.ts"],
  ["plugins/twitter/x21.ts", "undici"],
  ["src/kit/x25.ts", "../host/plugin.ts"],
  ["test/plugins/twitter/x26.ts", "../../../src/kit/kit.ts"],
];
t.test("what the floors allow is let through", async (t) => {
  const refused = await refusals(RIGHT);
  for (const [index, [path, imported]] of RIGHT.entries()) t.notOk(refused[index], `${path} may import ${imported}`);
});
