/** Connections to PostgreSQL: time-outs, prepared statements, transactions, and what an error of it means. */
import type { Duplex } from "node:stream";
import pg from "pg";
import { readPostgresAddress } from "./postgres-address.ts";
import { LeaseLost, StoreUnavailable } from "./store.ts";

export type PostgresOptions = {
  /** Asked for each connection, so that a password may change meanwhile; one that it knows wins over one in the address. */
  password?: () => string | undefined;
  /** How long a lease lives without a heartbeat, in milliseconds. */
  leaseMs?: number;
  applicationName?: string;
};

/** Runs one statement; `values` fill $1, $2, … Answers its rows. */
export type Query = <Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;

type Transaction = <T>(run: (query: Query) => Promise<T>, options?: { early?: boolean }) => Promise<T>;
/** What may be done with a database. */
export type Access = { query: Query; transaction: Transaction };

/** How many connections there are at most, and how long one statement may take. */
export type Limits = { connections: number; statementMs: number };
const ORDINARY: Limits = { connections: 10, statementMs: 15_000 };
const LOCK_MS = 5_000;
/** A host that was stopped inside a transaction is cut off before others give up waiting for what it has locked. */
const IDLE_MS = LOCK_MS - 1_000;
const CONNECT_MS = 5_000;
/** When the server says nothing at all: a little longer than it would itself take to give up. */
const SILENCE_MS = 5_000;
/**
 * Every statement has its index. Without this a plan that was made while a table was small reads all of it, again and
 * again, until PostgreSQL has counted the rows anew (a minute and more): just when a broadcast has made it large.
 * A plan that can't do without reading a small table then looks so costly that PostgreSQL would compile it, for a second.
 */
const PLANNING = "-c enable_seqscan=off -c jit=off";
/**
 * Whatever the server's default: a COMMIT answers when it is on the disk, and on that of the standby that
 * synchronous_standby_names names.
 */
const DURABILITY = "-c synchronous_commit=on";
/**
 * Ends a transaction that let its locks go before it was on the disk. The log is written in order, so that what commits
 * durably after it takes it along (PostgreSQL manual, 30.4 Asynchronous Commit). The row is swept with the tallies.
 */
const FLUSH = "INSERT INTO tally_moves (state, delta) VALUES ('queued', 0)";

/** By it one sees in pg_stat_activity who works on the database. */
export const APPLICATION = "perch";

/** bigint (oid 20) as a number: sequences and tokens stay far below 2^53. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text") =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** Throws a sentence for people where the address is wrong. */
export function connectionOptions(
  url: string,
  { password, applicationName = APPLICATION }: PostgresOptions,
  { statementMs }: Pick<Limits, "statementMs"> = ORDINARY,
): pg.ClientConfig {
  const { name: _, local: _local, password: inAddress, ...address } = readPostgresAddress(url);
  return {
    ...address,
    // Always a function: else the driver would look for PGPASSWORD and ~/.pgpass. An empty one is refused in plain words.
    password: () => password?.() ?? inAddress ?? "",
    application_name: applicationName,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: statementMs + SILENCE_MS,
    types: TYPES,
    options: `-c statement_timeout=${statementMs} -c lock_timeout=${LOCK_MS} -c idle_in_transaction_session_timeout=${IDLE_MS} ${PLANNING} ${DURABILITY}`,
  };
}

export class PostgresDatabase {
  readonly #pool: pg.Pool;
  readonly #names = new Map<string, string>();
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(url: string, options: PostgresOptions, limits: Limits = ORDINARY) {
    this.#pool = new pg.Pool({ ...connectionOptions(url, options, limits), max: limits.connections, pipeline: true });
    // A connection that breaks while nobody uses it is replaced by the next that is asked for; one that breaks in use
    // says so to whoever uses it. Either would also end the process where nobody listens.
    this.#pool.on("error", () => {});
    this.#pool.on("connect", (client) => void client.on("error", () => {}));
  }

