/** The program as an administrator runs it: its own process, files and signals. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import t, { type Test } from "tap";
import { stringify } from "yaml";
import { LOG_LEVELS } from "../src/config/schema.ts";

const BIN = new URL("../src/perch.js", import.meta.url).pathname;
const CHECKOUT = new URL("..", import.meta.url).pathname;
// An environment of its own: the test runner's loaders are not to be inherited.
const { PATH = "", HOME = "" } = process.env;
const ENV = { PATH, HOME, TZ: "UTC" };

type Ended = { status: number | null; signal: string | null; out: string; err: string };

function run(command: string, argv: string[], cwd = CHECKOUT) {
  const child = spawn(command, argv, { cwd, env: ENV, stdio: ["ignore", "pipe", "pipe"] });
  const seen = { out: "", err: "" };
  const heard = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    seen.out += `${line}\n`;
    for (const look of heard) look();
  });
  child.stderr.on("data", (chunk) => {
    seen.err += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, ...seen }));
  });
  /** Resolves once its output holds that text so many times. */
  const says = (text: string, times = 1): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = () => seen.out.split(text).length > times && resolve();
      heard.add(look);
      void ended.then(({ out, err }) => reject(new Error(`ended without saying ${text}:\n${out}${err}`)));
      look();
    });
  return { ended, says, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}
const perch = (...argv: string[]) => run(process.execPath, [BIN, ...argv]);

