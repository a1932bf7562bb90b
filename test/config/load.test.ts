import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { digestFiles } from "../../src/config/digest-files.ts";
import { formatProblem, type LoadedConfig, loadConfig } from "../../src/config/load.ts";
import { secretValues } from "../../src/config/secret-values.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");
const CREDENTIALS = `vault: { keys: [ { id: "1", key: ${KEY} } ] }
clients: [ { name: a, role: admin, password: marked-secret-1 } ]
`;
/** Three lines, so that what a case adds begins on line 4. */
const HEAD = "credentials: ./c.yaml\nplugins:\n  - module: twitter\n";
const ENVIRONMENT = { PORT: "4711", WORD: "marked-secret-2", YES: "true", EMPTY: "", HALF: "1.5" };

type Files = { config: string; credentials?: string };

async function load(folder: string, { config, credentials = CREDENTIALS }: Files) {
  await writeFile(join(folder, "perch.yaml"), config);
  await writeFile(join(folder, "c.yaml"), credentials);
  await chmod(join(folder, "c.yaml"), 0o600);
  return loadConfig(join(folder, "perch.yaml"), ENVIRONMENT);
}

async function problemsOf(folder: string, files: Files): Promise<string[]> {
  const result = await load(folder, files);
  return result.ok ? [] : result.problems.map((problem) => formatProblem(problem, folder).replaceAll(`${folder}/`, ""));
}

async function loadedFrom(folder: string, files: Files): Promise<LoadedConfig> {
  const result = await load(folder, files);
  if (!result.ok) throw new Error(result.problems.map((problem) => formatProblem(problem)).join("\n"));
  return result.loaded;
}

const LEVELS =
  '"trace", "debug", "info", "warn", "error", "fatal", "silent", "SEVERE", "WARNING", "INFO", "CONFIG", "FINE", "FINER", "FINEST", "OFF", "ALL"';
const EXPOSED =
  "server.host is not a loopback address: passwords would cross the network in the clear; " +
  "add server.tls, or server.insecure: true behind a proxy that does TLS";
const INDENT = "this line is not indented like the lines that it belongs to, or a bracket before it is not closed";
const MISSING = "something is missing here: a closing quote, bracket or brace, a comma, or the blank after a colon";
const UNEXPECTED = "this was not expected here; is a quote, comma or line break missing?";

