/** `users.suggest` on a real host: from a file, from AR System, and from the registrations where neither is configured. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { checkConfiguration } from "../../src/check-configuration.ts";
import type { HostStatus, UserSuggestions } from "../../src/shapes.ts";
import { openStage, type Stage } from "../stage.ts";
import { entryOf, LOG_IN, openStandIn } from "./ar-stand-in.ts";

const suggest = async (stage: Stage, prefix: string) => (await stage.call<UserSuggestions>("users.suggest", { prefix })).users;
const PEOPLE = "Login Name,Full Name,Email Address\nallen,Allen Allbrook,allen@example.com\nmary,Mary Mann,\n";
const directory = { file: "./people.csv" };
/** With a section for the directory beside the stage's own. */
const credentialsOf = (logIn: { username: string; password: string }) => ({ directory: logIn });

async function openWithFile(t: Parameters<typeof openStage>[0]): Promise<{ stage: Stage; file: string }> {
  const stage = await openStage(t);
  const file = join(stage.folder, "people.csv");
  await writeFile(file, PEOPLE);
  t.match(await stage.configure({ config: { directory } }), { result: { changed: ["directory"], needsRestart: [] } });
  return { stage, file };
}

t.test("without a directory the functional users of the registrations are suggested, each once", async (t) => {
  const stage = await openStage(t);
  t.strictSame(await suggest(stage, ""), []);
  for (const [functionalUser, accountName] of [
    ["Service Desk", "ITSM_Notify"],
    ["Service Desk", "ITSM_Other"],
    ["Security", "ITSM_Notify"],
  ])
    await stage.call("registrations.create", { functionalUser, accountName });
  t.strictSame(await suggest(stage, "se"), [{ name: "Security" }, { name: "Service Desk" }]);
  t.strictSame(await suggest(stage, "serv"), [{ name: "Service Desk" }]);
});

t.test("a file takes the place of the registrations by a reload, and goes by one", async (t) => {
  const { stage } = await openWithFile(t);
  await stage.call("registrations.create", { functionalUser: "Marvin", accountName: "ITSM_Notify" });
  t.strictSame(await suggest(stage, "mar"), [{ name: "mary", fullName: "Mary Mann" }]);
  t.strictSame(await suggest(stage, "allb"), [{ name: "allen", fullName: "Allen Allbrook", email: "allen@example.com" }]);
  t.match(await stage.configure({}), { result: { changed: ["directory"] } });
  t.strictSame(await suggest(stage, "mar"), [{ name: "Marvin" }]);
});

t.test("the file is watched; with a bad row the old one stays in force", async (t) => {
  const { stage, file } = await openWithFile(t);
  const until = async (holds: (configuration: HostStatus["configuration"]) => boolean) => {
    for (;;) {
      const { configuration } = await stage.call<HostStatus>("server.status");
      if (holds(configuration)) return configuration;
    }
  };
  await writeFile(file, `${PEOPLE}zed\n`);
  t.match(await until(({ lastError }) => lastError !== undefined), {
    lastError: /people\.csv:4:1: the row has 1 cells, and the header 3$/,
  });
  t.equal((await suggest(stage, "mary")).length, 1);
  await writeFile(file, `${PEOPLE}zed,Zed,\n`);
  await until(({ lastError }) => lastError === undefined);
  t.strictSame(await suggest(stage, "z"), [{ name: "zed", fullName: "Zed" }]);
});

t.test("a large file is read and watched, a larger one refused", async (t) => {
  const { stage, file } = await openWithFile(t);
  const many = (count: number) => Array.from({ length: count }, (_, index) => `user${index},First Last ${"x".repeat(200)},\n`).join("");
  await writeFile(file, PEOPLE + many(10_000));
  t.match(await stage.rpc("server.reload"), { result: { changed: ["directory"] } });
  t.strictSame(
    (await suggest(stage, "user9999")).map(({ name }) => name),
    ["user9999"],
  );
  await writeFile(file, PEOPLE + many(40_000));
  t.match(await stage.rpc("server.reload"), { error: { message: /people\.csv:1:1: the file is larger than 8 MiB/ } });
  await writeFile(file, PEOPLE + many(9_999));
  for (;;) if ((await suggest(stage, "user9999")).length === 0) break;
});

t.test("only an administrator may ask", async (t) => {
  const { stage } = await openWithFile(t);
  t.match(await stage.rpcAs("operator", "users.suggest", { prefix: "a" }), { error: { data: { reason: "not-allowed" } } });
  t.match(await stage.rpcAs("admin", "users.suggest", { prefix: "a" }), { result: { users: [{ name: "allen" }] } });
  t.match(await stage.rpc("users.suggest", {}), { error: { code: -32602 } });
});

