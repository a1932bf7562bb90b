import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, symlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { openStore } from "../../src/store/open.ts";
import { openSqlite, type SqliteOptions } from "../../src/store/sqlite.ts";
import { accept, newDelivery, newRegistration, putRequest, storeContract } from "./store.contract.ts";

const REPEATS_BY_ENTRY = new URL("../../src/store/migrations/sqlite/0006-repeats-by-entry.sql", import.meta.url);
const CHILD = fileURLToPath(new URL("./sqlite-child.ts", import.meta.url));

storeContract(t, (t) => openStore(`sqlite:${join(t.testdir(), "perch.db")}`));

/** A path for a store in a folder of the test's own. */
const fresh = (t: Test) => join(t.testdir(), "perch.db");

/** The child's own process, without what the test runner puts into the environment. */
const startChild = (path: string, before: string[] = [], options: { uid?: number } = {}) => {
  const [command = process.execPath, ...args] = [...before, process.execPath, CHILD, `sqlite:${path}`];
  // The runner's own hook in a child that is nobody may not write the runner's folder, and complains about it at length.
  const complaints = options.uid === undefined ? "inherit" : "ignore";
  return spawn(command, args, { env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", complaints], ...options });
};

t.test("what was answered before a kill -9 is there afterwards, once", async (t) => {
  const path = fresh(t);
  const answered = new Set<string>();
  for (const kills of [40, 700, 2000]) {
    const child = startChild(path);
    let count = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith("kept ")) continue;
      answered.add(line.slice(5));
      count += 1;
      if (count === kills) child.kill("SIGKILL");
    }
    t.ok(count >= kills, `the child answered ${count} calls before it was killed`);
  }
  const store = await openStore(`sqlite:${path}`);
  t.teardown(() => store.close());
  const stored: string[] = [];
  for (
    let page = await store.list({ limit: 1000 });
    page.length > 0;
    page = await store.list({ limit: 1000, beforeSeq: page.at(-1)!.seq })
  ) {
    stored.push(...page.map(({ id }) => id));
  }
  t.equal(new Set(stored).size, stored.length);
  t.strictSame(
    [...answered].filter((id) => !stored.includes(id)),
    [],
  );
  t.equal((await store.counts()).byState.queued, stored.length, "the tallies agree with the table");
  t.match(await store.put(putRequest([newDelivery()])), { outcome: "accepted" });
});

t.test("a second host on the same store is refused with the file's name, until the first is gone", async (t) => {
  const path = fresh(t);
  const child = startChild(path);
  await once(createInterface({ input: child.stdout }), "line");
  await t.rejects(openStore(`sqlite:${path}`), { message: new RegExp(`${path} is in use: another host holds ${path}.lock`) });
  const link = join(t.testdirName, "link.db");
  symlinkSync(path, link);
  await t.rejects(openStore(`sqlite:${link}`), { message: /another host holds/ }, "by whatever name");
  child.kill("SIGKILL");
  await once(child, "exit");
  const store = await openStore(`sqlite:${path}`);
  await t.rejects(openStore(`sqlite:${path}`), { message: /another host holds/ }, "in the same process too");
  t.match(await store.put(putRequest([newDelivery()])), { outcome: "accepted" }, "and the first goes on");
  await store.close();
  const again = await openStore(`sqlite:${path}`);
  await again.close();
});

t.test("a call that an earlier version accepted is still recognised as a repeat", async (t) => {
  const path = fresh(t);
  const request = () => putRequest([newDelivery({ entryId: "INC1" })], { repeat: { kind: "content", digest: "INC1 d" } });
  const before = await openStore(`sqlite:${path}`);
  await before.saveRegistration(newRegistration());
  await before.put(request());
  await before.close();
  const db = new Database(path);
  db.prepare("UPDATE repeats SET key = ?, digest = ?").run("d", "d");
  db.exec(readFileSync(REPEATS_BY_ENTRY, "utf8"));
  db.close();
  const after = await openStore(`sqlite:${path}`);
  t.teardown(() => after.close());
  t.match(await after.put(request()), { outcome: "duplicate" });
});

