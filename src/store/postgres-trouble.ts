/** What keeps a host from its database, with what to do about it. */
import { StoreUnavailable } from "./store.ts";

/** By SQLSTATE (PostgreSQL manual, appendix A), the code of Node, or what the driver says where it has no code. */
const ADVICE: readonly (readonly [sign: RegExp, advice: string])[] = [
  [/no encryption/, "It takes encrypted connections only: add ?sslmode=verify-full&sslrootcert=FILE to the address."],
  [
    /^28|password must be a (non-empty )?string/,
    "Give the user's password as store.password in the credentials file, and look at pg_hba.conf of the database.",
  ],
  [/^3D000/, "Create it first, owned by the user of the address: createdb -O USER DATABASE"],
  [/^42501/, "The user must be able to make tables: let it own the database, or GRANT CREATE ON SCHEMA public."],
  [/^25006/, "It is a copy that can only be read: name the primary in `store`."],
  [/^53300/, "It has too few connections: each host takes up to 15; raise max_connections."],
  [/^55P03/, "Another host is changing the tables, or `perch store copy` is at work: start again when it is done."],
  [/^(ECONNREFUSED|ENOENT|ECONNRESET|57P)/, "Is PostgreSQL up, and does it listen there?"],
  [/^(ENOTFOUND|EAI_AGAIN)/, "No such name is known here: correct the host in `store`."],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)|timeout/i, "Is the host of the address right, and does a firewall let this machine through?"],
  [/does not support SSL/, "Turn TLS on there (ssl = on), or take sslmode out of `store`."],
  [/^ERR_TLS_CERT_ALTNAME/, "Name the host in `store` as its certificate does."],
  [/CERT|SELF_SIGNED|UNABLE_TO/, "sslrootcert must name a file with the authority that signed the database's certificate."],
];

/** A sentence with its advice. Holds no secret: neither PostgreSQL nor the driver repeats a password. */
export function troubleOf(cause: unknown): string {
  const inner = cause instanceof StoreUnavailable ? cause.cause : cause;
  // A name with several addresses: each has its own failure.
  if (inner instanceof AggregateError) return troubleOf(inner.errors[0]);
  const message = (inner instanceof Error ? inner.message : String(inner)).replace(/\.$/, "");
  const code = inner instanceof Error && "code" in inner ? String(inner.code) : "";
  const advice = ADVICE.find(([sign]) => sign.test(code) || sign.test(message))?.[1];
  return advice === undefined ? message : `${message}. ${advice}`;
}
