/** Opens the file: its mode, its pragmas, its lock against a second host, and its schema. Runs in the workers. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import Database from "better-sqlite3";

/** How long a statement waits for a lock of somebody else, such as a back-up that begins. */
const BUSY_TIMEOUT_MS = 5000;
const MIGRATIONS = new URL("./migrations/sqlite/", import.meta.url);

/**
 * What every connection sets.
 *
 * `synchronous` must be said aloud: better-sqlite3 is compiled with SQLITE_DEFAULT_WAL_SYNCHRONOUS=1 (its
 * docs/compilation.md), so a WAL connection falls silently to NORMAL, which loses answered commits at a power cut. The
 * pragma still reads 2 before the first statement touches the file, so it is set after `journal_mode`.
 */
function configure(db: Database.Database): void {
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  if (!db.readonly) {
    const mode = db.pragma("journal_mode = WAL", { simple: true });
    if (mode !== "wal") throw new Error(`${db.name} can't be kept in WAL mode (it stays in '${mode}'); put the store on a local disk`);
  }
  db.pragma("synchronous = FULL");
  db.pragma("foreign_keys = ON");
  db.pragma("temp_store = MEMORY");
}

/** Opens the writer's connection, creates the file where there is none (readable by its owner only) and migrates it. */
export function openForWriting(path: string): Database.Database {
  const db = named(path, () => new Database(path));
  try {
    named(path, () => {
      configure(db);
      migrate(db);
    });
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

export function openForReading(path: string): Database.Database {
  const db = new Database(path, { readonly: true });
  configure(db);
  return db;
}

/** The one place where settings that durability rests on can be read back. */
export function readPragmas(db: Database.Database): {
  synchronous: unknown;
  journalMode: unknown;
  foreignKeys: unknown;
  busyTimeoutMs: unknown;
} {
  return {
    synchronous: db.pragma("synchronous", { simple: true }),
    journalMode: db.pragma("journal_mode", { simple: true }),
    foreignKeys: db.pragma("foreign_keys", { simple: true }),
    busyTimeoutMs: db.pragma("busy_timeout", { simple: true }),
  };
}

/** Creates folder and file (0600; SQLite gives `-wal` and `-shm` the mode of the file) and answers the path without links. */
export function createFile(path: string): string {
  return named(path, () => {
    createFolder(dirname(resolve(path)));
    closeSync(openSync(path, "a", 0o600));
    return realpathSync(path);
  });
}

/**
 * A new folder survives a power cut only when the one it stands in has been synced; SQLite does so for its files alone.
 * Step by step, since `mkdirSync`'s own `recursive` never ends where a file system answers ENOENT, as /proc does.
 */
function createFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  createFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Two hosts may start at once; the lock decides between them.
    if (!existsSync(folder)) throw error;
  }
  const handle = openSync(parent, "r");
  fsyncSync(handle);
  closeSync(handle);
}

/**
 * Keeps every other host away from the same store for as long as the connection lives. The lock is the kernel's, on a
 * file of its own, so it is gone when the process dies and the store itself stays open to back-ups and readers.
 */
export function lockStore(path: string): Database.Database {
  const file = createFile(`${path}.lock`);
  const lock = new Database(file, { timeout: 0 });
  try {
    lock.pragma("locking_mode = EXCLUSIVE");
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error))
      throw new Error(`${file}: ${messageOf(error)}. No host holds this file: remove it, then start again.`, { cause: error });
    throw new Error(`${path} is in use: another host holds ${file}. Stop that host first, or give this one a store of its own.`, {
      cause: error,
    });
  }
}

/** Whether somebody holds the lock of {@link lockStore}. Writes nothing. */
export function isLocked(path: string): boolean {
  const file = `${path}.lock`;
  if (!existsSync(file)) return false;
  const lock = new Database(file, { readonly: true, timeout: 0 });
  try {
    lock.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    lock.close();
  }
}

const isBusy = (error: unknown): boolean => error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What to do, by the code of Node or SQLite. */
const ADVICE: readonly (readonly [code: RegExp, advice: string])[] = [
  [/^SQLITE_(NOTADB|CORRUPT)/, "If it is a store that was damaged, put a backup in its place; else give `store` another file."],
  [/^SQLITE_BUSY/, "Another program holds a lock on it (a backup tool, a SQLite shell): end that one, then start again."],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, "There is no room: make some on its disk, then start again."],
  [
    /^(SQLITE_READONLY|EACCES|EPERM|EROFS)/,
    "Let the host's user write the file, its folder and the files beside it, or give `store` another file.",
  ],
  [/^(EISDIR|SQLITE_CANTOPEN_ISDIR)/, "It is a folder: give `store` the name of a file in it."],
  [/^ENOENT/, "Its folder can't be created there: give `store` another file."],
  [/^(ENOTDIR|EEXIST)/, "A part of its path is a file and no folder: give `store` another file."],
];

/** A fault of the file system or of SQLite says neither what to do nor, at times, which file. */
export function named<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const advice = ADVICE.find(([code]) => code.test(String(error.code)))?.[1] ?? "Mend that, or give `store` another file.";
    throw new Error(`${path} can't be opened as a store: ${error.message}. ${advice}`, { cause: error });
  }
}

type Migration = { version: number; file: string };

function migrations(): Migration[] {
  return readdirSync(MIGRATIONS)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => ({ version: Number.parseInt(file, 10), file }));
}

/** What this Perch brings a store to. */
export const newestVersion = (): number => migrations().at(-1)?.version ?? 0;

function migrate(db: Database.Database): void {
  const known = migrations();
  const newest = newestVersion();
  const version = schemaVersion(db);
  if (version > newest) {
    throw new Error(
      `${db.name} has schema version ${version} and this Perch knows ${newest}. Start a newer Perch, or give it another file in \`store\`.`,
    );
  }
  for (const migration of known) if (migration.version > version) apply(db, migration);
  // A file that may only be read opens without complaint; only a write tells.
  db.exec("BEGIN IMMEDIATE; UPDATE meta SET value = value WHERE key = 'schema-version'; COMMIT");
}

/** 0 of a file without tables. Throws where they are somebody else's. */
export function schemaVersion(db: Database.Database): number {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").pluck().all();
  if (tables.length === 0) return 0;
  if (!tables.includes("meta")) throw new Error(`${db.name} is a SQLite database of something else; give \`store\` another file.`);
  return Number(db.prepare("SELECT value FROM meta WHERE key = 'schema-version'").pluck().get());
}

function apply(db: Database.Database, { version, file }: Migration): void {
  const sql = readFileSync(new URL(file, MIGRATIONS), "utf8");
  const run = db.transaction(() => {
    db.exec(sql);
    db.prepare("INSERT INTO meta (key, value) VALUES ('schema-version', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(
      version,
    );
  });
  run.immediate();
}