/** What follows HEAD, or the whole file where it begins with "!", and what is said of it. */
const WRONG_CONFIGS: [string, ...string[]][] = [
  ["!", "1:1: the file is empty"],
  ["!# only a comment\n", "1:1: the file is empty"],
  ["!- 1\n", "1:1: the file must be a map of keys, not a list"],
  ["!text\n", "1:1: the file must be a map of keys, not a text"],
  ["!credentials: ./c.yaml\n", '1:1: missing key "plugins"'],
  ["!plugins: []\n", '1:1: missing key "credentials"'],
  ["!credentails: ./c.yaml\nplugins: []\n", '1:1: unknown key "credentails": did you mean "credentials"?'],
  ["!credentials: ./c.yaml\nplugins: twitter\n", "2:10: plugins must be a list, not a text"],
  ["!credentials: ./c.yaml\nplugins:\n", "2:1: plugins must be a list, not empty"],
  ["!credentials: ./c.yaml\nplugins:\n  - twitter\n", "3:5: plugins[0] must be a map of keys, not a text"],
  ["!credentials: ./c.yaml\nplugins:\n  - threads: 2\n", '3:5: missing key "module" in plugins[0]'],
  // The parser's own count of lines misses those inside what it did not expect.
  ["!  a: 1\nb: 2\n  c: 3\n\n  d: 4\n\ne: 5\n", `2:1: ${UNEXPECTED}`, `3:4: ${UNEXPECTED}`, `5:4: ${UNEXPECTED}`, `7:1: ${UNEXPECTED}`],
  ["!credentials: ''\nplugins: []\n", "1:14: credentials must not be empty"],
  [
    "!credentials: ./none.yaml\nplugins: []\n",
    "1:14: the credentials file none.yaml does not exist: restore it from a backup, since the stored tokens open only with its vault keys; only for a new installation create it with `perch credentials init`",
  ],
  ["!a: [1\n", `2:1: ${INDENT}`],
  ["!%YAML 1.1\n---\ncredentials: ./c.yaml\nplugins: []\n", "1:1: the file must be YAML 1.2"],
  ["    thraeds: 3\n", '4:5: unknown key "thraeds": did you mean "threads"?'],
  ["    threads: 0\n", "4:14: plugins[0].threads must be a whole number from 1 to 64"],
  ["    threads: 1.5\n", "4:14: plugins[0].threads must be a whole number from 1 to 64, not a fraction"],
  ["    filterApiTimeoutSeconds: 301\n", "4:30: plugins[0].filterApiTimeoutSeconds must be a whole number from 1 to 300"],
  ["    maxMemoryMb: much\n", "4:18: plugins[0].maxMemoryMb must be a whole number from 16 to 65536, not a text"],
  ["    userDefined: []\n", "4:18: plugins[0].userDefined must be a map of keys, not a list"],
  ["  - module: ./elsewhere/twitter.ts\n", "4:13: another plug-in has this name (line 3)"],
  ["server: { PORT: 1 }\n", '4:11: unknown key "PORT": did you mean "port"?'],
  ["server: { colour: 1 }\n", '4:11: unknown key "colour" in server'],
  ["server:\n  port: eighty\n", "5:9: server.port must be a whole number from 0 to 65535, not a text"],
  ["server:\n  port:\n", "5:3: server.port must be a whole number from 0 to 65535, not empty"],
  ["server:\n  port: .nan\n", "5:9: server.port must be a whole number from 0 to 65535, not a fraction"],
  ["server:\n  port: 99999\n  prot: 1\n", "5:9: server.port must be a whole number from 0 to 65535", '6:3: unknown key "prot" in server'],
  ["server:\n  host: 0.0.0.0\n", `5:9: ${EXPOSED}`],
  ['server: { host: "::" }\n', `4:17: ${EXPOSED}`],
  ["server: { insecure: 'yes' }\n", "4:21: server.insecure must be true or false, not a text"],
  ["server: { publicUrl: perch.example.com }\n", "4:22: server.publicUrl must be an http:// or https:// address"],
  ["server:\n  tls:\n", '5:3: missing key "certFile" in server.tls', '5:3: missing key "keyFile" in server.tls'],
  [
    "server:\n  tls: { certFile: ./x.pem, keyFile: . }\n",
    "5:20: server.tls.certFile names x.pem, which does not exist",
    "5:38: server.tls.keyFile names FOLDER, which is not a file",
  ],
  [
    "server:\n  tls: { certFile: ./c.yaml, keyFile: ./c.yaml }\n",
    "5:3: server.tls: these files are not PEM, or the key does not fit the certificate",
  ],
  ["server: { stopTimeoutSeconds: -1 }\n", "4:31: server.stopTimeoutSeconds must be a number from 0 to 3600"],
  ["store: mysql://user:marked-secret-3@host/db\n", "4:8: store must be sqlite:PATH or postgres://user@host/db"],
  ["aliases: { A: 1 }\n", "4:15: aliases.A must be a text, not a number: put it in quotes"],
  [
    "outbox: { maxAgeHours: 0, maxQueued: 0 }\n",
    "4:24: outbox.maxAgeHours must be a number above 0 and at most 8760",
    "4:38: outbox.maxQueued must be a whole number of at least 1",
  ],
  ["log: { level: loud, format: xml }\n", `4:15: log.level must be one of ${LEVELS}`, '4:29: log.format must be one of "json", "ar"'],
  ["log: { plugins: { twitter: 3 } }\n", `4:28: log.plugins.twitter must be one of ${LEVELS}`],
  ["a: 1\na: 2\n", "5:1: this key stands here twice"],
  ["x: *marked-secret-4\n", "4:4: an alias (*name) without its anchor (&name); a text that begins with * needs quotes"],
  ["x: !marked-secret-5 abc\n", "4:4: tags (!name) are not used here; a text that begins with ! needs quotes"],
  ["x: &a [*a]\n", "1:1: the file is nested too deeply, or an alias contains itself"],
  ["server:\n\tport: 1\n", "5:1: tabs can't indent: use blanks"],
  ["server:\n   port: 1\n  host: x\n", `6:1: ${INDENT}`],
  ['log: "abc\n', `5:1: ${MISSING}`],
  ["---\nb: 1\n", "4:1: a second document (---) begins here; a file holds one"],
  ["? [a]\n: b\n", "4:3: a key must be a text"],
  ["__proto__: { a: 1 }\nconstructor: 2\n", "4:1: unknown key", '5:1: unknown key "constructor"'],
  ["marked-secret-6:\n", "4:1: unknown key"],
  [`server: { port: \${env:PORT} }\n`, `4:18: ${UNEXPECTED}; inside { } and [ ] a reference needs quotes: "\${env:NAME}"`],
  [
    `server:\n  port: \${env:WORD}\n`,
    "5:9: server.port must be a whole number from 0 to 65535, not a text; look at what the reference holds",
  ],
  [
    `server:\n  port: \${env:HALF}\n`,
    "5:9: server.port must be a whole number from 0 to 65535, not a fraction; look at what the reference holds",
  ],
  [`server:\n  port: \${env:NOPE}\n`, "5:9: the environment variable NOPE is not set"],
  [`server:\n  host: \${env:}\n`, `5:9: \${env:NAME} needs the name of an environment variable`],
  [`server:\n  host: \${env:EMPTY}\n`, "5:9: server.host must not be empty"],
  [`server:\n  host: \${file:./nope}\n`, "5:9: the file nope that is referred to does not exist"],
  [`server:\n  host: \${evn:PORT}\n`, `5:9: this reference is not known: there are \${env:NAME} and \${file:PATH}`],
  [`server:\n  host: \${env:PORT\n`, "5:9: a reference (${…) lacks its closing brace"],
];