  /** One statement, a transaction by itself. */
  query: Query = (sql, values = []) => this.#tracked(() => this.#own.query(sql, values));

  /**
   * All of it or nothing. A statement that `run` does not await goes on the way together with the next one, since each
   * way to the database and back costs more than what is done there; all of them have succeeded when this resolves.
   * `early`: its locks are let go, and others see what it did, before it is on the disk; this resolves when it is.
   */
  transaction: Transaction = (run, options) => this.#tracked(() => this.#own.transaction(run, options));

  /** Several of these that belong together: a store that is closed meanwhile waits for all of them. */
  work = <T>(run: (database: Access) => Promise<T>): Promise<T> => this.#tracked(() => run(this.#own));

  readonly #own: Access = {
    query: (sql, values = []) => this.#use((query) => query(sql, values)),
    transaction: (run, { early = false } = {}) =>
      this.#use(async (query) => {
        const sent: Promise<unknown>[] = [];
        // Of several that fail, the first one tells why; the others only say that the transaction is aborted.
        let first: unknown;
        const send: Query = (sql, values) => {
          const answer = query<never>(sql, values);
          answer.catch((cause: unknown) => {
            first ??= cause;
          });
          sent.push(answer);
          return answer;
        };
        void send("BEGIN");
        if (early) void send("SET LOCAL synchronous_commit = off");
        const result = await run(send).catch((cause: unknown) => Promise.reject(first ?? cause));
        // Where a statement before it has failed, PostgreSQL takes this for ROLLBACK.
        void send("COMMIT");
        if (early) void send(FLUSH);
        await Promise.all(sent);
        return result;
      }),
  };

  /** Lets what was asked before end. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#running);
    await this.#pool.end();
  }

  #tracked<T>(run: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(unavailable(new Error("the store is closed"), false));
    const running = run();
    this.#running.add(running);
    const forget = () => void this.#running.delete(running);
    running.then(forget, forget);
    return running;
  }

  async #use<T>(run: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: unknown) => Promise.reject(meaningOf(cause)));
    let failure: unknown;
    try {
      return await run(async (sql, values = []) => {
        gather(client.connection.stream);
        const asked = client.query({ name: this.#nameOf(sql), text: sql, values: [...values] });
        return (await asked.catch((cause: unknown) => Promise.reject(meaningOf(cause)))).rows;
      });
    } catch (cause) {
      failure = cause;
      // What did not come from the database would go wrong again.
      throw cause instanceof StoreUnavailable || cause instanceof LeaseLost ? cause : unavailable(asError(cause), false);
    } finally {
      // With a transaction that is open, or an answer that is still on its way, a connection is of no use to anybody.
      client.release(failure !== undefined);
    }
  }

  /** A statement with a name is parsed once on each connection. */
  #nameOf(sql: string): string {
    const name = this.#names.get(sql) ?? `perch_${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

/** What is asked in the same turn of the event loop leaves in one write, since each costs a call of the system. */
function gather(stream: Duplex): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** Classes of SQLSTATE that say something of the data and nothing of the database (PostgreSQL manual, appendix A). */
const OF_THE_DATA = /^(22|23|42|54|P0)/;
export const codeOf = (cause: unknown): string => (cause instanceof Error && "code" in cause ? String(cause.code) : "");
/** Two transactions that wait for each other: one was given up, and may simply be done again. */
export const isDeadlock = (cause: unknown): boolean =>
  ["40P01", "40001"].includes(codeOf(cause instanceof StoreUnavailable ? cause.cause : cause));
export const isOfTheData = (cause: unknown): boolean =>
  cause instanceof StoreUnavailable && !cause.mayPass && OF_THE_DATA.test(codeOf(cause.cause));

function meaningOf(cause: unknown): Error {
  return unavailable(asError(cause), !OF_THE_DATA.test(codeOf(cause)));
}

export const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

const unavailable = (cause: Error, mayPass: boolean): StoreUnavailable =>
  new StoreUnavailable(`the store is not available: ${cause.message}`, { cause, mayPass });
