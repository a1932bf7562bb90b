import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { mountSmallDisk, noMount } from "./small-disk.ts";
import { accept, newAccount, newRegistration } from "./store.contract.ts";

async function openFilled(t: Test, rounds: number): Promise<{ store: Store; dir: string }> {
  const dir = t.testdir();
  const store = await openStore(`sqlite:${join(dir, "perch.db")}`);
  t.teardown(() => store.close());
  await store.saveRegistration(newRegistration());
  await store.saveAccount(newAccount());
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(Array.from({ length: 200 }, () => accept(store, { text: "x".repeat(2000) })));
  }
  return { store, dir };
}

const partsOf = (folder: string) => readdirSync(folder).filter((name) => name.includes("partial"));

t.test("a backup is one moment of a store that goes on accepting, and ends while it does", async (t) => {
  const { store, dir } = await openFilled(t, 40);
  const file = join(dir, "copy.db");
  let going = true;
  let last = 0;
  const caller = async () => {
    while (going) last = Math.max(last, (await accept(store, { text: "x".repeat(2000) })).seq);
  };
  const callers = Array.from({ length: 8 }, caller);
  const before = (await accept(store)).seq;
  const seen: number[] = [];
  const { bytes } = await store.backup(file, (progress) => seen.push(progress.bytes / progress.totalBytes));
  const after = last;
  going = false;
  await Promise.all(callers);

  t.equal(bytes, statSync(file).size);
  t.ok(seen.length > 3, `progress was told ${seen.length} times`);
  t.strictSame(
    seen,
    seen.toSorted((a, b) => a - b),
    "it never begins anew",
  );
  t.ok(after > before, `accepting went on: ${after - before} meanwhile`);
  const db = new Database(file, { readonly: true });
  t.teardown(() => db.close());
  t.equal(db.pragma("integrity_check", { simple: true }), "ok");
  t.strictSame(db.pragma("foreign_key_check"), []);
  const { rows, highest } = db.prepare("SELECT count(*) AS rows, max(seq) AS highest FROM deliveries").get() as Record<string, number>;
  t.equal(rows, highest, "all up to that moment and nothing of what came later");
  t.ok(highest! >= before && highest! <= last, `${before} ≤ ${highest} ≤ ${last}`);
  t.equal(db.prepare("SELECT count FROM tallies WHERE state = 'queued'").pluck().get(), rows, "the tallies are of that moment too");
});

t.test("a store opened from a backup goes on with every lane paused; the first one is not touched", async (t) => {
  const { store, dir } = await openFilled(t, 1);
  const file = join(dir, "copy.db");
  await store.backup(file);
  t.equal((await store.accounts())[0]?.paused, false);
  const last = (await accept(store)).seq;
  const copy = await openStore(`sqlite:${file}`);
  t.teardown(() => copy.close());
  t.match(await copy.accounts(), [{ lane: newAccount().lane, token: "sealed", paused: true }]);
  t.strictSame(await copy.registrations(), await store.registrations());
  t.equal((await accept(copy)).seq, last, "the numbers go on where the backup ends");
});

t.test("what a backup knows to be composed is in doubt for the host that starts on it", async (t) => {
  const { store, dir } = await openFilled(t, 0);
  const [half, waiting, fresh, done] = await Promise.all([accept(store), accept(store), accept(store), accept(store)]);
  const step = { at: 1, nextAttemptAt: null };
  const compose = ["one", "two"].map((text) => ({ text, reply: false }));
  const posted = { state: "posted", id: "1", begunAt: 1 } as const;
  await store.settle({ ...step, deliveryId: half!.id, compose, posts: [{ index: 0, ...posted }], state: "queued" });
  await store.settle({ ...step, deliveryId: waiting!.id, compose, state: "waiting", nextAttemptAt: 9 });
  const both = [0, 1].map((index) => ({ index, ...posted }));
  await store.settle({ ...step, deliveryId: done!.id, compose, posts: both, state: "delivered" });
  await store.backup(join(dir, "copy.db"));
  t.match(await store.get(half!.id), { posts: [{ state: "posted" }, { state: "queued" }] }, "the first store is left as it is");
  const copy = await openStore(`sqlite:${join(dir, "copy.db")}`);
  t.teardown(() => copy.close());
  await copy.take(newAccount().lane, "h1", 5, 0);
  t.match(await copy.get(half!.id), { state: "in-doubt", begun: true, posts: [{ state: "posted" }, { state: "in-doubt", doubtAt: 5 }] });
  t.match(await copy.get(waiting!.id), { state: "in-doubt", begun: true, posts: [{ state: "in-doubt" }, { state: "in-doubt" }] });
  t.strictSame(await copy.get(fresh!.id), await store.get(fresh!.id));
  t.strictSame(await copy.get(done!.id), await store.get(done!.id));
});