t.test("a store of a newer version is refused with both versions and what to do", async (t) => {
  const path = fresh(t);
  await (await openStore(`sqlite:${path}`)).close();
  const db = new Database(path);
  const version = db.prepare("SELECT value FROM meta WHERE key = 'schema-version'").pluck().get();
  db.exec("UPDATE meta SET value = 99 WHERE key = 'schema-version'");
  db.close();
  await t.rejects(openStore(`sqlite:${path}`), {
    message: new RegExp(`${path} has schema version 99 and this Perch knows \\d+\\. Start a newer`),
  });
  const mended = new Database(path);
  mended.prepare("UPDATE meta SET value = ? WHERE key = 'schema-version'").run(version);
  mended.close();
  await (await openStore(`sqlite:${path}`)).close();
});

t.test("a file of something else is refused and left as it is", async (t) => {
  const dir = t.testdir({
    "text.db": "these are notes of somebody and no database, long enough to have a header of a hundred bytes; really, it is.",
  });
  const text = join(dir, "text.db");
  const before = readFileSync(text);
  await t.rejects(openStore(`sqlite:${text}`), { message: /text\.db.*not a database/ });
  t.strictSame(readFileSync(text), before);
  const other = join(dir, "other.db");
  const db = new Database(other);
  db.exec("CREATE TABLE recipes (name TEXT)");
  db.close();
  await t.rejects(openStore(`sqlite:${other}`), { message: /other\.db is a SQLite database of something else/ });
});

t.test("a folder or file that can't be written is refused with its name", async (t) => {
  const dir = t.testdir({ "a-file": "", locked: {}, readonly: {} });
  await t.rejects(openStore(`sqlite:${join(dir, "a-file", "perch.db")}`), { message: /a-file.*(ENOTDIR|EEXIST)/ });
  // Permissions do not hold root back, so the store is opened as somebody else there.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  const refusal = async (path: string) => {
    const [line] = await once(createInterface({ input: startChild(path, [], nobody).stdout }), "line");
    return String(line);
  };
  const locked = join(dir, "locked");
  chmodSync(locked, 0o555);
  t.match(await refusal(join(locked, "perch.db")), /^not opened .*locked\/perch\.db.*EACCES/);
  const path = join(dir, "readonly", "perch.db");
  await (await openStore(`sqlite:${path}`)).close();
  for (const file of [path, `${path}.lock`]) chmodSync(file, 0o444);
  if (nobody.uid !== undefined) for (const file of [join(dir, "readonly"), path, `${path}.lock`]) chownSync(file, nobody.uid, nobody.uid);
  t.match(await refusal(path), /^not opened .*readonly\/perch\.db.*EACCES/);
});

t.test("the files are their owner's alone", async (t) => {
  const path = fresh(t);
  const store = await openStore(`sqlite:${path}`);
  await accept(store);
  for (const suffix of ["", "-wal", "-shm", ".lock"]) t.equal(statSync(path + suffix).mode & 0o777, 0o600, `perch.db${suffix}`);
  await store.close();
});

t.test("every connection is durable to the disk, although better-sqlite3's default in WAL mode is not", async (t) => {
  const path = fresh(t);
  const store = await openSqlite(path);
  await accept(store);
  const { writer, reader } = await store.inspect();
  const wanted = { synchronous: 2, journalMode: "wal", foreignKeys: 1, busyTimeoutMs: 5000 };
  t.match(writer, wanted);
  t.match(reader, wanted);
  await store.close();
  const bare = new Database(path);
  bare.prepare("SELECT count(*) FROM meta").get();
  t.equal(bare.pragma("synchronous", { simple: true }), 1, "a connection that says nothing has NORMAL");
  bare.close();
});

t.test("callers at the same time share commits", async (t) => {
  const store = await openSqlite(fresh(t));
  t.teardown(() => store.close());
  const commits = async () => (await store.inspect()).writer.commits;
  const before = await commits();
  await Promise.all(Array.from({ length: 64 }, () => accept(store)));
  t.equal(await commits(), before + 1, "one turn of the event loop is one commit");
  const caller = async () => {
    for (let i = 0; i < 10; i += 1) await accept(store);
  };
  await Promise.all(Array.from({ length: 64 }, caller));
  const used = (await commits()) - before - 1;
  t.ok(used >= 10 && used <= 160, `640 calls took ${used} commits`);
  await accept(store);
  await accept(store);
  t.equal(await commits(), before + 1 + used + 2, "calls that wait for each other do not");
});

t.test("the WAL does not grow with what is written", async (t) => {
  const path = fresh(t);
  const store = await openSqlite(path);
  t.teardown(() => store.close());
  for (let round = 0; round < 40; round += 1)
    await Promise.all(Array.from({ length: 200 }, () => accept(store, { text: "x".repeat(2000) })));
  t.ok(statSync(path).size > 16_000_000, "the file has taken it up");
  t.ok(statSync(`${path}-wal`).size < 12_000_000, `the WAL has ${statSync(`${path}-wal`).size} bytes`);
});

