import { existsSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { openStore } from "../../src/store/open.ts";

t.test("an unknown scheme is refused with the known ones and without the address", async (t) => {
  await t.rejects(openStore("redis://user:hunter2@host/0"), { message: /begins with 'redis:'.*sqlite:/ });
  await t.rejects(openStore("redis://user:hunter2@host/0"), { message: /^((?!hunter2).)*$/ });
  await t.rejects(openStore("data/perch.db"), { message: /has no scheme.*sqlite:/ });
  await t.rejects(openStore("toString:x"), { message: /sqlite:/ });
});

t.test("an address without a file is refused", async (t) => {
  await t.rejects(openStore("sqlite:"), { message: /nothing after 'sqlite:'/ });
});

t.test("the folder of the file is created, and the store tells its name", async (t) => {
  const file = join(t.testdir(), "deep", "er", "perch.db");
  const store = await openStore(`sqlite:${file}`);
  t.ok(existsSync(file));
  t.equal(store.name, `sqlite:${file}`);
  await store.close();
});