const WRONG_CREDENTIALS: [string, ...string[]][] = [
  ["", "1:1: the file is empty"],
  ["vault:\n", '1:1: missing key "clients"', '1:1: missing key "keys" in vault'],
  [CREDENTIALS.replace("marked-secret-1", "12345678"), "2:46: clients[0].password must be a text, not a number: put it in quotes"],
  [CREDENTIALS.replace("marked-secret-1", "{marked-secret-1}"), "2:46: clients[0].password must be a text, not a map of keys"],
  [CREDENTIALS.replace("marked-secret-1", "@marked-secret-1"), "2:46: a text that begins with this character needs quotes"],
  [
    CREDENTIALS.replace("marked-secret-1", '"marked-secret-1\\q"'),
    "2:62: this escape (\\…) is not known; in single quotes a backslash is just a character",
  ],
  [CREDENTIALS.replace("marked-secret-1", "scrypt$1$marked-secret-1"), "2:46: this is not a whole hash of `perch credentials hash`"],
  [CREDENTIALS.replace("role: admin", "role: root"), '2:29: clients[0].role must be one of "workflow", "operator", "admin"'],
  [CREDENTIALS.replace("name: a", "name: 'a:b'"), "2:20: clients[0].name must be 1 to 255 characters without a colon"],
  [CREDENTIALS.replace("{ name", "{ name: a, role: admin, password: p },\n  { name"), "3:11: another client has this name (line 2)"],
  [
    CREDENTIALS.replace('id: "1"', "id: 1"),
    '1:24: vault.keys[0].id must be a text of letters, digits, "-" and "_", not a number: put it in quotes',
  ],
  [CREDENTIALS.replace(KEY, "marked-secret-7"), "1:34: vault.keys[0].key must be 32 bytes in base64 (openssl rand -base64 32)"],
  [CREDENTIALS.replace("} ] }", `}, { id: "1", key: ${KEY} } ] }`), "1:88: another key has this id (line 1)"],
  [`${CREDENTIALS}plugins:\n  twitter: marked-secret-8\n`, "4:12: plugins.twitter must be a map of keys, not a text"],
  // What stands where a key belongs may be a secret, or have run into one.
  [`${CREDENTIALS}marked-secret-9: with a colon\n`, "3:1: unknown key"],
  [CREDENTIALS.replace("password: ", "password"), '2:12: missing key "password" in clients[0]', "2:36: unknown key in clients[0]"],
  [CREDENTIALS.replace("password: marked-secret-1", "password: p, pamarked-secret-1: x"), "2:49: unknown key in clients[0]"],
  [`${CREDENTIALS}pluings: {}\n`, '3:1: unknown key "pluings": did you mean "plugins"?'],
];

