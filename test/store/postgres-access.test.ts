/** Who may connect to the database, and how the way there is secured. */
import t from "tap";
import { openStore } from "../../src/store/open.ts";
import { readPostgresAddress } from "../../src/store/postgres-address.ts";
import { startPostgres } from "./postgres-server.ts";
import { endConnections, secure, setPassword } from "./secure-postgres.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());
const plain = new URL(await server.createDatabase());
const ca = await secure(server, "first-password");
const address = (host: string, options: string) => `postgres://perch@${host}:${plain.port}${plain.pathname}${options}`;
const knowing = (password: string) => ({ postgres: { password: () => password } });
const verified = address("localhost", `?sslmode=verify-full&sslrootcert=${ca}`);

t.test("with the password and the authority the way is open, and it is TLS", async (t) => {
  for (const options of [
    `?sslmode=verify-full&sslrootcert=${ca}`,
    `?sslrootcert=${ca}`,
    `?sslmode=verify-ca&sslrootcert=${ca}`,
    "?sslmode=require",
  ]) {
    const store = await openStore(address("localhost", options), knowing("first-password"));
    t.equal(store.name, `postgres://perch@localhost:${plain.port}${plain.pathname}`);
    await store.proveWritable();
    await store.close();
  }
});

const REFUSED: [what: string, url: string, password: string, says: RegExp][] = [
  ["a wrong password", verified, "wrong-password", /password authentication failed.*store\.password in the credentials file/],
  ["no password", verified, "", /store\.password in the credentials file/],
  ["no TLS", address("localhost", ""), "first-password", /no encryption.*takes encrypted connections only/],
  ["an authority that nobody named", address("localhost", "?sslmode=verify-full"), "first-password", /certificate.*sslrootcert must name/i],
  [
    "a certificate of another name",
    verified.replace("localhost", "127.0.0.1"),
    "first-password",
    /127\.0\.0\.1.*Name the host in `store` as its certificate does/,
  ],
  ["a database that is not there", verified.replace(plain.pathname, "/nowhere"), "first-password", /does not exist.*createdb/],
  [
    "a file that is not there",
    address("localhost", "?sslrootcert=/nowhere/ca.pem"),
    "first-password",
    /names \/nowhere\/ca\.pem as sslrootcert/,
  ],
];
for (const [what, url, password, says] of REFUSED)
  t.test(`${what} is refused with what to do, and without a secret`, async (t) => {
    const refusal = await openStore(url, knowing(password)).catch((cause: Error) => cause);
    t.ok(refusal instanceof Error);
    t.match(String(refusal), says);
    if (password !== "") t.notMatch(String(refusal), password);
  });

t.test("a name with the certificate's by verify-ca only is let in", async () => {
  const store = await openStore(address("127.0.0.1", `?sslmode=verify-ca&sslrootcert=${ca}`), knowing("first-password"));
  await store.close();
});

t.test("a password that changes is used by the next connection, and those that are open go on", async (t) => {
  let password = "first-password";
  const store = await openStore(verified, { postgres: { password: () => password } });
  await store.proveWritable();
  await setPassword(server, "second-password");
  await store.proveWritable();
  await endConnections(server);
  await t.rejects(
    untilConnected(() => store.proveWritable()),
    { message: /password authentication failed/ },
  );
  password = "second-password";
  await untilConnected(() => store.proveWritable());
  await store.close();
  await setPassword(server, "first-password");
});

/** The first may get a connection that the database has ended. */
const untilConnected = (work: () => Promise<void>) =>
  work().catch((cause: Error) => (/terminat/.test(cause.message) ? work() : Promise.reject(cause)));

t.test("an address says all of it: nothing comes out of the environment", async (t) => {
  t.match(readPostgresAddress("postgres://perch@db.example/perch"), {
    host: "db.example",
    port: 5432,
    ssl: false,
    local: false,
    password: undefined,
  });
  t.match(readPostgresAddress("postgres://perch@localhost/perch?host=/run/postgresql"), { host: "/run/postgresql", local: true });
  t.match(readPostgresAddress("postgres://a%40b:p%2Fw@[::1]:5433/x%20y"), {
    user: "a@b",
    password: "p/w",
    host: "::1",
    port: 5433,
    database: "x y",
  });
  for (const wrong of [
    "postgres://db.example/perch",
    "postgres://perch@db.example",
    "postgres://perch@db/x?sslmode=prefer",
    "postgres://perch@db/x?password=MARK",
    "postgres://u:MARK@db/?sslmod=1",
    "postgres://u:MARK@ho st/x",
  ])
    t.throws(() => readPostgresAddress(wrong), { message: /^the store's address ((?!MARK).)*$/ }, wrong);
});
