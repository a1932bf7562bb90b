/** Each setting either counts at once, or waits for a restart; a new one that was forgotten would change nothing and say nothing. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { loadConfig } from "../../src/config/load.ts";
import { Config, Credentials } from "../../src/config/schema.ts";
import { changedClients, changedParts, RESTARTS, waitingForRestart } from "../../src/reload/differences.ts";

/** What neither list names, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  plugins: "their parts of both files are compared plug-in by plug-in (plugin-changes.ts)",
  credentials: "what the file holds counts, not its name",
  "server.insecure": "it is looked at when the file is checked, and decides nothing later",
  "server.tls.certFile": "what the file holds counts, not its name",
  "server.tls.keyFile": "what the file holds counts, not its name",
};

/** `server.tls.certFile` and the like; a part whose settings have no names is one itself. */
function leavesOf(schema: object, path: readonly string[] = []): string[][] {
  const parts: object = "properties" in schema ? (schema.properties ?? {}) : {};
  const below = Object.entries(parts).flatMap(([name, part]) => leavesOf(part as object, [...path, name]));
  return below.length > 0 ? below : [[...path]];
}

/** A copy in which that one place holds something else. */
function changed<T extends object>(value: T, path: readonly string[]): T {
  const copy = structuredClone(value);
  let at = copy as Record<string, unknown>;
  for (const name of path.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[path.at(-1) ?? ""] = "something else";
  return copy;
}

async function load(t: Test) {
  const folder = t.testdir({ "perch.yaml": "credentials: ./credentials.yaml\nplugins: []\n" });
  const key = Buffer.alloc(32, 7).toString("base64");
  const clients = [{ name: "ops", role: "admin", password: "first" }];
  await writeFile(join(folder, "credentials.yaml"), JSON.stringify({ vault: { keys: [{ id: "one", key }] }, clients }), { mode: 0o600 });
  const read = await loadConfig(join(folder, "perch.yaml"), {});
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.loaded;
}

t.test("each setting of the configuration counts at once or waits for a restart", async (t) => {
  const loaded = await load(t);
  for (const path of leavesOf(Config)) {
    const config = changed(loaded.config, path);
    const told = [...changedParts(loaded, { ...loaded, config }), ...waitingForRestart(loaded.config, config).needsRestart];
    const name = path.join(".");
    if (Object.hasOwn(ELSEWHERE, name)) t.ok(told.length === 0 || name.startsWith("server.tls"), `${name}: ${ELSEWHERE[name]}`);
    else t.equal(told.length, 1, `${name} is in one of the two lists of src/reload/differences.ts`);
  }
  t.ok(leavesOf(Config).length > 20);
});

t.test("each section of the credentials counts at once", async (t) => {
  const loaded = await load(t);
  for (const section of Object.keys(Credentials.properties).filter((name) => name !== "plugins")) {
    const credentials = changed(loaded.credentials, [section]);
    t.equal(changedParts(loaded, { ...loaded, credentials }).length, 1, section);
  }
});

t.test("each list names only what there is", async (t) => {
  const names = leavesOf(Config).map((path) => path.join("."));
  for (const name of [...Object.keys(RESTARTS), ...Object.keys(ELSEWHERE)])
    t.ok(
      names.some((one) => one === name || one.startsWith(`${name}.`)),
      name,
    );
});

t.test("a client that came, went or has another password is named; a role is looked up at each call", async (t) => {
  const { credentials } = await load(t);
  const client = (name: string, password: string, role: "admin" | "operator" = "admin") => ({ name, role, password });
  const of = (...clients: ReturnType<typeof client>[]) => ({ ...credentials, clients });
  const before = of(client("kept", "a"), client("moved", "b"), client("gone", "c"), client("raised", "d", "operator"));
  const after = of(client("kept", "a"), client("moved", "B"), client("new", "c"), client("raised", "d"));
  t.strictSame(changedClients(before, after).sort(), ["gone", "moved", "new"]);
});