t.test("each wrong configuration is told at its line and column", async (t) => {
  const folder = t.testdir();
  for (const [text, ...expected] of WRONG_CONFIGS) {
    const config = text.startsWith("!") ? text.slice(1) : HEAD + text;
    const found = (await problemsOf(folder, { config })).map((line) => line.replace(folder, "FOLDER"));
    t.strictSame(
      found,
      expected.map((line) => `perch.yaml:${line}`),
      JSON.stringify(text),
    );
    t.notMatch(found.join(), /marked-secret/, "shows no value");
  }
});

t.test("each wrong credentials file is told at its line and column", async (t) => {
  const folder = t.testdir();
  for (const [credentials, ...expected] of WRONG_CREDENTIALS) {
    const found = await problemsOf(folder, { config: HEAD, credentials });
    t.strictSame(
      found,
      expected.map((line) => `c.yaml:${line}`),
      JSON.stringify(credentials),
    );
    t.notMatch(found.join(), /marked-secret/, "shows no value");
  }
});

t.test("problems of both files are reported at once", async (t) => {
  const found = await problemsOf(t.testdir(), { config: `${HEAD}stroe: x\n`, credentials: "clients: []\n" });
  t.strictSame(found, [
    'perch.yaml:4:1: unknown key "stroe": did you mean "store"?',
    'c.yaml:1:1: missing key "vault"',
    "c.yaml:1:10: clients must have at least 1 entry",
  ]);
});

t.test("a file that is no text file is told as such", async (t) => {
  const folder = t.testdir({
    "latin1.yaml": Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]),
    "large.yaml": "a".repeat(1024 * 1024 + 1),
    sub: {},
  });
  const first = async (file: string): Promise<string> => {
    const result = await loadConfig(join(folder, file), {});
    return result.ok ? "ok" : (result.problems[0]?.message ?? "");
  };
  t.equal(await first("none.yaml"), "the file does not exist");
  t.equal(await first("sub"), "the file is a folder, not a file");
  t.equal(await first("latin1.yaml"), "the file is not UTF-8");
  t.equal(await first("large.yaml"), "the file is larger than 1 MiB");
  t.equal(await first("large.yaml/x"), "the file does not exist (a part of its path is not a folder)");
});

t.test("credentials that others can read are refused with the command to type", async (t) => {
  const folder = t.testdir();
  await load(folder, { config: HEAD });
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    await chmod(join(folder, "c.yaml"), mode);
    const result = await loadConfig(join(folder, "perch.yaml"), {});
    const [problem] = result.ok ? [] : result.problems;
    const expected = `group or others can use this file (mode ${mode.toString(8)}): run \`chmod 600 ${join(folder, "c.yaml")}\``;
    t.equal(problem?.message, expected);
    t.equal(problem?.file, join(folder, "c.yaml"));
  }
});

t.test("what is left out has the default of the contract, and paths start from the file they stand in", async (t) => {
  const folder = t.testdir({ conf: {} });
  const { config } = await loadedFrom(join(folder, "conf"), { config: HEAD });
  t.match(config, {
    server: { host: "127.0.0.1", port: 9999, socket: join(folder, "data/perch.sock"), insecure: false, stopTimeoutSeconds: 15 },
    store: `sqlite:${join(folder, "data/perch.db")}`,
    credentials: join(folder, "conf/c.yaml"),
    plugins: [{ module: "twitter", name: "twitter", filterApiTimeoutSeconds: 40, threads: 1, maxMemoryMb: 256, userDefined: {} }],
    aliases: {},
    outbox: { maxQueued: 100_000, maxAgeHours: 24, dedupeHours: 24, retentionDays: 90 },
    log: { level: "info", plugins: {} },
  });
  t.match(config.plugins[0]?.moduleFile, /\/plugins\/twitter\/index\.ts$/);
});

