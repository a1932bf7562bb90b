/** A new plug-in is one that runs: it is made in a copy of the checkout, checked, linted, and its test is run. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { newPlugin } from "../src/new-plugin.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

/** What a plug-in is made of and tested with; all but the templates are links. */
function checkout(t: Test): string {
  const folder = t.testdir();
  for (const name of ["src", "node_modules", "package.json"]) symlinkSync(join(root, name), join(folder, name));
  const types = { extends: join(root, "tsconfig.json"), include: ["plugins", "test"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(types));
  const rules = JSON.parse(readFileSync(join(root, "biome.json"), "utf8")) as object;
  writeFileSync(join(folder, "biome.json"), JSON.stringify({ ...rules, root: true, vcs: { enabled: false } }));
  for (const path of ["plugins/template", "plugins/template-filter", "test/plugins/template", "test/plugins/template-filter"])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  return folder;
}

/** What is said, also where the status tells of a failure. None of the runner's own loaders: tsc does not bear them. */
const said = (file: string, args: string[], cwd: string): Promise<string> =>
  run("env", ["-u", "NODE_OPTIONS", file, ...args], { cwd }).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );

const NAMES: [name: string, filterOnly: boolean][] = [
  ["x", false],
  ["a-pager-that-has-a-long-name-2", false],
  ["my-greeter", true],
];
t.test("what is made type-checks and lints as it is, whatever its name", async (t) => {
  const folder = checkout(t);
  for (const [name, filterOnly] of NAMES) t.match(await newPlugin({ name, filterOnly }, folder), { ok: true, name });
  const files = NAMES.flatMap(([name]) => [`plugins/${name}/index.ts`, `test/plugins/${name}/index.test.ts`]);
  for (const file of files) t.notMatch(readFileSync(join(folder, file), "utf8"), /template/i, file);
  t.equal(await said(join(root, "node_modules/.bin/tsc"), ["--noEmit", "-p", folder], folder), "");
  const lint = await said(join(root, "node_modules/.bin/biome"), ["check", "--error-on-warnings", ...files], folder);
  t.match(lint, /^Checked 6 files/, lint);
});

t.test("its test passes as it is, and fails when the plug-in is spoiled", async (t) => {
  const folder = checkout(t);
  const made = await newPlugin({ name: "my-greeter", filterOnly: true }, folder);
  if (!made.ok) throw new Error(made.problems.join());
  t.match(await said(process.execPath, [made.test], folder), /^ok 1 .*^ok 2 /ms);
  writeFileSync(made.module, readFileSync(made.module, "utf8").replace("settings.greeting", '"Bye"'));
  t.match(await said(process.execPath, [made.test], folder), /^not ok 1 /m);
});

t.test("a folder of its own gets both files, which find the checkout", async (t) => {
  const folder = checkout(t);
  const made = await newPlugin({ name: "my-pager", filterOnly: false, folder: join(folder, "elsewhere", "deep") }, folder);
  t.match(made, {
    ok: true,
    module: join(folder, "elsewhere/deep/my-pager/index.ts"),
    test: join(folder, "elsewhere/deep/my-pager/index.test.ts"),
  });
  const text = (name: string) => readFileSync(join(folder, "elsewhere/deep/my-pager", name), "utf8");
  t.match(text("index.ts"), 'from "../../../src/contract.ts"');
  t.match(text("index.test.ts"), 'from "../../../src/kit/kit.ts"');
  t.match(text("index.test.ts"), 'new URL("./index.ts", import.meta.url)');
  t.notOk(existsSync(join(folder, "plugins/my-pager")));
});

t.test("each new plug-in gets ten notes that no other beside it or in the checkout uses", async (t) => {
  const folder = checkout(t);
  const notesOf = async (name: string, apart?: string) => {
    const made = await newPlugin({ name, filterOnly: false, ...(apart !== undefined && { folder: apart }) }, folder);
    if (!made.ok) throw new Error(made.problems.join());
    return [...readFileSync(made.module, "utf8").matchAll(/note: (\d+)/g)].map(([, note]) => Number(note));
  };
  t.strictSame(await notesOf("one"), [20110, 20111, 20112, 20113, 20114]);
  t.equal((await notesOf("two"))[0], 20120);
  const apart = join(folder, "apart");
  mkdirSync(join(apart, "old"), { recursive: true });
  writeFileSync(join(apart, "old", "index.js"), "const row = { note: 20_130 };");
  t.equal((await notesOf("three", apart))[0], 20140);
});

t.test("nothing is overwritten, and nothing half made", async (t) => {
  const folder = checkout(t);
  const test = join(folder, "test/plugins/taken/index.test.ts");
  mkdirSync(join(folder, "test/plugins/taken"));
  writeFileSync(test, "mine");
  const refused = await newPlugin({ name: "taken", filterOnly: false }, folder);
  t.strictSame(refused, { ok: false, problems: [`${test} exists, and is not overwritten; choose another name`] });
  t.equal(readFileSync(test, "utf8"), "mine");
  t.notOk(existsSync(join(folder, "plugins/taken")));
  t.match(await newPlugin({ name: "template", filterOnly: true }, folder), {
    ok: false,
    problems: [/plugins\/template\/index\.ts exists/],
  });
});

t.test("a name that is no folder's, and a place without templates, are refused", async (t) => {
  const folder = checkout(t);
  for (const name of ["", "My-Pager", "my_pager", "../x", "-x", "x-", "a--b", "2fast", "x".repeat(31)])
    t.match(await newPlugin({ name, filterOnly: false }, folder), { ok: false, problems: [/is no name for a plug-in/] }, name);
  t.match(await newPlugin({ name: "x", filterOnly: false }, t.testdirName), { ok: true });
  t.match(await newPlugin({ name: "y", filterOnly: false }, join(folder, "plugins")), { ok: false, problems: [/is made in a checkout/] });
  writeFileSync(join(folder, "file"), "");
  t.match(await newPlugin({ name: "y", filterOnly: false, folder: join(folder, "file") }, folder), { ok: false, problems: [/ENOTDIR/] });
});
