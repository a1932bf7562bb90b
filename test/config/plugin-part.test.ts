import { readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import Type from "typebox";
import { formatProblem, type LoadedConfig, loadConfig } from "../../src/config/load.ts";
import { pluginName, resolveModule } from "../../src/config/plugin-module.ts";
import { checkModules, checkPluginPart } from "../../src/config/plugin-part.ts";
import { PUBLISHED, publishedText } from "../../src/config/publish.ts";
import { LOG_LEVELS } from "../../src/config/schema.ts";
import { pinoLevel } from "../../src/log.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");
const HEAD = "credentials: ./c.yaml\nplugins:\n  - module: ./twitter.ts\n";
const CREDENTIALS = `vault: { keys: [ { id: "1", key: ${KEY} } ] }\nclients: [ { name: a, role: admin, password: p } ]\n`;

const Settings = Type.Object(
  {
    apiBaseUrl: Type.String({ format: "uri", default: "https://api.x.com" }),
    caFile: Type.Optional(Type.String({ "x-path": true })),
    clock: Type.Object(
      { correction: Type.Enum(["auto", "off"], { default: "auto" }), toleranceSeconds: Type.Number({ default: 60 }) },
      { additionalProperties: false, default: {} },
    ),
    overflow: Type.Union([Type.Literal("split"), Type.Literal("thread")], { default: "split" }),
    proxy: Type.Optional(Type.Union([Type.Null(), Type.Object({ host: Type.String(), port: Type.Integer() })])),
  },
  { additionalProperties: false },
);
const Secrets = Type.Object(
  {
    consumerKey: Type.String({ minLength: 1 }),
    accounts: Type.Record(Type.String(), Type.Object({ accessToken: Type.String() }), { default: {} }),
  },
  { additionalProperties: false },
);

async function load(folder: string, config: string, secrets = "    consumerKey: ck\n"): Promise<LoadedConfig> {
  await writeFile(join(folder, "perch.yaml"), config);
  await writeFile(join(folder, "c.yaml"), `${CREDENTIALS}plugins:\n  twitter:\n${secrets}`);
  await chmod(join(folder, "c.yaml"), 0o600);
  const result = await loadConfig(join(folder, "perch.yaml"), { TOLERANCE: "7.5" });
  if (!result.ok) throw new Error(result.problems.map((problem) => formatProblem(problem)).join("\n"));
  return result.loaded;
}

const schemas = { settingsSchema: Settings, secretsSchema: Secrets };

t.test("a plug-in's part gets its defaults, absolute paths and converted references on a copy", async (t) => {
  const folder = t.testdir();
  const loaded = await load(
    folder,
    `${HEAD}    userDefined:\n      caFile: ./ca.pem\n      clock: { toleranceSeconds: "\${env:TOLERANCE}" }\n`,
  );
  const part = checkPluginPart(loaded, "twitter", schemas);
  t.strictSame(part, {
    ok: true,
    settings: {
      apiBaseUrl: "https://api.x.com",
      caFile: join(folder, "ca.pem"),
      clock: { correction: "auto", toleranceSeconds: 7.5 },
      overflow: "split",
    },
    secrets: { consumerKey: "ck", accounts: {} },
    files: [],
  });
  t.strictSame(
    loaded.config.plugins[0]?.userDefined,
    { caFile: "./ca.pem", clock: { toleranceSeconds: "7.5" } },
    "the original is as it was",
  );
});

t.test("what is wrong in a plug-in's part is told at its place in both files", async (t) => {
  const folder = t.testdir();
  const settings = `      overflow: cut\n      apiBaseUrl: nowhere\n      clock: { corection: auto }\n      proxy: { host: h, port: x }\n`;
  const loaded = await load(
    folder,
    `${HEAD}    userDefined:\n${settings}`,
    "    consumerKey: ''\n    accounts: { A: { accessToken: 1 } }\n",
  );
  const part = checkPluginPart(loaded, "twitter", schemas);
  const found = part.ok ? [] : part.problems.map((problem) => formatProblem(problem, folder));
  t.strictSame(found, [
    'perch.yaml:5:17: plugins[0].userDefined.overflow must be one of "split", "thread"',
    'perch.yaml:6:19: plugins[0].userDefined.apiBaseUrl must be a text of the format "uri"',
    'perch.yaml:7:16: unknown key "corection": did you mean "correction"?',
    "perch.yaml:8:31: plugins[0].userDefined.proxy.port must be a whole number, not a text",
    "c.yaml:5:18: plugins.twitter.consumerKey must not be empty",
    "c.yaml:6:35: plugins.twitter.accounts.A.accessToken must be a text, not a number: put it in quotes",
  ]);
});

t.test("a missing part is told at the nearest thing around it", async (t) => {
  const folder = t.testdir();
  const loaded = await load(folder, HEAD, "    # consumerKey: to be filled in\n");
  const part = checkPluginPart(loaded, "twitter", { secretsSchema: Secrets, settingsSchema: Type.Object({ url: Type.String() }) });
  const found = part.ok ? [] : part.problems.map((problem) => formatProblem(problem, folder));
  t.strictSame(found, [
    'perch.yaml:3:5: missing key "url" in plugins[0].userDefined',
    'c.yaml:4:3: missing key "consumerKey" in plugins.twitter',
  ]);
});

t.test("a schema that is wrong is the plug-in's problem and no crash", async (t) => {
  const loaded = await load(t.testdir(), HEAD);
  const part = checkPluginPart(loaded, "twitter", { settingsSchema: { type: "nonsense" } });
  t.match(part, { ok: false, problems: [{ message: /^the plug-in's schema of its settings is wrong: / }] });
});

t.test("a module is a folder of plugins/, a file, or a folder with an index", async (t) => {
  const folder = t.testdir({ js: { "index.js": "" }, "file.ts": "" });
  const config = join(folder, "perch.yaml");
  t.match(resolveModule("nobody", config), /\/plugins\/nobody\/index\.ts$/);
  t.equal(resolveModule("./file.ts", config), join(folder, "file.ts"));
  t.equal(resolveModule("./js", config), join(folder, "js/index.js"));
  t.equal(resolveModule("/opt/x.mjs", config), "/opt/x.mjs");
  const names = {
    twitter: "twitter",
    "./x/my-plugin.ts": "my-plugin",
    "./x/my-plugin": "my-plugin",
    "./x/other/index.js": "other",
    "../a.b.js": "a.b",
  };
  for (const [module, name] of Object.entries(names)) t.equal(pluginName(module), name);
});

t.test("perch check tells of a module that does not exist, loading does not", async (t) => {
  const folder = t.testdir();
  const loaded = await load(folder, HEAD);
  const [problem] = checkModules(loaded);
  t.equal(
    problem && formatProblem(problem, folder),
    `perch.yaml:3:13: there is no such plug-in: ${join(folder, "twitter.ts")} does not exist`,
  );
  await writeFile(join(folder, "twitter.ts"), "");
  t.strictSame(checkModules(loaded), []);
});

t.test("the published schemas are those that check", (t) => {
  for (const [name, schema] of Object.entries(PUBLISHED)) {
    const published = readFileSync(new URL(`../../config/${name}`, import.meta.url), "utf8");
    t.equal(published, publishedText(schema), `config/${name}: run npx node src/config/publish.ts`);
  }
  t.end();
});

t.test("every level that the configuration allows is one that the log knows", (t) => {
  for (const level of LOG_LEVELS) t.ok(pinoLevel(level));
  t.end();
});