t.test("references are filled in, converted where a number is due, and their files are watched", async (t) => {
  const folder = t.testdir({ "host.txt": "localhost\n", "password.txt": `\${env:WORD} "q"\r\n` });
  const config = `${HEAD}server:\n  port: \${env:PORT}\n  host: \${file:./host.txt}\n  insecure: \${env:YES}\n  publicUrl: http://\${file:host.txt}:\${env:PORT}/\n`;
  const credentials = CREDENTIALS.replace("marked-secret-1", `"\${file:./password.txt}"`);
  const loaded = await loadedFrom(folder, { config, credentials });
  t.match(loaded.config.server, { port: 4711, host: "localhost", insecure: true, publicUrl: "http://localhost:4711/" });
  t.equal(loaded.credentials.clients[0]?.password, `\${env:WORD} "q"`, "what a file holds is not looked into again");
  t.strictSame(
    loaded.files,
    ["perch.yaml", "host.txt", "c.yaml", "password.txt"].map((name) => join(folder, name)),
  );
});

t.test("a literal text is not converted into a number", async (t) => {
  t.strictSame(await problemsOf(t.testdir(), { config: `${HEAD}server: { port: "80" }\n` }), [
    "perch.yaml:4:17: server.port must be a whole number from 0 to 65535, not a text",
  ]);
});

t.test("the digest follows the contents of every file, also of those that are missing", async (t) => {
  const folder = t.testdir({ "host.txt": "localhost" });
  const config = `${HEAD}server:\n  host: \${file:./host.txt}\n`;
  const first = await loadedFrom(folder, { config });
  t.equal(await digestFiles(first.files), first.digest, "it is that of the files on disk");
  await writeFile(join(folder, "host.txt"), "127.0.0.1");
  const second = await loadedFrom(folder, { config });
  t.not(second.digest, first.digest);
  await rm(join(folder, "host.txt"));
  const third = await load(folder, { config });
  t.equal(third.ok, false);
  t.ok(!third.ok && third.files.includes(join(folder, "host.txt")), "a missing file is watched for");
  t.ok(!third.ok && third.digest !== second.digest);
});

t.test("TLS is taken with a key that fits its certificate, and refused with another", async (t) => {
  const folder = t.testdir();
  for (const name of ["one", "two"]) {
    const files = ["-keyout", join(folder, `${name}.key`), "-out", join(folder, `${name}.pem`)];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", ...files],
      { stdio: "ignore" },
    );
  }
  const config = (key: string): string => `${HEAD}server:\n  host: 0.0.0.0\n  tls: { certFile: ./one.pem, keyFile: ./${key}.key }\n`;
  const loaded = await loadedFrom(folder, { config: config("one") });
  t.ok(loaded.files.includes(join(folder, "one.key")), "the key's file is watched");
  t.match(await problemsOf(folder, { config: config("two") }), [/^perch\.yaml:6:3: server\.tls: /]);
});

t.test("loopback hosts and insecure: true need no TLS", async (t) => {
  const folder = t.testdir();
  for (const server of ["host: 127.8.9.1", "host: '::1'", "host: localhost", "{ host: 0.0.0.0, insecure: true }"]) {
    const text = server.startsWith("{") ? server : `{ ${server} }`;
    t.strictSame(await problemsOf(folder, { config: `${HEAD}server: ${text}\n` }), []);
  }
});

t.test("a proxy that is trusted is an address or a network", async (t) => {
  const networks = ["10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"];
  const good = await loadedFrom(t.testdir(), { config: `${HEAD}server: { trustProxy: ${JSON.stringify(networks)} }\n` });
  t.strictSame(good.config.server.trustProxy, networks);
  for (const wrong of ["proxy.example", "10.0.0.0/33", "2001:db8::/129", "10.0.0", "true", "::1/x"]) {
    const [problem] = await problemsOf(t.testdir(), { config: `${HEAD}server: { trustProxy: ["${wrong}"] }\n` });
    t.match(problem, /perch\.yaml:\d+:\d+: .*must be an IP address, or a network such as 10\.0\.0\.0\/8/, wrong);
  }
});

t.test("secretValues knows every secret and no name", async (t) => {
  const credentials = `${CREDENTIALS}plugins:\n  twitter:\n    consumerKey: ck-value\n    accounts: { Notify: { accessToken: at-value } }\n`;
  const config = `${HEAD}    userDefined: { proxy: "http://user:pr%40xy@proxy:3128" }\n`;
  const found = secretValues(await loadedFrom(t.testdir(), { config, credentials }));
  t.strictSame(found.toSorted(), [KEY, "marked-secret-1", "ck-value", "at-value", "pr%40xy", "pr@xy"].toSorted());
});