t.test("a backup is its owner's alone and one file, whatever the umask", async (t) => {
  const { store, dir } = await openFilled(t, 1);
  const mask = process.umask(0);
  t.teardown(() => process.umask(mask));
  await store.backup(join(dir, "copy.db"));
  t.equal(statSync(join(dir, "copy.db")).mode & 0o777, 0o600);
  t.strictSame(
    readdirSync(dir).filter((name) => !name.startsWith("perch.db")),
    ["copy.db"],
  );
});

t.test("what stands at the place already is never overwritten", async (t) => {
  const { store, dir } = await openFilled(t, 1);
  const refuses = (file: string) =>
    t.rejects(store.backup(file), { name: "BackupRefused", message: `${file} exists, and a backup never overwrites; give another name` });
  const notes = join(dir, "notes.txt");
  writeFileSync(notes, "of somebody");
  await refuses(notes);
  t.equal(readFileSync(notes, "utf8"), "of somebody");
  await refuses(join(dir, "perch.db"));
  const link = join(dir, "link.db");
  symlinkSync(join(dir, "nowhere"), link);
  await refuses(link);
  t.ok(lstatSync(link).isSymbolicLink());
  await refuses(dir);
  t.strictSame(partsOf(dir), []);
  const both = await Promise.allSettled([store.backup(join(dir, "race.db")), store.backup(join(dir, "race.db"))]);
  t.strictSame(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"], "nor when two race for it");
});

t.test("a place that does not do is refused with what to do", async (t) => {
  const { store, dir } = await openFilled(t, 1);
  writeFileSync(join(dir, "a-file"), "");
  const cases: [string, string][] = [
    ["copy.db", "copy.db is no absolute path; begin with /"],
    [join(dir, "no", "copy.db"), `there is no folder ${join(dir, "no")} on the host's machine; create it, or give another place`],
    [join(dir, "a-file", "copy.db"), `${join(dir, "a-file")} is no folder; give another place`],
    [join(dir, "perch.db-journal"), `${join(dir, "perch.db-journal")} is a name that belongs to the store itself; give another one`],
    [join(dir, "x".repeat(300)), "the file's name is too long; give a shorter one"],
  ];
  for (const [file, message] of cases) await t.rejects(store.backup(file), { name: "BackupRefused", message });
  t.strictSame(partsOf(dir), []);
});

t.test("a disk that is full or read-only keeps nothing of a backup", { skip: noMount() }, async (t) => {
  const { store } = await openFilled(t, 20);
  const disk = mountSmallDisk(t, 2);
  if (!disk) throw new Error("not mounted");
  const file = join(disk.folder, "copy.db");
  await t.rejects(store.backup(file), {
    name: "BackupRefused",
    message: `the disk of ${disk.folder} is full, and nothing of the backup is left; make room, or give another place`,
  });
  t.strictSame(readdirSync(disk.folder), []);
  disk.remount("ro");
  await t.rejects(store.backup(file), { name: "BackupRefused", message: `${disk.folder} can only be read; give another place` });
  disk.remount("rw,size=64m");
  t.ok((await store.backup(file)).bytes > 2_000_000, "and with room it is made");
});

t.test("a store that is closed ends its backup, and nothing of it is left", async (t) => {
  const { store, dir } = await openFilled(t, 40);
  const file = join(dir, "copy.db");
  let closing: Promise<void> | undefined;
  const backup = store.backup(file, () => {
    closing ??= store.close();
  });
  await t.rejects(backup, { name: "StoreUnavailable", message: "the backup failed: the host is going down" });
  await closing;
  t.ok(closing, "it was under way");
  t.strictSame(partsOf(dir), []);
  t.notOk(lstatSync(file, { throwIfNoEntry: false }));
  await t.rejects(store.backup(file), { name: "StoreUnavailable" });
});
