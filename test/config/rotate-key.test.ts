/** The vault's key in a credentials file as a person wrote it: all else stays byte for byte. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import t, { type Test } from "tap";
import { parse } from "yaml";
import { editKeys, keyIdsIn } from "../../src/config/edit-keys.ts";
import { initCredentials } from "../../src/config/init-credentials.ts";
import { type KeyOptions, rotateKey } from "../../src/config/rotate-key.ts";
import { mountSmallDisk, noMount } from "../store/small-disk.ts";

const NOW = new Date("2026-11-24T10:00:00Z");
const MADE = Buffer.alloc(32, 9);
const NEW_KEY = MADE.toString("base64");
const options: KeyOptions = { now: NOW, random: () => MADE };
const A = Buffer.alloc(32, 1).toString("base64");
const B = Buffer.alloc(32, 2).toString("base64");
const C = Buffer.alloc(32, 3).toString("base64");

function fileWith(t: Test, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "perch-keys-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "credentials.yaml");
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
const read = (file: string): string => readFileSync(file, "utf8");

const BLOCK = `# Ours.
vault:
  # how we rotate: see the wiki
  keys:   # the first seals
    # of this year
    - id: "2026"   # made by Ada
      key: ${A}
    # of last year
    - { id: '2025', key: "${B}" }

clients:
    - {name: admin,   role: admin, password: 'x # y'}
`;

t.test("a new key stands first, and nothing else in the file has changed", async (t) => {
  const file = fileWith(t, BLOCK);
  t.strictSame(await rotateKey(file, { do: "rotate" }, options), {
    ok: true,
    value: { file, keys: ["2026-11-24", "2026", "2025"], dropped: [], id: "2026-11-24" },
  });
  t.equal(read(file), BLOCK.replace('    - id: "2026" ', `    - id: "2026-11-24"\n      key: "${NEW_KEY}"\n    - id: "2026" `));
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.strictSame(readdirSync(join(file, "..")), ["credentials.yaml"], "and nothing is left beside it");
});

t.test("a second key of the same day gets another name", async (t) => {
  const file = fileWith(t, BLOCK);
  await rotateKey(file, { do: "rotate" }, options);
  t.match(await rotateKey(file, { do: "rotate" }, options), { ok: true, value: { id: "2026-11-24-2" } });
  t.match(await rotateKey(file, { do: "add", id: "2026" }, options), { ok: false, problems: [/has a key 2026 already.*--id/] });
  t.match(await rotateKey(file, { do: "add", id: "no dots.please" }, options), { ok: false, problems: [/letters, digits/] });
});

t.test("the two steps of a server group: last first, then to the front, with its comments", async (t) => {
  const file = fileWith(t, BLOCK);
  t.match(await rotateKey(file, { do: "add", id: "next" }, options), { ok: true, value: { keys: ["2026", "2025", "next"] } });
  t.match(await rotateKey(file, { do: "promote", id: "2025" }, options), {
    ok: true,
    value: { keys: ["2025", "2026", "next"], id: "2025" },
  });
  t.match(read(file), /# of last year\n {4}- \{ id: '2025'.*\n {4}- id: "2026" {3}# made by Ada\n/);
  t.match(await rotateKey(file, { do: "promote", id: "2024" }, options), { ok: false, problems: [/no key 2024; it has 2025, 2026, next/] });
});

t.test("old keys go only when nothing is sealed with them", async (t) => {
  const file = fileWith(t, BLOCK);
  const sealed = { ok: true as const, sealed: { "2025": ["the token of ITSM_Notify"] } };
  t.match(await rotateKey(file, { do: "drop-old" }, { ...options, inUse: () => sealed }), {
    ok: false,
    problems: [/no key is dropped, since 2025 seals the token of ITSM_Notify.*perch reload/],
  });
  t.match(await rotateKey(file, { do: "drop-old" }, { ...options, inUse: () => ({ ok: false, message: "no store" }) }), { ok: false });
  t.equal(read(file), BLOCK);
  const free = { ...options, inUse: () => ({ ok: true as const, sealed: { "2026": ["all"] } }) };
  t.match(await rotateKey(file, { do: "drop-old" }, free), { ok: true, value: { keys: ["2026"], dropped: ["2025"] } });
  t.match(await rotateKey(file, { do: "drop-old" }, free), { ok: true, value: { keys: ["2026"], dropped: [] } });
  t.match(read(file), /# made by Ada/);
  t.notMatch(read(file), /2025|last year/);
});

t.test("a file in JSON stays JSON", async (t) => {
  const json = JSON.stringify({ vault: { keys: [{ id: "a", key: A }] }, clients: [] }, null, 2);
  const file = fileWith(t, json);
  t.match(await rotateKey(file, { do: "rotate", id: "b" }, options), { ok: true, value: { keys: ["b", "a"] } });
  t.strictSame(JSON.parse(read(file)), {
    vault: {
      keys: [
        { id: "b", key: NEW_KEY },
        { id: "a", key: A },
      ],
    },
    clients: [],
  });
  t.match(await rotateKey(file, { do: "promote", id: "a" }, options), { ok: true });
  t.match(await rotateKey(file, { do: "drop-old" }, options), { ok: true });
  t.strictSame(JSON.parse(read(file)), JSON.parse(json));
});

t.test("the file that `perch credentials init` writes can be rotated", async (t) => {
  const file = join(fileWith(t, ""), "..", "fresh.yaml");
  await initCredentials(file);
  t.match(await rotateKey(file, { do: "rotate" }, options), { ok: true });
  t.match(await rotateKey(file, { do: "drop-old" }, options), { ok: true });
  t.match(read(file), /keys: # the first seals[\s\S]*clients: # who may call/);
});

t.test("line ends of Windows stay, and a file without a last line end gets none", async (t) => {
  const file = fileWith(t, BLOCK.replaceAll("\n", "\r\n"));
  await rotateKey(file, { do: "rotate" }, options);
  t.notMatch(read(file), /[^\r]\n/);
  const open = fileWith(t, `clients: []\nvault:\n  keys:\n  - id: a\n    key: ${A}`);
  await rotateKey(open, { do: "add", id: "b" }, options);
  t.equal(read(open), `clients: []\nvault:\n  keys:\n  - id: a\n    key: ${A}\n  - id: "b"\n    key: "${NEW_KEY}"`);
});

t.test("keys that are kept elsewhere are left there, and it is said how they are rotated", async (t) => {
  const text = `vault: { keys: [ { id: a, key: "\${file:/run/secrets/vault-key}" } ] }\n`;
  const file = fileWith(t, text);
  for (const step of ["rotate", "add"] as const)
    t.match(await rotateKey(file, { do: step }, options), {
      ok: false,
      problems: [/\$\{file:\/run\/secrets\/vault-key\}: the keys are kept outside.*openssl rand/],
    });
  t.equal(read(file), text);
});

t.test("what can't be changed without harm is left to a person", async (t) => {
  for (const text of [
    `own: &key { id: a, key: ${A} }\nvault:\n  keys:\n    - *key\n`,
    `vault: { keys: &keys [ { id: a, key: ${A} } ] }\nother: *keys\n`,
  ]) {
    const file = fileWith(t, text);
    t.match(await rotateKey(file, { do: "rotate" }, options), { ok: false, problems: [/change vault\.keys by hand/] });
    t.equal(read(file), text);
  }
});

t.test("a link stays a link, and mode and owner are those of before", async (t) => {
  const file = fileWith(t, BLOCK);
  const folder = join(file, "..", "real");
  mkdirSync(folder);
  const real = join(folder, "secret.yaml");
  writeFileSync(real, BLOCK);
  chmodSync(real, 0o400);
  rmSync(file);
  symlinkSync("real/secret.yaml", file);
  t.match(await rotateKey(file, { do: "rotate" }, options), { ok: true });
  t.ok(lstatSync(file).isSymbolicLink());
  t.equal(statSync(real).mode & 0o777, 0o400);
  t.match(read(real), NEW_KEY);
});

t.test("a file system that can only be read, or has no room: nothing is changed", { skip: noMount() }, async (t) => {
  const disk = mountSmallDisk(t, 1);
  if (!disk) throw new Error("not mounted");
  const file = join(disk.folder, "credentials.yaml");
  writeFileSync(file, BLOCK, { mode: 0o600 });
  writeFileSync(join(disk.folder, "filler"), Buffer.alloc(1024 * 1024 - 4096));
  t.match(await rotateKey(file, { do: "rotate" }, options), { ok: false, problems: [/no room.*Nothing was changed/] });
  t.strictSame(readdirSync(disk.folder).sort(), ["credentials.yaml", "filler"]);
  disk.remount("ro");
  t.match(await rotateKey(file, { do: "rotate" }, options), { ok: false, problems: [/can only be read.*Nothing was changed/] });
  t.equal(read(file), BLOCK);
});

t.test("no answer holds a key", async (t) => {
  const file = fileWith(t, BLOCK);
  const answers = [];
  for (const step of [
    { do: "rotate" },
    { do: "add", id: "x" },
    { do: "promote", id: "x" },
    { do: "promote", id: "y" },
    { do: "drop-old" },
  ] as const)
    answers.push(await rotateKey(file, step, options));
  for (const key of [A, B, NEW_KEY]) t.notOk(JSON.stringify(answers).includes(key));
});

t.test("any order of any layout: it holds what was meant, and the rest of the text is there", async (t) => {
  const layouts = [
    (keys: string[][]) => `vault:\n  keys:\n${keys.map(([id, key]) => `    # ${id}\n    - id: ${id}\n      key: ${key}\n`).join("")}`,
    (keys: string[][]) => `vault:\n  keys:\n${keys.map(([id, key]) => `  -   key: ${key} # ${id}\n      id: ${id}\n\n`).join("")}`,
    (keys: string[][]) => `vault: {keys: [${keys.map(([id, key]) => `{id: ${id}, key: "${key}"}`).join(",")}]}\n`,
    (keys: string[][]) =>
      `vault:\n  keys: [\n${keys.map(([id, key]) => `    { "id": "${id}",\n      "key": "${key}" }`).join(",\n")}\n  ]\n`,
  ];
  const all = [
    ["a", A],
    ["b", B],
    ["c", C],
  ];
  const entry = fc.oneof(fc.nat(2), fc.constant({ id: "new", key: NEW_KEY }));
  const wanted = fc.uniqueArray(entry, { minLength: 1, selector: (one) => (typeof one === "number" ? one : one.id) });
  const holds = fc.property(fc.constantFrom(...layouts), wanted, fc.boolean(), (layout, list, windows) => {
    const text = `# above\n${layout(all)}# below\nclients: [] # none\n`;
    const edited = editKeys(windows ? text.replaceAll("\n", "\r\n") : text, list);
    if (!edited.ok) return false;
    const meant = list.map((one) => (typeof one === "number" ? { id: all[one]?.[0], key: all[one]?.[1] } : one));
    const held = parse(edited.text) as { vault: { keys: unknown[] } };
    return (
      JSON.stringify(held.vault.keys.map(sorted)) === JSON.stringify(meant.map(sorted)) &&
      keyIdsIn(edited.text).length === list.length &&
      ["# above", "# below", "clients: [] # none"].every((part) => edited.text.includes(part))
    );
  });
  t.doesNotThrow(() => fc.assert(holds));
});

const sorted = (entry: unknown) => Object.entries(entry as object).toSorted();
