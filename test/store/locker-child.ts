/** Another program on the store's file: holds SQLite's write lock for so many milliseconds, or (0) until its input ends. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";

const db = new Database(process.argv[2] ?? "");
const holdMs = Number(process.argv[3]);
db.exec("BEGIN IMMEDIATE");
process.stdout.write("locked\n");
if (holdMs > 0) await sleep(holdMs);
else await once(process.stdin.resume(), "end");
db.exec("COMMIT");
process.exit();
