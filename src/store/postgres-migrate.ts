/** Brings the schema up to date, one host at a time, and keeps away from one that is too new. */
import { readdirSync, readFileSync } from "node:fs";
import { type Limits, PostgresDatabase, type PostgresOptions, type Query } from "./postgres-database.ts";

const MIGRATIONS = new URL("./migrations/postgres/", import.meta.url);
/** Any number that nothing else in the database locks. */
export const MIGRATION_LOCK = 7_467_001;

export type Migration = { version: number; compatible: number; sql: string };

/** In order. */
export function migrations(): Migration[] {
  const files = readdirSync(MIGRATIONS).filter((file) => file.endsWith(".sql"));
  return files.sort().map((file) => {
    const sql = readFileSync(new URL(file, MIGRATIONS), "utf8");
    const compatible = /^-- compatible: (\d+)$/m.exec(sql)?.[1];
    if (compatible === undefined) throw new Error(`${file} does not say which older hosts may go on beside it`);
    return { version: Number.parseInt(file, 10), compatible: Number(compatible), sql };
  });
}

/** A step may go through a table of millions of rows, while the host that takes it has nothing else to do. */
const MIGRATING: Limits = { connections: 1, statementMs: 3_600_000 };

/** {@link migrate}, with the time that it takes. */
export async function migrateAt(url: string, options: PostgresOptions, known?: readonly Migration[]): Promise<void> {
  const database = new PostgresDatabase(url, options, MIGRATING);
  await migrate(database, known).finally(() => database.close());
}

/**
 * Each migration says the oldest schema whose hosts may go on beside it (`-- compatible: N`), so that a group can be
 * upgraded host by host: an older host works on a newer schema as long as that reaches down to it.
 */
async function migrate(database: PostgresDatabase, known: readonly Migration[] = migrations()): Promise<void> {
  const newest = known.at(-1)?.version ?? 0;
  await database.transaction(async (query) => {
    await query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await query("CREATE TABLE IF NOT EXISTS perch_schema (version integer PRIMARY KEY, compatible integer NOT NULL)");
    const { version, compatible } = await readSchema(query);
    if (compatible > newest)
      throw new Error(
        `the database has schema version ${version}, whose hosts must know version ${compatible}, and this Perch knows ${newest}. Start a newer Perch.`,
      );
    await refuseBesideOlder(query, version, known);
    for (const migration of known) if (migration.version > version) await apply(query, migration);
  });
}

const LIVE_HOSTS = "SELECT card->>'name' AS name FROM hosts WHERE seen_at > clock_timestamp() - interval '15 s' ORDER BY name";

/** Hosts that run would go on, and find tables that they do not know. */
async function refuseBesideOlder(query: Query, version: number, known: readonly Migration[]): Promise<void> {
  const breaking = known.find((migration) => migration.version > version && migration.compatible > version);
  if (version === 0 || !breaking) return;
  const hosts = await query<{ name: string }>(LIVE_HOSTS);
  if (hosts.length === 0) return;
  const names = hosts.map(({ name }) => name).join(", ");
  throw new Error(
    `this Perch brings the database to schema version ${breaking.version}, on which hosts of version ${version} can't go on, and ${names} still run${hosts.length === 1 ? "s" : ""}. Stop every older host, then start this one.`,
  );
}

/** What this Perch brings a database to. */
export const newestVersion = (): number => migrations().at(-1)?.version ?? 0;

/** Of a database without tables, both are 0. A later migration can't take back what an earlier one demands of hosts. */
export async function readSchema(query: Query): Promise<{ version: number; compatible: number }> {
  const [there] = await query<{ found: boolean }>("SELECT to_regclass('perch_schema') IS NOT NULL AS found");
  if (!there?.found) return { version: 0, compatible: 0 };
  const [schema] = await query<{ version: number | null; compatible: number | null }>(
    "SELECT max(version) AS version, max(compatible) AS compatible FROM perch_schema",
  );
  return { version: schema?.version ?? 0, compatible: schema?.compatible ?? 0 };
}

async function apply(query: Query, { version, compatible, sql }: Migration): Promise<void> {
  for (const statement of statementsOf(sql)) await query(statement);
  await query("INSERT INTO perch_schema (version, compatible) VALUES ($1, $2)", [version, compatible]);
}

/** A prepared statement is one statement; bodies of functions, between $$, may hold semicolons. */
function statementsOf(sql: string): string[] {
  const parts = sql.split(/(\$\$[\s\S]*?\$\$|--[^\n]*\n|;)/);
  const statements: string[] = [""];
  for (const part of parts) {
    if (part === ";") statements.push("");
    else if (!part.startsWith("--")) statements.push((statements.pop() ?? "") + part);
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== "");
}
