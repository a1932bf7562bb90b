/** Turns on TLS and passwords at a test's PostgreSQL. */
import { execFileSync } from "node:child_process";
import { chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { PostgresServer } from "./postgres-server.ts";

/** How the administrator of the database comes in without a password: through its Unix socket. */
async function administer(server: PostgresServer, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ host: server.folder, port: server.port, user: "perch", database: "postgres" });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

export const setPassword = (server: PostgresServer, password: string): Promise<void> =>
  administer(server, `ALTER USER perch PASSWORD '${password}'`);

/** Ends every connection but its own, as a database that restarts does. */
export const endConnections = (server: PostgresServer): Promise<void> =>
  administer(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname LIKE 'perch%'");

/** From now on TCP needs the password, and TLS with a certificate for `localhost`; answers the authority's file. */
export async function secure(server: PostgresServer, password: string, tls = true): Promise<string> {
  const data = join(server.folder, "data");
  const { uid, gid } = statSync(data);
  const own = (name: string, text?: string) => {
    const file = join(data, name);
    if (text !== undefined) writeFileSync(file, text, { mode: 0o600 });
    chownSync(file, uid, gid);
  };
  const openssl = (...words: string[]) => execFileSync("openssl", words, { cwd: data, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority", "-days", "2");
  openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  own("names", "subjectAltName=DNS:localhost\n");
  const sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2"];
  openssl("x509", "-req", "-in", "server.csr", ...sign, "-out", "server.pem");
  for (const file of ["server.key", "server.pem"]) own(file);
  own("pg_hba.conf", `local all all trust\n${tls ? "hostssl" : "host"} all all 127.0.0.1/32 scram-sha-256\n`);
  await setPassword(server, password);
  const settings = tls ? ["ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'", "ssl = on"] : [];
  await administer(server, ...settings.map((setting) => `ALTER SYSTEM SET ${setting}`), "SELECT pg_reload_conf()");
  return join(data, "ca.pem");
}
