/** The store's address, its files and its password, as the two files of a configuration hold them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { formatProblem, loadConfig } from "../../src/config/load.ts";
import { secretValues } from "../../src/config/secret-values.ts";

const CREDENTIALS = `vault: { keys: [ { id: "1", key: ${Buffer.alloc(32, 7).toString("base64")} } ] }
clients: [ { name: a, role: admin, password: marked-client } ]
`;

/** A reference, which is no placeholder of TypeScript. */
const env = (name: string): string => `\${env:${name}}`;

async function load(t: Test, store: string, more = "") {
  const folder = t.testdir({
    "ca.pem": "",
    "db-password": "marked-file\n",
    "perch.yaml": `credentials: ./c.yaml\nplugins: []\nstore: ${store}\n`,
  });
  writeFileSync(join(folder, "c.yaml"), CREDENTIALS + more, { mode: 0o600 });
  const read = await loadConfig(join(folder, "perch.yaml"), { PASSWORD: "marked-env", ADDRESS: "postgres://perch:marked-env@db/perch" });
  return {
    folder,
    read,
    problems: read.ok ? [] : read.problems.map((problem) => formatProblem(problem, folder).replaceAll(`${folder}/`, "")),
  };
}

t.test("a password in perch.yaml is refused with the place where it belongs; one that a reference brings in is not", async (t) => {
  const says =
    "3:8: the store's password must not stand in this file, which is safe to read: put it into the credentials file, as store.password";
  for (const store of [
    "postgres://perch:marked@db/perch",
    `postgresql://perch:x${env("PASSWORD")}@db/perch`,
    "postgres://perch@db/perch?password=marked",
  ]) {
    const { problems } = await load(t, store);
    t.strictSame(problems, [`perch.yaml:${says}`]);
  }
  for (const store of [
    "postgres://perch@db/perch",
    `postgres://perch:${env("PASSWORD")}@db/perch`,
    env("ADDRESS"),
    `postgres://${env("PASSWORD")}@db/perch`,
  ]) {
    t.strictSame((await load(t, store)).problems, [], store);
  }
});

t.test("the credentials file may hold it, also by reference, and it is known as a secret", async (t) => {
  const { read, folder } = await load(t, `postgres://perch:${env("PASSWORD")}@db/perch`, `store: { password: '\${file:db-password}' }\n`);
  if (!read.ok) throw new Error("refused");
  t.equal(read.loaded.credentials.store?.password, "marked-file");
  t.ok(read.loaded.files.includes(join(folder, "db-password")), "and the file is watched");
  for (const secret of ["marked-file", "marked-env"]) t.ok(secretValues(read.loaded).includes(secret), secret);
  t.match((await load(t, "postgres://perch@db/perch", "store: { password: '' }\n")).problems, [
    /c\.yaml:3:20: store\.password must not be empty/,
  ]);
});

t.test("files of the address are relative to the configuration, and missing ones are told", async (t) => {
  const { read, folder } = await load(t, "postgres://perch@db/perch?sslmode=verify-full&sslrootcert=./ca.pem");
  if (!read.ok) throw new Error("refused");
  t.equal(read.loaded.config.store, `postgres://perch@db/perch?sslmode=verify-full&sslrootcert=${folder}/ca.pem`);
  t.ok(read.loaded.files.includes(join(folder, "ca.pem")));
  t.strictSame((await load(t, "postgres://perch@db/perch?sslkey=nowhere.key")).problems, [
    "perch.yaml:3:8: store names nowhere.key, which does not exist",
  ]);
});
