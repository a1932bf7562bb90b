/** Another program holds SQLite's lock on the store. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { openStore } from "../../src/store/open.ts";
import { accept } from "./store.contract.ts";

const LOCKER = fileURLToPath(new URL("./locker-child.ts", import.meta.url));

/** Another program that holds SQLite's write lock. */
async function startLocker(t: Test, path: string, holdMs: number) {
  const child = spawn(process.execPath, [LOCKER, path, String(holdMs)], {
    env: { PATH: process.env.PATH },
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout });
  const released = once(child, "exit");
  await once(lines, "line");
  return { release: () => child.stdin.end(), released };
}

t.test("a lock of another program is waited for, and nothing is lost over it", async (t) => {
  const path = join(t.testdir(), "perch.db");
  const store = await openStore(`sqlite:${path}`);
  t.teardown(() => store.close());
  await accept(store);
  const locker = await startLocker(t, path, 2000);
  const began = performance.now();
  const accepted = Promise.all(Array.from({ length: 50 }, () => accept(store)));
  t.equal((await store.list({ limit: 10 })).length, 1, "reading goes on");
  await accepted;
  t.ok(performance.now() - began > 500, "they waited for it");
  await locker.released;
  t.equal((await store.counts()).byState.queued, 51);
});

t.test("a lock that stays is answered as the store's fault, and accepting goes on when it is gone", async (t) => {
  const path = join(t.testdir(), "perch.db");
  const store = await openStore(`sqlite:${path}`);
  t.teardown(() => store.close());
  await accept(store);
  const locker = await startLocker(t, path, 0);
  await t.rejects(accept(store), { name: "StoreUnavailable", message: /database is locked.*SQLITE_BUSY/, mayPass: true });
  t.equal(await Promise.race([store.broken, "whole"]), "whole", "the host need not stop");
  locker.release();
  await locker.released;
  await accept(store);
  t.equal((await store.counts()).byState.queued, 2, "nothing of the refused one is kept");
});

t.test("a start while another program holds the lock is refused with what to do", async (t) => {
  const path = join(t.testdir(), "perch.db");
  await (await openStore(`sqlite:${path}`)).close();
  const locker = await startLocker(t, path, 0);
  await t.rejects(openStore(`sqlite:${path}`), {
    message: `${path} can't be opened as a store: database is locked. Another program holds a lock on it (a backup tool, a SQLite shell): end that one, then start again.`,
  });
  locker.release();
  await locker.released;
  await (await openStore(`sqlite:${path}`)).close();
});
