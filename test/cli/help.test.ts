import t from "tap";
import { type Command, isGroup, type Leaf } from "../../src/cli/command.ts";
import { loadCommands, COMMANDS as TABLE } from "../../src/cli/commands.ts";
import { optionsOf } from "../../src/cli/options.ts";
import { parse } from "../../src/cli/parse.ts";
import { NOW } from "./recorded.ts";
import { runOn } from "./stage.ts";

const run = (...argv: string[]) => runOn(argv, "/");
const COMMANDS = await loadCommands();
const leaves: { words: string; leaf: Leaf }[] = COMMANDS.flatMap((command: Command) =>
  isGroup(command)
    ? command.subcommands.map((leaf) => ({ words: `${command.name} ${leaf.name}`, leaf }))
    : [{ words: command.name, leaf: command }],
);

/** The words of an example, as a shell would split them. */
const split = (example: string) => [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

t.test("every command of this version is there", async (t) => {
  t.same(leaves.map(({ words }) => words).sort(), [
    "audit",
    "check",
    "credentials check",
    "credentials hash",
    "credentials init",
    "credentials rotate-key",
    "deliveries cancel",
    "deliveries list",
    "deliveries retry",
    "deliveries show",
    "deliveries tail",
    "demo",
    "doctor",
    "lanes list",
    "lanes pause",
    "lanes resume",
    "log-level",
    "notify",
    "plugins list",
    "plugins new",
    "plugins restart",
    "preview",
    "registrations authorize",
    "registrations create",
    "registrations delete",
    "registrations disable",
    "registrations enable",
    "registrations list",
    "reload",
    "sandbox",
    "start",
    "status",
    "store backup",
    "store copy",
  ]);
});

t.test("each command is called as the table has it", async (t) => {
  t.same(
    COMMANDS.map(({ name }) => name),
    Object.keys(TABLE),
  );
});

t.test("perch alone shows every command with its summary", async (t) => {
  for (const argv of [[], ["help"], ["--help"], ["-h"]]) {
    const { status, out, err } = await run(...argv);
    t.equal(status, 0);
    t.equal(err, "");
    for (const { name, summary } of COMMANDS) t.match(out, new RegExp(`  ${name} +${summary.replaceAll(/[().]/g, ".")}`));
  }
});

t.test("each command's help has purpose, usage, every option and an example, by help and by --help", async (t) => {
  for (const { words, leaf } of leaves) {
    const byHelp = await run("help", ...words.split(" "));
    const byOption = await run(...words.split(" "), "--help");
    t.equal(byHelp.status, 0);
    t.same(byOption, byHelp, words);
    t.ok(byHelp.out.startsWith(`perch ${words}: ${leaf.summary}\n`), words);
    t.match(byHelp.out, new RegExp(`Usage:\n  perch ${words}`));
    for (const name of Object.keys(optionsOf(leaf))) t.match(byHelp.out, `--${name}`);
    for (const argument of leaf.arguments ?? []) t.match(byHelp.out, argument.help);
    t.match(byHelp.out, `Example:\n  ${leaf.example}`);
    t.ok(
      byHelp.out.split("\n").every((line) => line.length <= 140),
      `${words} has no line that is too long`,
    );
  }
});

t.test("each group's help shows its commands", async (t) => {
  for (const group of COMMANDS.filter(isGroup)) {
    for (const argv of [
      ["help", group.name],
      [group.name, "--help"],
      [group.name, "-h"],
    ]) {
      const { status, out } = await run(...argv);
      t.equal(status, 0);
      for (const leaf of group.subcommands) t.match(out, leaf.summary);
      t.match(out, group.example);
    }
  }
});

t.test("each example is a right use of its own command", async (t) => {
  for (const { words, leaf } of leaves) {
    t.ok(leaf.example.startsWith(`perch ${words}`), leaf.example);
    const rest = split(leaf.example.replace(/ < .*/, "").slice(`perch ${words}`.length));
    t.match(parse(leaf, words, rest, NOW), { ok: true }, leaf.example);
  }
});

t.test("--version says the versions of Perch and Node", async (t) => {
  t.same(await run("--version"), { status: 0, out: "perch 0.1.0 (Node v24.0.0)\n", err: "" });
});

t.test("help has colour on a terminal and none in a pipe", async (t) => {
  t.match((await runOn(["help", "notify"], "/", { terminal: true })).out, "\u001b[1m");
  t.notMatch((await run("help", "notify")).out, "\u001b");
});
