/** The whole way of `perch store copy`: addresses as they are typed, the password from where it is kept. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { copyStore } from "../src/copy-store.ts";
import { openStore } from "../src/store/open.ts";
import { startPostgres } from "./store/postgres-server.ts";
import { secure } from "./store/secure-postgres.ts";
import { accept, newRegistration } from "./store/store.contract.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());
const [one, two] = [await server.createDatabase(), await server.createDatabase()];
await secure(server, "marked-password", false);
const quiet = () => {};

t.test("paths start from the folder, and the password is PGPASSWORD or the credentials file's", async (t) => {
  const folder = t.testdir({ "perch.yaml": "credentials: ./c.yaml\nplugins: []\n" });
  const store = await openStore(`sqlite:${join(folder, "perch.db")}`);
  await store.saveRegistration(newRegistration());
  await accept(store);
  await store.close();
  const request = { configFile: join(folder, "perch.yaml"), folder, from: "sqlite:perch.db" };
  const none = await copyStore({ ...request, to: one }, {}, quiet);
  t.match(none, { ok: false, problems: [/store\.password in the credentials file/] }, "without any it says where one belongs");
  t.match(await copyStore({ ...request, to: one }, { PGPASSWORD: "marked-wrong" }, quiet), {
    ok: false,
    problems: [/password authentication failed/],
  });
  t.match(await copyStore({ ...request, to: one }, { PGPASSWORD: "marked-password" }, quiet), {
    ok: true,
    value: { rows: { deliveries: 1 } },
  });
  const key = Buffer.alloc(32, 7).toString("base64");
  const credentials = {
    vault: { keys: [{ id: "1", key }] },
    clients: [{ name: "a", role: "admin", password: "x" }],
    store: { password: "marked-password" },
  };
  writeFileSync(join(folder, "c.yaml"), JSON.stringify(credentials), { mode: 0o600 });
  t.match(await copyStore({ ...request, to: two }, {}, quiet), { ok: true, value: { from: `sqlite:${join(folder, "perch.db")}` } });
  t.match(await copyStore({ ...request, from: two, to: "sqlite:./back.db" }, {}, quiet), {
    ok: true,
    value: { to: `sqlite:${join(folder, "back.db")}` },
  });
});

t.test("a password in an address, and one store given twice, are refused", async (t) => {
  const request = { configFile: "/nowhere.yaml", folder: "/srv", from: "sqlite:x.db" };
  const shown = await copyStore({ ...request, to: "postgres://perch:marked@db/perch" }, {}, quiet);
  t.match(shown, { ok: false, problems: [/list of processes: give it as PGPASSWORD/] });
  t.notMatch(JSON.stringify(shown), "marked");
  t.match(await copyStore({ ...request, to: "sqlite:../srv/x.db" }, {}, quiet), { ok: false, problems: [/the same store/] });
});
