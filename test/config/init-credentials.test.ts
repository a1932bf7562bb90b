import { chmod, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { initCredentials } from "../../src/config/init-credentials.ts";
import { loadConfig } from "../../src/config/load.ts";

const now = new Date("2026-11-24T11:32:01Z");

t.test("a new credentials file loads, and only its owner can read it", async (t) => {
  const folder = t.testdir({ "perch.yaml": "credentials: ./c.yaml\nplugins: []\n" });
  const file = join(folder, "c.yaml");
  t.strictSame(await initCredentials(file, { now }), { ok: true, file });
  t.equal((await stat(file)).mode & 0o777, 0o600);
  const result = await loadConfig(join(folder, "perch.yaml"), {});
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { vault, clients } = result.loaded.credentials;
  t.equal(vault.keys[0]?.id, "2026-11");
  t.strictSame(
    clients.map(({ name, role }) => [name, role]),
    [
      ["ar-server", "workflow"],
      ["ops", "operator"],
      ["admin", "admin"],
    ],
  );
  t.equal(new Set(clients.map(({ password }) => password)).size, 3, "each password is another");
  for (const { password } of clients) t.equal(password.length, 32);
});

t.test("a file that exists is left as it is", async (t) => {
  const folder = t.testdir({ "c.yaml": "mine" });
  const result = await initCredentials(join(folder, "c.yaml"), { now });
  t.match(result, { ok: false, message: /exists and is left as it is/ });
  t.equal(await readFile(join(folder, "c.yaml"), "utf8"), "mine");
});

t.test("a link that leads nowhere is not followed", async (t) => {
  const folder = t.testdir();
  await symlink(join(folder, "elsewhere"), join(folder, "c.yaml"));
  t.match(await initCredentials(join(folder, "c.yaml")), { ok: false });
  t.strictSame(await readdir(folder), ["c.yaml"]);
});

t.test("with force the old file is put aside and kept", async (t) => {
  const folder = t.testdir();
  await writeFile(join(folder, "c.yaml"), "mine");
  await chmod(join(folder, "c.yaml"), 0o600);
  const result = await initCredentials(join(folder, "c.yaml"), { force: true, now });
  const setAside = join(folder, "c.yaml.2026-11-24T11-32-01-000Z");
  t.strictSame(result, { ok: true, file: join(folder, "c.yaml"), setAside });
  t.equal(await readFile(setAside, "utf8"), "mine");
  t.match(await initCredentials(join(folder, "new.yaml"), { force: true, now }), { ok: true, setAside: undefined });
});

t.test("a folder that does not exist is told", async (t) => {
  t.match(await initCredentials(join(t.testdir(), "no/c.yaml"), { now }), { ok: false, message: /its folder does not exist/ });
});
