/** Stores that can't be opened, and what a person is told: what is wrong, where, and what to do. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, openSync, readFileSync, symlinkSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { openStore } from "../../src/store/open.ts";
import { mountSmallDisk, noMount } from "./small-disk.ts";
import { accept, newRegistration } from "./store.contract.ts";

const CHILD = fileURLToPath(new URL("./sqlite-child.ts", import.meta.url));
const bare = { env: { PATH: process.env.PATH } };

/** A store with something in it, closed. */
async function keep(path: string): Promise<void> {
  const store = await openStore(`sqlite:${path}`);
  await store.saveRegistration(newRegistration());
  await accept(store);
  await store.close();
}

/** A pattern that takes the text as it is. */
const exactly = (text: string) => new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
const refuses = (t: Test, path: string, says: string, does: RegExp) =>
  t.rejects(openStore(`sqlite:${path}`), { message: new RegExp(`${exactly(path + says).source}.*${does.source}$`) });

t.test("what can't be a store is refused with its place and what to do", async (t) => {
  const dir = t.testdir({ "a-file": "", "folder.db": {} });
  const cannot = " can't be opened as a store: ";
  await refuses(t, join(dir, "folder.db"), `${cannot}EISDIR`, /It is a folder: give `store` the name of a file in it\./);
  await refuses(
    t,
    join(dir, "a-file", "perch.db"),
    `${cannot}ENOTDIR`,
    /A part of its path is a file and no folder: give `store` another file\./,
  );
  await refuses(t, join(dir, "a-file", "x", "perch.db"), `${cannot}ENOTDIR`, /give `store` another file\./);
  await refuses(t, "/proc/no-such-folder/perch.db", `${cannot}ENOENT`, /Its folder can't be created there: give `store` another file\./);
  const dangling = join(dir, "dangling");
  symlinkSync(join(dir, "nowhere", "at", "all"), dangling);
  await refuses(t, join(dangling, "perch.db"), `${cannot}EEXIST`, /give `store` another file\./);
});

t.test("a damaged file is refused, not repaired, and a backup in its place opens", async (t) => {
  const dir = t.testdir();
  const path = join(dir, "perch.db");
  await keep(path);
  copyFileSync(path, join(dir, "backup.db"));
  const scribble = (at: number, length: number) => {
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(length, 0x5a), 0, length, at);
    return file;
  };
  scribble(0, 100);
  const before = readFileSync(path);
  const advice = /If it is a store that was damaged, put a backup in its place; else give `store` another file\./;
  await refuses(t, path, " can't be opened as a store: file is not a database", advice);
  t.ok(readFileSync(path).equals(before), "it is left as it is");
  copyFileSync(join(dir, "backup.db"), path);
  // The header is whole and the first table's page is not.
  scribble(100, 3996);
  await refuses(t, path, " can't be opened as a store: database disk image is malformed", advice);
  truncateSync(path, 5000);
  await refuses(t, path, " can't be opened as a store: ", advice);
  copyFileSync(join(dir, "backup.db"), path);
  const store = await openStore(`sqlite:${path}`);
  t.equal((await store.list({ limit: 10 })).length, 1);
  await store.close();
});

t.test("a file system that can only be read is refused", { skip: noMount() }, async (t) => {
  const disk = mountSmallDisk(t, 4);
  if (!disk) throw new Error("not mounted");
  const path = join(disk.folder, "perch.db");
  await keep(path);
  disk.remount("ro");
  const advice = /Let the host's user write the file, its folder and the files beside it, or give `store` another file\./;
  await refuses(t, path, " can't be opened as a store: EROFS", advice);
  await refuses(t, join(disk.folder, "new", "perch.db"), " can't be opened as a store: EROFS", advice);
  disk.remount("rw");
  await (await openStore(`sqlite:${path}`)).close();
});

t.test("a disk without room for a store is refused", { skip: noMount() }, async (t) => {
  const disk = mountSmallDisk(t, 1);
  if (!disk) throw new Error("not mounted");
  writeFileSync(join(disk.folder, "filler"), Buffer.alloc(1_000_000));
  const path = join(disk.folder, "perch.db");
  await refuses(t, path, " can't be opened as a store: ", /There is no room: make some on its disk, then start again\./);
  disk.remount("size=4m");
  await keep(path);
});

t.test("a lock file that is something else is named", async (t) => {
  const dir = t.testdir({
    "perch.db.lock": "notes of somebody, long enough to have a header of a hundred bytes, which SQLite looks at before it does anything",
  });
  const path = join(dir, "perch.db");
  await refuses(t, `${path}.lock`.replace(/\.lock$/, ""), ".lock: file is not a database", /remove it, then start again\./);
});

t.test("a file that may only be read is refused to whoever is not root", { skip: process.getuid?.() !== 0 && "needs root" }, async (t) => {
  const dir = t.testdir();
  const path = join(dir, "perch.db");
  await keep(path);
  chmodSync(path, 0o444);
  chmodSync(dir, 0o755);
  const child = spawn(process.execPath, [CHILD, `sqlite:${path}`], { ...bare, stdio: ["ignore", "pipe", "ignore"], uid: 65_534 });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  t.match(String(line), /^not opened .*perch\.db can't be opened as a store: EACCES.*Let the host's user write the file/);
});