/** A disk of 2 MB; where nobody may mount one, a store that may not grow beyond as much. */
function smallDisk(t: Test): { path: string; options: SqliteOptions; mounted: boolean } {
  const dir = mkdtempSync(join(tmpdir(), "perch-small-disk-"));
  t.teardown(() => rmSync(dir, { recursive: true }));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", dir], { stdio: "ignore" });
    t.teardown(() => execFileSync("umount", ["-l", dir]));
    return { path: join(dir, "perch.db"), options: {}, mounted: true };
  } catch {
    return { path: join(dir, "perch.db"), options: { maxPages: 500 }, mounted: false };
  }
}

t.test("a full disk refuses calls, keeps what was answered, and takes calls when there is room", async (t) => {
  const { path, options, mounted } = smallDisk(t);
  const store = await openSqlite(path, options);
  await store.saveRegistration(newRegistration());
  const kept: string[] = [];
  let refusal: unknown;
  while (refusal === undefined) {
    const calls = Array.from({ length: 10 }, async () => kept.push((await accept(store, { text: "x".repeat(4000) })).id));
    for (const result of await Promise.allSettled(calls)) if (result.status === "rejected") refusal = result.reason;
  }
  t.match(refusal, { name: "StoreUnavailable", message: /full.*SQLITE_FULL/, cause: { code: "SQLITE_FULL" } });
  const stored = await store.list({ limit: 1000 });
  t.strictSame(stored.map(({ id }) => id).reverse(), kept, "nothing of the refused batch is kept");
  t.equal((await store.counts()).byState.queued, kept.length);
  t.equal((await store.claim("twitter:42", 0, { by: null, since: 0 }))?.id, kept[0], "lanes go on reading");
  t.equal(await Promise.race([store.broken, "whole"]), "whole");
  if (mounted) execFileSync("mount", ["-o", "remount,size=8m", join(path, "..")]);
  else await store.cancel(kept, 0);
  if (!mounted) await store.prune(Number.MAX_SAFE_INTEGER, 0, 0);
  t.ok(await accept(store, { text: "x".repeat(4000) }), "accepting goes on");
  await store.close();
});

/** A reason to leave a test out, or false. */
function noStrace(): string | false {
  const { status } = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]);
  return status === 0 ? false : "strace is missing or may not trace here";
}

t.test("an fsync that fails ends the store", { skip: noStrace() }, async (t) => {
  const path = fresh(t);
  await (await openStore(`sqlite:${path}`)).close();
  const inject = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=5+"];
  const lines: string[] = [];
  for await (const line of createInterface({ input: startChild(path, inject).stdout })) lines.push(line);
  t.match(
    lines.find((line) => line.startsWith("refused")),
    /StoreUnavailable.*SQLITE_IOERR/,
  );
  t.match(
    lines.find((line) => line.startsWith("broken")),
    /SQLITE_IOERR/,
  );
  const afterwards = lines.slice(lines.findIndex((line) => line.startsWith("broken"))).filter((line) => line.startsWith("kept"));
  t.strictSame(afterwards, [], "nothing is answered after that");
  const store = await openStore(`sqlite:${path}`);
  for (const line of lines) if (line.startsWith("kept ")) t.ok(await store.get(line.slice(5)), line);
  await store.close();
});

t.test("a file that breaks while it is used makes the store unavailable, not the host", async (t) => {
  const path = fresh(t);
  const store = await openSqlite(path);
  await Promise.all(Array.from({ length: 200 }, () => accept(store, { text: "x".repeat(2000) })));
  await store.close();
  const size = statSync(path).size;
  const file = openSync(path, "r+");
  for (let offset = 4096 * 8; offset < size; offset += 4096) writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, offset);
  closeSync(file);
  const broken = await openSqlite(path).catch((error: Error) => error);
  if (broken instanceof Error) {
    t.match(broken.message, /malformed|CORRUPT/);
    return;
  }
  const results = await Promise.allSettled([broken.list({ limit: 1000 }), accept(broken), accept(broken)]);
  const refused = results.filter((result) => result.status === "rejected");
  t.ok(refused.length > 0);
  for (const { reason } of refused) t.match(reason, { name: "StoreUnavailable", message: /malformed/ });
  await broken.close();
});
