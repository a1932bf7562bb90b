/** The store's WAL is cut or scribbled over where a host was killed under load. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { openStore } from "../../src/store/open.ts";
import { accept } from "./store.contract.ts";

const CHILD = fileURLToPath(new URL("./sqlite-child.ts", import.meta.url));

const WAL_HEADER = 32;
const FRAME = 24 + 4096;

/** Ends of the frames that are in force, and whether each commits (https://www.sqlite.org/fileformat2.html, section 4). */
function framesOf(wal: Buffer): { end: number; commits: boolean }[] {
  const salts = wal.subarray(16, 24);
  const frames: { end: number; commits: boolean }[] = [];
  for (let at = WAL_HEADER; at + FRAME <= wal.length; at += FRAME) {
    if (!wal.subarray(at + 8, at + 16).equals(salts)) break;
    frames.push({ end: at + FRAME, commits: wal.readUInt32BE(at + 4) !== 0 });
  }
  return frames;
}

/** What a store holds that is opened from these two files, in order of acceptance. */
async function heldBy(t: Test, folder: string, file: Buffer, wal: Buffer): Promise<string[]> {
  mkdirSync(folder);
  const path = join(folder, "perch.db");
  writeFileSync(path, file);
  writeFileSync(`${path}-wal`, wal);
  const store = await openStore(`sqlite:${path}`);
  await accept(store, { id: "afterwards" });
  await store.close();
  const db = new Database(path, { readonly: true });
  t.equal(db.pragma("integrity_check", { simple: true }), "ok");
  const ids = db.prepare<[], string>("SELECT id FROM deliveries ORDER BY seq").pluck().all();
  t.equal(db.prepare("SELECT sum(count) FROM tallies").pluck().get(), ids.length, "the tallies agree with the table");
  db.close();
  t.equal(ids.pop(), "afterwards", "and it accepts");
  return ids;
}

t.test("of a torn WAL every commit is kept that is wholly there", async (t) => {
  const dir = t.testdir();
  const path = join(dir, "perch.db");
  const child = spawn(process.execPath, [CHILD, `sqlite:${path}`], {
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const answered: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("kept ")) answered.push(line.slice(5));
    if (answered.length === 3000) child.kill("SIGKILL");
  }
  const [file, wal] = [readFileSync(path), readFileSync(`${path}-wal`)];
  const frames = framesOf(wal);
  const commits = frames.filter(({ commits }) => commits).map(({ end }) => end);
  t.ok(commits.length > 10, `${commits.length} commits in ${frames.length} frames`);
  const end = frames.at(-1)?.end ?? 0;
  let folders = 0;
  const held = (torn: Buffer) => heldBy(t, join(dir, `torn-${folders++}`), file, torn);

  const whole = await held(wal);
  const kept = new Set(whole);
  t.strictSame(
    answered.filter((id) => !kept.has(id)),
    [],
    "untouched, it keeps what was answered",
  );
  const boundary = (offset: number) => commits.findLast((commit) => commit <= offset) ?? WAL_HEADER;
  for (const back of [1, 24, 100, FRAME - 1, FRAME + 7, 10 * FRAME + 1000]) {
    const at = end - back;
    const expected = await held(wal.subarray(0, boundary(at)));
    t.ok(expected.length < whole.length, `${whole.length - expected.length} lost with ${back} bytes`);
    t.strictSame(whole.slice(0, expected.length), expected, "what is kept is the beginning");
    t.strictSame(await held(wal.subarray(0, at)), expected, `cut by ${back} bytes`);
    const scribbled = Buffer.from(wal);
    scribbled.fill(0x5a, at, end);
    t.strictSame(await held(scribbled), expected, `${back} bytes scribbled over`);
  }
});
