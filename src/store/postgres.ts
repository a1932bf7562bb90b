/** The store of a group of hosts, in PostgreSQL. */
import { readPostgresAddress } from "./postgres-address.ts";
import { auditOperations } from "./postgres-audit.ts";
import { connectionOptions, PostgresDatabase, type PostgresOptions, type Query } from "./postgres-database.ts";
import { PostgresEvents } from "./postgres-events.ts";
import { historyOperations } from "./postgres-history.ts";
import { leaseOperations } from "./postgres-leases.ts";
import { migrateAt } from "./postgres-migrate.ts";
import { putOperations } from "./postgres-put.ts";
import { queryOperations } from "./postgres-queries.ts";
import { registrationOperations } from "./postgres-registrations.ts";
import { settleOperations } from "./postgres-settle.ts";
import { stateOperations } from "./postgres-states.ts";
import { troubleOf } from "./postgres-trouble.ts";
import { BackupRefused, type Commit, type Store } from "./store.ts";

export type { PostgresOptions } from "./postgres-database.ts";

/** A sign of life that is not answered soon means that nothing is heard any more. */
const EVENTS = { statementMs: 5_000 };
/** A lane of a host that died is taken over within 15 s. */
const LEASE_MS = 10_000;

/**
 * Opens the store at an address such as `postgres://perch@db/perch?sslmode=verify-full&sslrootcert=/etc/ca.pem`, and
 * brings its schema up to date. Rejects with a sentence for people.
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<Store> {
  const { name } = readPostgresAddress(url);
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const database = new PostgresDatabase(url, options);
  // Of their own, so that a heartbeat never waits behind other work; what takes longer than a lease is of no use.
  const heart = new PostgresDatabase(url, options, { connections: 4, statementMs: leaseMs });
  const events = new PostgresEvents(connectionOptions(url, options, EVENTS));
  try {
    await migrateAt(url, options);
    await events.listen();
  } catch (cause) {
    await Promise.all([events.close(), database.close(), heart.close()]);
    throw new Error(`${name} can't be opened as a store: ${troubleOf(cause)}`, { cause });
  }
  return storeOf(name, { database, heart, events, leaseMs });
}

type Parts = { database: PostgresDatabase; heart: PostgresDatabase; events: PostgresEvents; leaseMs: number };

function storeOf(name: string, { database, heart, events, leaseMs }: Parts): Store {
  const listeners = new Set<(commit: Commit) => void>();
  const onCommit = (commit: Commit) => listeners.forEach((listener) => void listener(commit));
  const { query } = database;
  const tellLanes = (query: Query, lanes: string[]) => events.tellLanes(query, lanes);
  const { leave, ...leases } = leaseOperations(heart, leaseMs);
  return {
    name,
    leaseMs,
    // PostgreSQL stops by itself when it can't trust its disk; for us that is a store that does not answer.
    broken: new Promise(() => {}),
    ...putOperations(database, tellLanes, onCommit),
    watchCommits: (listener) => void listeners.add(listener),
    proveWritable: async () => void (await query("INSERT INTO tally_moves (state, delta) VALUES ('queued', 0)")),
    ...settleOperations(database, onCommit),
    ...stateOperations(database, tellLanes),
    ...queryOperations(database.query),
    ...registrationOperations(database, (query, kind) => events.tell(query, kind)),
    ...auditOperations(database.query),
    ...historyOperations(database.query),
    ...leases,
    subscribe: (listener) => events.subscribe(listener),
    backup: async () => {
      throw new BackupRefused("this store is kept by PostgreSQL: back it up with pg_dump, which copies it while hosts go on");
    },
    async close() {
      await events.close();
      // One that can't be reached forgets the host by itself.
      await leave().catch(() => {});
      await Promise.all([database.close(), heart.close()]);
    },
  };
}