/** A whole configuration in a folder of its own; X is an address where nobody answers. */
async function files(
  t: Test,
  more: Record<string, unknown> = {},
): Promise<{ folder: string; configFile: string; write(more: object): Promise<void> }> {
  // Short, since a Unix socket's path is (107 bytes).
  const folder = await mkdtemp(join(tmpdir(), "perch-main-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const configFile = join(folder, "perch.yaml");
  const write = (changed: object) =>
    writeFile(
      configFile,
      stringify({
        server: { port: 0, socket: "./perch.sock", stopTimeoutSeconds: 5 },
        store: "sqlite:./perch.db",
        credentials: "./credentials.yaml",
        plugins: [{ module: "twitter", userDefined: { apiBaseUrl: "http://127.0.0.1:9" } }],
        log: { format: "json" },
        ...more,
        ...changed,
      }),
    );
  await write({});
  const credentials = {
    vault: { keys: [{ id: "test", key: Buffer.alloc(32, 7).toString("base64") }] },
    clients: [{ name: "admin", role: "admin", password: "marked-password" }],
    plugins: { twitter: { consumerKey: "marked-key", consumerSecret: "marked-secret" } },
  };
  await writeFile(join(folder, "credentials.yaml"), stringify(credentials), { mode: 0o600 });
  return { folder, configFile, write };
}

async function started(t: Test, configFile: string) {
  const host = perch("start", "--config", configFile);
  t.teardown(async () => {
    host.kill("SIGKILL");
    await host.ended;
  });
  await host.says('"msg":"host ready"');
  return host;
}

t.test("perch says its version, or what it can do", async (t) => {
  t.match(await perch("--version").ended, { status: 0, err: "", out: /^perch \d+\.\d+\.\d+ \(Node v\d+\.\d+\.\d+\)\n$/ });
  const { status, out, err } = await perch().ended;
  t.same({ status, err }, { status: 0, err: "" });
  for (const command of ["start", "demo", "check", "registrations"]) t.match(out, command);
});

t.test("a command or option that is not known is wrong usage", async (t) => {
  t.match(await perch("frobnicate").ended, { status: 2, out: "", err: /frobnicate/ });
  t.match(await perch("check", "--frobnicate").ended, { status: 2, out: "", err: /frobnicate/ });
});

t.test("npx perch works from the checkout, whatever Node the machine has", async (t) => {
  t.match(await run("npx", ["perch", "--version"]).ended, { status: 0, out: /^perch \S+ \(Node v24\./ });
});

t.test("check names file, line and column of each mistake, and shows no value", async (t) => {
  const { configFile, write } = await files(t);
  t.match(await perch("check", "--config", configFile).ended, { status: 0, out: /The configuration is right\.\n$/, err: "" });
  await write({ server: { port: "marked-value", sockets: "x" } });
  const { status, out } = await perch("check", "--config", configFile).ended;
  t.equal(status, 1);
  // Relative to the working folder where that is shorter, so only its end is certain.
  t.match(out, "perch.yaml:2:9: server.port must be");
  t.match(out, 'perch.yaml:3:3: unknown key "sockets": did you mean "socket"?');
  t.match(out, "2 problems.");
  t.notMatch(out, "marked");
  t.match(await perch("check", "--config", join(configFile, "..", "none.yaml")).ended, {
    status: 1,
    out: /none\.yaml:1:1: the file does not exist/,
  });
});

t.test("commands for a running host need only its socket, whatever else is wrong with the files", async (t) => {
  const { folder, configFile, write } = await files(t);
  const host = await started(t, configFile);
  await rm(join(folder, "credentials.yaml"));
  await write({ plugins: "wrong", aliases: { A: `\${env:NOT_SET}` }, unknown: 1 });
  t.match(await perch("plugins", "list", "--config", configFile).ended, { status: 0, out: /twitter/, err: "" });
  await write({ server: {} });
  t.match(await perch("status", "--config", configFile).ended, {
    status: 1,
    err: /\/data\/perch\.sock .*\(ARERR 8760\)|data\/perch\.sock \(ARERR 8760\)/,
  });
  await write({ server: { socket: 7 } });
  t.match(await perch("status", "--config", configFile).ended, {
    status: 1,
    err: /perch\.yaml:2:11: server\.socket must be .*: put it in quotes \(ARERR 8769\)/,
  });
  await write({ server: { socket: `\${env:NOT_SET}/perch.sock` } });
  t.match(await perch("status", "--config", configFile).ended, {
    status: 1,
    err: /perch\.yaml:2:11: the environment variable NOT_SET is not set \(ARERR 8769\)/,
  });
  await rm(configFile);
  t.match(await perch("status", "--config", configFile).ended, {
    status: 1,
    err: /perch\.yaml:1:1: the file does not exist; name another with --config/,
  });
  host.kill("SIGTERM");
  t.match(await host.ended, { status: 0 });
});

t.test("a host on a store that another has is refused with the file's name, and harms it not", async (t) => {
  const { folder, configFile } = await files(t);
  const host = await started(t, configFile);
  const second = await perch("start", "--config", configFile).ended;
  t.match(second, { status: 1, out: "" });
  t.match(second.err, join(folder, "perch.db"));
  t.match(second.err, "The host was not started.");
  t.match(await perch("status", "--config", configFile).ended, { status: 0 });
  host.kill("SIGKILL");
  t.match(await host.ended, { signal: "SIGKILL" });
  const third = await started(t, configFile);
  third.kill("SIGTERM");
  t.match(await third.ended, { status: 0 }, "the kernel has freed what the killed one held");
});

t.test("SIGHUP reloads, a bad file changes nothing, and SIGTERM ends with 0", async (t) => {
  const { configFile, write } = await files(t);
  const host = await started(t, configFile);
  await write({ log: { format: "json", level: "debug" } });
  host.kill("SIGHUP");
  await host.says('"msg":"configuration reloaded"');
  await write({ log: { level: "loud" } });
  host.kill("SIGHUP");
  await host.says('"msg":"configuration refused; the old one stays in force"');
  host.kill("SIGTERM");
  const { status, out, err } = await host.ended;
  t.same({ status, err }, { status: 0, err: "" });
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.match(
    lines.find(({ msg }) => msg === "configuration reloaded"),
    { level: "info", changed: ["log levels"], needsRestart: [] },
  );
  t.match(
    lines.find(({ arerr }) => arerr === 8769),
    { level: "error", problems: [/perch\.yaml:\d+:\d+: log\.level must be/] },
  );
  t.equal(lines.at(-1).msg, "host stopped");
  t.notMatch(out, "marked", "no secret shows");
});

t.test("SIGINT stops the host as well", async (t) => {
  const host = await started(t, (await files(t)).configFile);
  host.kill("SIGINT");
  t.match(await host.ended, { status: 0, err: "" });
});

t.test("a port that is taken is named, and the store is free again", async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  t.teardown(() => taken.close());
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { configFile, write } = await files(t);
  await write({ server: { port, socket: "./perch.sock" } });
  t.match(await perch("start", "--config", configFile).ended, { status: 1, err: `The host can't listen on 127.0.0.1:${port}` });
  await write({});
  const host = await started(t, configFile);
  host.kill("SIGTERM");
  t.match(await host.ended, { status: 0 });
});

t.test("an unknown log level is refused with those that there are", async (t) => {
  const { configFile } = await files(t);
  const host = await started(t, configFile);
  const { status, err } = await perch("log-level", "LOUD", "--config", configFile).ended;
  t.equal(status, 1);
  t.match(err, "level LOUD is not known; there are ");
  for (const level of LOG_LEVELS) t.match(err, new RegExp(`\\b${level}\\b`), "all that the configuration takes are named");
  for (const level of ["FINE", "warning"]) t.match(await perch("log-level", level, "--config", configFile).ended, { status: 0 });
  host.kill("SIGTERM");
  await host.ended;
});

t.test("perch demo --once shows everything, and ends with 0", async (t) => {
  t.match(await perch("demo", "--once").ended, { status: 0, err: "", out: /All \d+ checks held\.\n$/ });
});