t.test("a file that is not there, or a key that is unknown, is named with its place", async (t) => {
  const stage = await openStage(t);
  t.match(await stage.configure({ config: { directory: { file: "./nobody.csv" } } }), {
    error: { message: /perch\.yaml:\d+:\d+: directory\.file names .*nobody\.csv, which does not exist/ },
  });
  t.match(await stage.configure({ config: { directory: { fil: "./people.csv" } } }), { error: { message: /perch\.yaml:\d+:\d+: .*file/ } });
});

t.test("AR System is asked as soon as it is configured, and left when it is not", async (t) => {
  const standIn = await openStandIn(t, { entries: [entryOf("allen", "Allen Allbrook")] });
  const stage = await openStage(t);
  const atServer = (more: object = {}) => ({
    config: { directory: { arServer: { url: standIn.url, ...more } } },
    credentials: credentialsOf(LOG_IN),
  });
  t.match(await stage.configure(atServer()), { result: { changed: ["directory", "the directory's log-in"], needsRestart: [] } });
  t.strictSame(await suggest(stage, "ALL"), [{ name: "allen", fullName: "Allen Allbrook" }]);
  // A reload that changes something else keeps the session and what was answered.
  await stage.configure({ ...atServer(), userDefined: { protectedAccount: "off" } });
  await suggest(stage, "ALL");
  t.equal(standIn.logins(), 1);
  t.equal(standIn.searches().length, 2);
  const changed = {
    config: { directory: { arServer: { url: standIn.url } } },
    credentials: credentialsOf({ ...LOG_IN, password: "wrong" }),
  };
  t.match(await stage.configure(changed), { result: { changed: ["the directory's log-in"] } });
  const { error } = await stage.rpc("users.suggest", { prefix: "all" });
  t.match(error, {
    code: 8753,
    message: `Error in plugin : AR System at ${standIn.url} refuses the log-in of perch: Authentication failed for … (ARERR 623) (ARERR 8753)`,
    data: { reason: "no-directory", retryable: true, statusList: [{}, { messageNum: 20034, messageText: /credentials file/ }] },
  });
  await stage.configure({});
  t.strictSame(await suggest(stage, "all"), []);
  for (const secret of [LOG_IN.password, ...standIn.tokens]) t.notOk(stage.log.some((line) => line.includes(secret)));
});

t.test("a host that stops logs out, and does not wait for an AR System that says nothing", async (t) => {
  const standIn = await openStandIn(t, { entries: [entryOf("allen")] });
  const stage = await openStage(t, { config: { directory: { arServer: { url: standIn.url } } }, credentials: credentialsOf(LOG_IN) });
  await suggest(stage, "a");
  await stage.restart();
  t.ok(standIn.asked.includes("POST /api/jwt/logout"));
  standIn.trouble.login = "silence";
  const asked = stage.rpc("users.suggest", { prefix: "a" }).catch(() => "cut off");
  while (standIn.logins() < 2) await stage.call("deliveries.list", { limit: 1 });
  await stage.host.stop();
  t.ok(await asked);
});

t.test("perch check says where users are looked up", async (t) => {
  const { stage, file } = await openWithFile(t);
  const summary = async () => (await checkConfiguration(stage.configFile, {})).summary;
  t.ok((await summary()).includes(`directory: 2 users in ${file}`));
  await stage.write({ config: { directory: { arServer: { url: "https://ar.example.com:8443" } } }, credentials: credentialsOf(LOG_IN) });
  t.ok((await summary()).includes("directory: AR System at https://ar.example.com:8443, as perch"));
  await stage.write({});
  t.notMatch((await summary()).join(), "directory:");
});

t.test("what does not go together in the configuration is named with its place", async (t) => {
  const stage = await openStage(t);
  const arServer = { url: "https://ar.example.com:8443" };
  const cases: [directory: object, message: RegExp][] = [
    [{}, /perch\.yaml:\d+:\d+: directory needs either file or arServer/],
    [{ file: "./perch.yaml", arServer }, /directory needs either file or arServer/],
    [{ arServer, columns: { loginName: "x" } }, /directory\.columns are those of a file/],
    [{ arServer }, /perch\.yaml:\d+:\d+: directory\.arServer needs a log-in: put directory\.username and directory\.password/],
    [{ arServer: { url: "http://ar.example.com:8008" } }, /directory\.arServer\.url is http:\/\/ to another machine/],
    [
      { arServer: { url: "https://perch:secret@ar.example.com" } },
      /directory\.arServer\.url must be an https:\/\/ address without user and password/,
    ],
    [{ arServer: { ...arServer, caFile: "./perch.yaml" } }, /directory\.arServer\.caFile names a file that holds no certificate in PEM/],
    [{ arServer: { ...arServer, cacheSeconds: 0 } }, /directory\.arServer\.cacheSeconds/],
  ];
  for (const [wrong, message] of cases) {
    const logIn = String(message).includes("log-in") ? {} : { credentials: credentialsOf(LOG_IN) };
    const { error } = await stage.configure({ config: { directory: wrong }, ...logIn });
    t.match(error, { message });
    t.notMatch(error?.message, "secret@");
  }
});
