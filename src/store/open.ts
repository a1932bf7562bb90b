/** Finds the keeper for a store's address. */
import type { PostgresOptions } from "./postgres.ts";
import { openSqlite, type SqliteOptions } from "./sqlite.ts";
import type { Store } from "./store.ts";

export type StoreOptions = { sqlite?: SqliteOptions; postgres?: PostgresOptions };
type Opener = (rest: string, options: StoreOptions) => Promise<Store>;

/** Scheme → how to open what follows the colon. */
const OPENERS: Readonly<Record<string, Opener>> = {
  sqlite: (path, options) => openSqlite(path, options.sqlite),
  postgres: openLater,
  postgresql: openLater,
};

/** A host on SQLite loads no driver of PostgreSQL. */
async function openLater(rest: string, options: StoreOptions): Promise<Store> {
  const { openPostgres } = await import("./postgres.ts");
  return openPostgres(`postgres:${rest}`, options.postgres);
}

/** Opens the store of an address such as `sqlite:/var/lib/perch/perch.db`. Rejects with a sentence for people. */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  const open = Object.hasOwn(OPENERS, scheme) ? OPENERS[scheme] : undefined;
  if (open === undefined) throw new Error(unknownScheme(scheme));
  if (rest === "") throw new Error(`the store's address has nothing after '${scheme}:'; give it a file, as in sqlite:data/perch.db`);
  return open(rest, options);
}

/** The address itself is not repeated: it may hold a password. */
function unknownScheme(scheme: string): string {
  const known = Object.keys(OPENERS).map((name) => `${name}:`);
  const found = scheme === "" ? "has no scheme" : `begins with '${scheme}:'`;
  return `the store's address ${found}; it must begin with ${known.join(" or ")}, as in sqlite:data/perch.db`;
}
