import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import type { StoreInspection } from "./inspect.ts";
import { isLocked, named, newestVersion, openForReading, schemaVersion } from "./sqlite-database.ts";
import { lookupOperations } from "./sqlite-lookups.ts";

/** A connection that only reads: beside a host it sees what is committed, as any reader of a WAL does. */
export function inspectSqlite(path: string): StoreInspection {
  if (!existsSync(path)) {
    const place = existingFolder(dirname(path));
    return { state: "new", place, writable: isWritable(place) };
  }
  const place = dirname(path);
  let db: Database.Database | undefined;
  try {
    const open = named(path, () => openForReading(path));
    db = open;
    return named(path, () => {
      const [version, newest] = [schemaVersion(open), newestVersion()];
      const writable = isWritable(path) && isWritable(place);
      return { state: "readable", place, writable, inUse: isLocked(path), version, newest, ...rowsOf(open, version) };
    });
  } catch (error) {
    return { state: "unreadable", place, cause: error instanceof Error ? error.message : String(error) };
  } finally {
    db?.close();
  }
}

type Rows = Pick<Extract<StoreInspection, { state: "readable" }>, "registrations" | "accounts">;

function rowsOf(db: Database.Database, version: number): Rows {
  if (version !== newestVersion()) return { registrations: [], accounts: [] };
  const { registrations, accounts } = lookupOperations(db);
  return { registrations: registrations(), accounts: accounts() };
}

function existingFolder(folder: string): string {
  return existsSync(folder) ? folder : existingFolder(dirname(folder));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