t.test("aliases that multiply are refused before they fill the memory", async (t) => {
  const rows = [
    "a: &a [x, x, x, x, x, x, x, x, x]",
    ..."bcdefghi".split("").map((name, i) => {
      const before = "abcdefgh"[i];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`;
    }),
  ];
  const [problem] = await problemsOf(t.testdir(), { config: `${rows.join("\n")}\n` });
  t.equal(problem, "perch.yaml:1:1: the file uses its anchors (&name) more often than is allowed");
});

t.test("no text and no data make it throw, and what is refused is refused with a place", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "perch-config-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const word = fc.constantFrom(
    "server",
    "port",
    "plugins",
    "module",
    "credentials",
    "./c.yaml",
    `\${env:PORT}`,
    `\${file:.}`,
    "&a",
    "*a",
    "!x",
    "-",
    ":",
    "?",
    "{",
    "}",
    "[",
    "]",
    ",",
    "|",
    ">",
    "\n",
    "\n  ",
    " ",
    '"',
    "'",
    "#",
    "---",
    "%",
    "\t",
    "\u0000",
    "\u2028",
    "<<",
    "__proto__",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(word, { maxLength: 40 }).map((words) => words.join("")),
    fc.json(),
  );
  const data = fc
    .dictionary(fc.constantFrom("server", "store", "credentials", "plugins", "aliases", "outbox", "log", "x"), fc.jsonValue())
    .map((value) => JSON.stringify(value));
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, data), fc.oneof(fc.constant(CREDENTIALS), text), async (config, credentials) => {
      const result = await load(folder, { config, credentials });
      return result.ok || (result.problems.length > 0 && result.problems.every((p) => p.line >= 1 && p.column >= 1 && p.message !== ""));
    }),
    { numRuns: 400 },
  );
});

t.test("a secret of any form shows in no problem", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "perch-config-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const secret = fc
    .tuple(
      fc.constantFrom("", "*", "&", "!", "@", "%", '"', "'", "{", "[", "|", "> ", "? ", "- "),
      fc.constantFrom("", '"', "'", "}", "]", ": x", ":", " #", "\\x"),
    )
    .map(([before, after]) => `${before}Zq7MARKED9xK${after}`);
  const places = [
    (value: string) => ({ config: HEAD, credentials: CREDENTIALS.replace("marked-secret-1", value) }),
    (value: string) => ({ config: HEAD, credentials: CREDENTIALS.replace(KEY, value) }),
    (value: string) => ({ config: HEAD, credentials: `${CREDENTIALS}plugins:\n  twitter: ${value}\n` }),
    (value: string) => ({ config: HEAD, credentials: `${CREDENTIALS}plugins: ${value}\n` }),
    (value: string) => ({ config: `${HEAD}store: ${value}\n` }),
    (value: string) => ({ config: `${HEAD}server:\n  port: ${value}\n` }),
  ];
  await fc.assert(
    fc.asyncProperty(
      secret,
      fc.constantFrom(...places),
      async (value, place) => !(await problemsOf(folder, place(value))).join().includes("MARKED"),
    ),
    { numRuns: 300 },
  );
});

t.test("the checked-in configuration loads, and so do the examples but for files that only their machine has", async (t) => {
  const folder = t.testdir();
  const read = (name: string): Promise<string> => readFile(new URL(`../../config/${name}`, import.meta.url), "utf8");
  const config = (await read("perch.yaml")).replace("./credentials.yaml", "./c.yaml");
  t.equal((await loadedFrom(folder, { config })).config.aliases.TWITTER, "ARSYS.ALRT.TWITTER");
  await mkdir(join(folder, "example"));
  const found = await problemsOf(join(folder, "example"), { config: await read("examples/one-machine.yaml") });
  t.equal(found.length, 3);
  for (const line of found) t.match(line, /\/etc\/perch\/.* does not exist/);
  await mkdir(join(folder, "group"));
  const group = await problemsOf(join(folder, "group"), { config: await read("examples/server-group.yaml") });
  for (const line of group) t.match(line, /database-ca\.pem|credentials\.yaml/);
});
