/** Reads the address of a database: who, where, and how the way there is secured. */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import type pg from "pg";

export type PostgresAddress = Pick<pg.ClientConfig, "host" | "port" | "user" | "database" | "ssl"> & {
  /** For people: without password and options. */
  name: string;
  /** One that stands in the address. */
  password: string | undefined;
  /** The way there does not leave this machine. */
  local: boolean;
};

const OPTIONS = ["host", "sslmode", "sslrootcert", "sslcert", "sslkey"];
/** As libpq names them (PostgreSQL manual, 32.18); `allow` and `prefer` would fall back to no TLS without a word. */
const MODES = ["disable", "require", "verify-ca", "verify-full"];

/**
 * `postgres://user@host:port/database?sslmode=verify-full&sslrootcert=/etc/ca.pem`; `host` may also be given as an option,
 * as a folder of a Unix socket. Everything is said here, so that nothing comes out of the environment (PGSSLMODE, PGHOST).
 * Throws a sentence for people, without a secret.
 */
export function readPostgresAddress(url: string): PostgresAddress {
  if (!URL.canParse(url)) throw new Error("the store's address can't be read; it looks like postgres://user@host/database");
  const { username, password, hostname, port, pathname, searchParams } = new URL(url);
  for (const option of searchParams.keys())
    if (!OPTIONS.includes(option)) throw new Error(`the store's address has the option ${option}; there are ${OPTIONS.join(", ")}`);
  const host = searchParams.get("host") ?? (decodeURIComponent(hostname).replace(/^\[(.*)\]$/, "$1") || "localhost");
  const user = decodeURIComponent(username);
  const database = decodeURIComponent(pathname.slice(1));
  if (user === "" || database === "")
    throw new Error("the store's address lacks the user or the database; it looks like postgres://user@host/database");
  return {
    host,
    port: port === "" ? 5432 : Number(port),
    user,
    database,
    ssl: tlsOf(searchParams, host),
    password: password === "" ? undefined : decodeURIComponent(password),
    local: host.startsWith("/") || host === "localhost" || host === "::1" || host.startsWith("127."),
    name: `postgres://${username}@${host}${port === "" ? "" : `:${port}`}${pathname}`,
  };
}

/** The files are read once: a host that is to use other ones is started again. */
function tlsOf(options: URLSearchParams, host: string): false | ConnectionOptions {
  const [ca, cert, key] = ["sslrootcert", "sslcert", "sslkey"].map((option) => contentOf(option, options.get(option)));
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const mode = options.get("sslmode") ?? (Object.keys(files).length > 0 ? "verify-full" : "disable");
  if (!MODES.includes(mode)) throw new Error(`the store's address has sslmode=${mode}; there are ${MODES.join(", ")}`);
  if (mode === "disable") return false;
  if (mode === "verify-full")
    return { ...files, checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate), ...named(host) };
  if (mode === "verify-ca" && !ca) throw new Error("sslmode=verify-ca needs sslrootcert: any public authority would do without it");
  // With an authority libpq's `require` is `verify-ca`.
  return ca ? { ...files, checkServerIdentity: () => undefined } : { ...files, rejectUnauthorized: false };
}

/** RFC 6066, section 3: a server's name is no address. */
const named = (host: string): ConnectionOptions => (isIP(host) === 0 ? { servername: host } : {});

function contentOf(option: string, file: string | null): string | undefined {
  if (file === null) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(
      `the store's address names ${file} as ${option}, which can't be read: ${cause instanceof Error ? cause.message : cause}`,
    );
  }
}
