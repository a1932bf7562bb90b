/** Looks at a store in PostgreSQL: one connection, one transaction that can't write. */
import pg from "pg";
import type { StoreInspection } from "./inspect.ts";
import { readPostgresAddress } from "./postgres-address.ts";
import { connectionOptions, type Query } from "./postgres-database.ts";
import { newestVersion, readSchema } from "./postgres-migrate.ts";
import { ACCOUNT, type AccountRow, REGISTRATION, type RegistrationRow } from "./postgres-rows.ts";
import { troubleOf } from "./postgres-trouble.ts";
import type { HostCard } from "./store.ts";

type Served = Extract<StoreInspection, { state: "served" }>;

const SERVER = `SELECT current_setting('server_version') AS server, pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS "readOnly",
  coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls`;
const NOW = "SELECT extract(epoch FROM clock_timestamp())::double precision * 1000 AS now";
const HOSTS = `SELECT card FROM hosts WHERE seen_at > clock_timestamp() - interval '1 minute' ORDER BY card->>'startedAt', id`;

/** `wall`: this machine's clock, in milliseconds. Never rejects. */
export async function inspectPostgres(url: string, password: () => string | undefined, wall: () => number): Promise<StoreInspection> {
  let client: pg.Client | undefined;
  let name = "the store";
  try {
    const address = readPostgresAddress(url);
    name = address.name;
    client = new pg.Client(connectionOptions(url, { password, applicationName: "perch-doctor" }));
    // What breaks the connection fails the statement that is under way.
    client.on("error", () => {});
    await client.connect();
    return { state: "served", name, local: address.local, ...(await look(client, wall)) };
  } catch (cause) {
    return { state: "unreachable", cause: `${name}: ${troubleOf(cause)}` };
  } finally {
    await client?.end().catch(() => {});
  }
}

async function look(client: pg.Client, wall: () => number): Promise<Omit<Served, "state" | "name" | "local">> {
  const query: Query = async <Row extends pg.QueryResultRow>(sql: string) => (await client.query<Row>(sql)).rows;
  await query("BEGIN READ ONLY");
  const [server] = await query<Pick<Served, "server" | "readOnly" | "tls">>(SERVER);
  const askedAt = wall();
  const [answer] = await query<{ now: number }>(NOW);
  // It answered somewhere in between.
  const aheadMs = (askedAt + wall()) / 2 - (answer?.now ?? 0);
  const { version, compatible } = await readSchema(query);
  const newest = newestVersion();
  const about = {
    server: server?.server ?? "",
    readOnly: server?.readOnly ?? false,
    tls: server?.tls ?? false,
    aheadMs,
    version,
    newest,
    compatible,
  };
  const readable = version > 0 && compatible <= newest;
  return {
    ...about,
    registrations: readable ? await query<RegistrationRow>(`SELECT ${REGISTRATION} FROM registrations ORDER BY created_at, id`) : [],
    accounts: readable ? await query<AccountRow>(`SELECT ${ACCOUNT} FROM accounts ORDER BY lane`) : [],
    hosts: readable ? (await query<{ card: HostCard }>(HOSTS)).map(({ card }) => card) : [],
  };
}
