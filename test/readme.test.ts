/** What the README says is true: words, failures, commands and links are compared with what is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { isGroup } from "../src/cli/command.ts";
import { loadCommands } from "../src/cli/commands.ts";
import { RESTARTS } from "../src/reload/differences.ts";
import { FAILURE_TABLES } from "./failure-tables.ts";
import { readTotals } from "./run.ts";

const COMMANDS = await loadCommands();
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const readme = read("README.md");
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(new URL("../docs", import.meta.url))
    .filter(isPage)
    .map((page) => `docs/${page}`),
];

function isPage(name: string): boolean {
  return name.endsWith(".md");
}

/** The paragraph that begins with *notification*, as one line; the formatter writes emphasis in Markdown with `_`. */
function wordsIn(text: string): string {
  const plain = text.replaceAll(/^ \* ?/gm, "").replaceAll(/_([a-z-]+)_/g, "*$1*");
  return (/\*notification\*[\s\S]*?(?=\n\s*\n)/.exec(plain)?.[0] ?? "").replaceAll(/\s+/g, " ");
}

/** What stands between the comments that name a table, without the blanks that align its columns. */
function tableIn(text: string, name: string): string {
  const [, after = ""] = text.split(`<!-- failures: ${name} -->\n`);
  const table = after.split("<!-- end -->")[0]?.trim() ?? "";
  return table
    .replaceAll(/ *\| */g, " | ")
    .replaceAll(/-{3,}/g, "---")
    .replaceAll(/^ | $/gm, "");
}

/** `perch …` in code, which is what a reader types. */
function commandsIn(text: string): string[] {
  const code = [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([whole]) => whole);
  return code.flatMap((whole) =>
    [...whole.matchAll(/(?<=^|`|\s)(?:npx )?perch ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)/gm)].map(([, words = ""]) => words),
  );
}

function isCommand(words: string): boolean {
  const [first, second] = words.split(" ");
  const command = COMMANDS.find(({ name }) => name === first);
  if (first === "help") return second === undefined || COMMANDS.some(({ name }) => name === second);
  if (command === undefined) return false;
  return !isGroup(command) || second === undefined || command.subcommands.some(({ name }) => name === second);
}

const linksIn = (text: string) =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link).filter((link) => !/^(https?:|#)/.test(link));
const headingIds = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
const anchorsIn = (text: string) => [...text.matchAll(/\]\(#([^)\s]+)\)/g)].map(([, anchor = ""]) => anchor);

t.test("the words are those on top of src/contract.ts", async (t) => {
  const words = wordsIn(readme);
  t.match(words, /^\*notification\* .* \*sandbox\* /);
  t.equal(words, wordsIn(read("src/contract.ts")));
});

t.test("a changed word is noticed", async (t) => {
  t.not(wordsIn(readme.replace("_lane_ the deliveries", "_lane_ some deliveries")), wordsIn(read("src/contract.ts")));
});

for (const [name, make] of Object.entries(FAILURE_TABLES))
  t.test(`the failures of ${name} are those of the code, in both directions`, async (t) => {
    t.equal(tableIn(readme, name), make(), "copy what the code says into the README");
    t.ok(make().split("\n").length > 10, "and there are some");
  });

t.test("a row that is missing, invented or changed is noticed", async (t) => {
  for (const [name, make] of Object.entries(FAILURE_TABLES)) {
    const [, reason = ""] = make().split("\n").at(-1)?.split("`") ?? [];
    const row = readme.split("\n").find((line) => line.includes(`| \`${reason}\` `)) ?? "";
    for (const wrong of ["", `${row}\n| 1 | \`x\` | X. | no |`, row.replace(/\d/, "0")])
      t.not(tableIn(readme.replace(row, wrong), name), make());
  }
});

t.test("each command that a page names is one that there is", async (t) => {
  for (const page of PAGES) for (const words of commandsIn(read(page))) t.ok(isCommand(words), `${page}: perch ${words}`);
  t.ok(commandsIn(readme).length > 10, "and the README names some");
});

t.test("a command that does not exist is noticed", async (t) => {
  const found = commandsIn("`perch conjure` and\n```sh\nnpx perch registrations bless ITSM_Notify\n```");
  t.strictSame(found, ["conjure", "registrations bless"]);
  t.strictSame(found.filter(isCommand), []);
});

/** The settings that the sentence about restarts names. */
function restartsIn(text: string): string[] {
  const [, named = ""] = /Only (`[^;]*) wait for a restart/.exec(text) ?? [];
  return [...named.matchAll(/`([\w.]+)`/g)].map(([, name = ""]) => name);
}

t.test("what waits for a restart is what the README says, in both directions", async (t) => {
  t.strictSame(restartsIn(readme).sort(), Object.keys(RESTARTS).sort());
  t.not(restartsIn(readme.replace("`server.trustProxy`, ", "")).length, Object.keys(RESTARTS).length);
});

t.test("each npm script that a page names is one that there is", async (t) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  for (const page of PAGES)
    for (const [, name = ""] of read(page).matchAll(/npm run ([\w:-]+)/g)) t.ok(Object.hasOwn(scripts, name), `${page}: npm run ${name}`);
  t.match(scripts, { test: String, start: String });
});

t.test("each relative link leads somewhere", async (t) => {
  for (const page of PAGES)
    for (const link of linksIn(read(page)))
      t.ok(existsSync(new URL(link.replace(/#.*/, ""), new URL(`../${page}`, import.meta.url))), `${page}: ${link}`);
  for (const page of PAGES)
    for (const anchor of anchorsIn(read(page))) t.ok(headingIds(read(page)).includes(anchor), `${page}: #${anchor}`);
  t.ok(linksIn(readme).length > 3, "and there are some");
  t.notOk(existsSync(new URL("../no/such.file", import.meta.url)));
});

t.test("the closing line of npm test is what tap counted", async (t) => {
  t.strictSame(readTotals(["ok 1 - a", "# { total: 3, pass: 2, fail: 1 }", "# time=3ms"]), { passed: 2, failed: 1 });
  t.strictSame(readTotals(["# { total: 3, pass: 3 }"]), { passed: 3, failed: 0 });
  t.equal(readTotals(["ok 1 - a", "# Subtest: b"]), undefined, "tap did not come to its end");
});
