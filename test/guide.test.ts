/** What docs/plugins.md says is true: its code is that of files that are tested, its files are right, it forgets nothing. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { checkConfiguration } from "../src/check-configuration.ts";
import { BREAKS } from "../src/kit/kit.ts";
import { newPlugin } from "../src/new-plugin.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const guide = read("docs/plugins.md");

const trimmed = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .join("\n");
/** The blocks of a language, with the file that each says it is from. */
const blocksIn = (text: string, language: string): { from: string | undefined; code: string }[] =>
  [...text.matchAll(/(?:<!-- from (\S+) -->\n)?```(\w+)\n([\s\S]*?)```/g)]
    .filter(([, , name]) => name === language)
    .map(([, from, , code = ""]) => ({ from, code }));
/** Whether the code stands in the file as it is, but for how far it is indented. */
const isFrom = ({ from, code }: { from: string | undefined; code: string }): boolean =>
  from !== undefined && trimmed(read(from)).includes(trimmed(code));

t.test("each block of code is of a file that is tested", async (t) => {
  const blocks = blocksIn(guide, "ts");
  t.ok(blocks.length > 6, "and there are some");
  for (const block of blocks) t.ok(isFrom(block), `copy what ${block.from} says:\n${block.code}`);
});

t.test("a block that says something else, or not where it is from, is noticed", async (t) => {
  const [first] = blocksIn(guide, "ts");
  if (!first) throw new Error("no block");
  t.notOk(isFrom({ ...first, code: first.code.replace("greeting", "salute") }));
  t.notOk(isFrom({ ...first, from: undefined }));
});

t.test("the two files, as the guide has them, are right for what `perch plugins new` makes", async (t) => {
  const folder = t.testdir();
  t.match(await newPlugin({ name: "my-pager", filterOnly: false, folder }), { ok: true });
  const [config = "", credentials = ""] = blocksIn(guide, "yaml").map(({ code }) => code);
  const key = Buffer.alloc(32, 7).toString("base64");
  const clients = `clients: [{ name: ops, role: admin, password: ops-password }]\nvault: { keys: [{ id: one, key: ${key} }] }\n`;
  const file = join(folder, "perch.yaml");
  const whole = `credentials: ./credentials.yaml\n${config.replace("module: my-pager", "module: ./my-pager")}`;
  writeFileSync(file, whole);
  writeFileSync(join(folder, "credentials.yaml"), clients + credentials, { mode: 0o600 });
  const { problems, summary } = await checkConfiguration(file, {});
  t.strictSame(problems, []);
  t.match(summary.join(), "EXAMPLE.MY_PAGER");
  writeFileSync(file, whole.replace("url:", "ur:"));
  t.match((await checkConfiguration(file, {})).problems.join(), /perch\.yaml:\d+:\d+: .*ur/);
});

/** Names of the fields of a type in src/contract.ts. */
function fieldsOf(type: string): string[] {
  const [, body = ""] = new RegExp(`export type ${type}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\};`).exec(read("src/contract.ts")) ?? [];
  return [...body.matchAll(/^ {2}(\w+)\??[:(]/gm)].map(([, name = ""]) => name);
}

t.test("it names every field of the contract, and every way to break", async (t) => {
  const named = (name: string) => new RegExp(`\`${name}\\b`).test(guide);
  for (const type of ["PluginDefinition", "PluginContext", "ServiceFaultRow", "Mechanism"]) {
    const fields = fieldsOf(type).filter((name) => !["name", "alertFilter", "registrationFilter"].includes(name));
    t.ok(fields.length > 4, `${type} has fields`);
    for (const field of fields) t.ok(named(field), `${type}: ${field}`);
  }
  for (const name of ["note", "text", "advice", "retryable", "alertFilter", "registrationFilter", ...BREAKS]) t.ok(named(name), name);
  t.notOk(named("conjure"));
});
