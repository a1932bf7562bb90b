/** The thread of one backup: copies the pages beside the target, completes the copy, and gives it its name at last. */
import { closeSync, existsSync, fsyncSync, linkSync, lstatSync, mkdtempSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import type { BackupData, BackupMessage } from "./sqlite-backup.ts";
import { openForReading } from "./sqlite-database.ts";
import { plainError } from "./sqlite-protocol.ts";
import { LIVE } from "./sqlite-rows.ts";

/** Copied between two looks at whether to go on: 4 MiB. */
const PAGES_AT_ONCE = 1024;
/** The file system knows no hard links: exFAT, and many a share. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** Says what is wrong with the place that was asked for. */
class Refusal extends Error {}

async function backup({ path, file }: BackupData, report: (report: BackupMessage) => void, aborted: () => boolean): Promise<number> {
  refuseTaken(path, file);
  const folder = mkdtempSync(`${file}.partial-`);
  try {
    const copy = join(folder, "copy.db");
    closeSync(openSync(copy, "wx", 0o600));
    await copyPages(path, copy, report, aborted);
    complete(copy);
    publish(copy, file);
    return statSync(file).size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function refuseTaken(path: string, file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })) throw taken(file);
  // SQLite would take it for what an interrupted transaction left.
  if (file === `${path}-journal`) throw new Refusal(`${file} is a name that belongs to the store itself; give another one`);
}

const taken = (file: string) => new Refusal(`${file} exists, and a backup never overwrites; give another name`);

/**
 * The open transaction holds one moment of the store. Without it SQLite would begin anew whenever somebody else writes
 * between two steps (https://www.sqlite.org/c3ref/backup_finish.html), and a busy host's backup would never end.
 */
async function copyPages(path: string, copy: string, report: (report: BackupMessage) => void, aborted: () => boolean): Promise<void> {
  const source = openForReading(path);
  try {
    const pageSize = Number(source.pragma("page_size", { simple: true }));
    source.exec("BEGIN");
    source.prepare("SELECT value FROM meta LIMIT 1").get();
    await source.backup(copy, {
      progress: ({ totalPages, remainingPages }) => {
        if (aborted()) throw new Error("the host is going down");
        report({ kind: "progress", bytes: (totalPages - remainingPages) * pageSize, totalBytes: totalPages * pageSize });
        return PAGES_AT_ONCE;
      },
    });
  } finally {
    source.close();
  }
}

/**
 * What the first host did after the backup is not in it. So every lane is paused, and a host that is started on it posts
 * nothing by itself; and a post that has been composed counts as begun, so that it is looked up before it is sent: the
 * rest of a delivery whose first posts stand, or one that waited to be tried again. What was never composed has no text
 * to look for; that is for a person.
 */
const HOLD_BACK = `UPDATE accounts SET paused = 1;
  UPDATE posts SET state = 'begun' WHERE state = 'queued' AND delivery_seq IN (SELECT seq FROM deliveries WHERE ${LIVE})`;

/** Holds the copy back, and leaves one file that is all of it, whoever copies it by hand. */
function complete(copy: string): void {
  const db = new Database(copy);
  try {
    db.pragma("synchronous = FULL");
    db.pragma("journal_mode = DELETE");
    db.exec(`BEGIN; ${HOLD_BACK}; COMMIT`);
  } finally {
    db.close();
  }
  sync(copy);
}

/** A link, not a rename: it fails where the name has been taken meanwhile. */
function publish(copy: string, file: string): void {
  try {
    linkSync(copy, file);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || (NO_LINKS.includes(code) && existsSync(file))) throw taken(file);
    if (!NO_LINKS.includes(code)) throw error;
    renameSync(copy, file);
  }
  sync(dirname(file));
}

function sync(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}

/** What the place is to blame for, by the code of Node or SQLite. */
const PLACE_FAULTS: Readonly<Record<string, (folder: string) => string>> = {
  ENOENT: (folder) => `there is no folder ${folder} on the host's machine; create it, or give another place`,
  ENOTDIR: (folder) => `${folder} is no folder; give another place`,
  ENOSPC: (folder) => `the disk of ${folder} is full, and nothing of the backup is left; make room, or give another place`,
  SQLITE_FULL: (folder) => `the disk of ${folder} is full, and nothing of the backup is left; make room, or give another place`,
  EDQUOT: (folder) => `the quota in ${folder} is used up, and nothing of the backup is left; give another place`,
  EACCES: (folder) => `the host's user may not write in ${folder}; let it, or give another place`,
  EPERM: (folder) => `the host's user may not write in ${folder}; let it, or give another place`,
  EROFS: (folder) => `${folder} can only be read; give another place`,
  ENAMETOOLONG: () => "the file's name is too long; give a shorter one",
};

function failureReport(error: unknown, file: string): BackupMessage {
  const plain = plainError(error);
  const placeFault = plain.code === undefined ? undefined : PLACE_FAULTS[plain.code];
  if (error instanceof Refusal) return { kind: "refused", message: error.message };
  return placeFault ? { kind: "refused", message: placeFault(dirname(file)) } : { kind: "failed", error: plain };
}

async function start(port: MessagePort, data: BackupData): Promise<void> {
  let aborted = false;
  port.on("message", () => {
    aborted = true;
  });
  const report = (message: BackupMessage) => port.postMessage(message);
  try {
    const bytes = await backup(data, report, () => aborted);
    report({ kind: "done", bytes });
  } catch (error) {
    report(failureReport(error, data.file));
  }
  port.close();
}

if (parentPort === null) throw new Error("sqlite-backup-thread.ts is the code of a worker thread");
await start(parentPort, workerData);
