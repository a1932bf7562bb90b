/** Help, made from the table of commands. */
import type { Argument, Command, Group, Leaf, Option } from "./command.ts";
import { isGroup } from "./command.ts";
import { optionsOf } from "./options.ts";
import type { Screen } from "./screen.ts";

const INDENT = "  ";

/** `perch` alone: what there is. */
export function sayOverview(screen: Screen, commands: readonly Command[]): void {
  screen.say("Perch takes broadcasts from AR System workflow and posts them, durably and in order.");
  sayBlock(screen, "Usage", [["perch COMMAND [options]", ""]]);
  sayBlock(
    screen,
    "Commands",
    commands.map((command) => [command.name, command.summary]),
  );
  sayBlock(screen, "Options of every command", [
    ["--config FILE", "the configuration (default: $PERCH_CONFIG, else config/perch.yaml)"],
    ["--help, --version", ""],
  ]);
  screen.say();
  screen.say("perch help COMMAND says more. To see it all at work: perch demo");
}

/** `perch help COMMAND`. */
export function sayHelp(screen: Screen, command: Command, words: string): void {
  screen.say(`${screen.paint("bold", `perch ${words}`)}: ${command.summary}`);
  if (isGroup(command)) sayGroup(screen, command);
  else sayLeaf(screen, command, words);
  sayBlock(screen, "Example", [[command.example, ""]]);
}

function sayGroup(screen: Screen, group: Group): void {
  sayBlock(
    screen,
    "Commands",
    group.subcommands.map((leaf) => [usageOf(leaf, `${group.name} ${leaf.name}`, false), leaf.summary]),
  );
  screen.say();
  screen.say(`perch help ${group.name} COMMAND says more.`);
}

function sayLeaf(screen: Screen, leaf: Leaf, words: string): void {
  for (const line of leaf.purpose ?? []) screen.say(line);
  sayBlock(screen, "Usage", [[usageOf(leaf, words, true), ""]]);
  const args = leaf.arguments ?? [];
  if (args.length > 0)
    sayBlock(
      screen,
      "Arguments",
      args.map(({ name, help }) => [name, help]),
    );
  sayBlock(
    screen,
    "Options",
    Object.entries(optionsOf(leaf)).map(([name, option]) => [signature(name, option), describe(option)]),
  );
}

/** `perch registrations create --user NAME --account NAME [options]` */
export function usageOf(leaf: Leaf, words: string, withOptions: boolean): string {
  const required = Object.entries(leaf.options ?? {})
    .filter(([, option]) => option.required)
    .map(([name, option]) => `--${name} ${option.value}`);
  const parts = [`perch ${words}`, ...required, ...(leaf.arguments ?? []).map(argumentUsage)];
  return [...parts, ...(withOptions ? ["[options]"] : [])].join(" ");
}

function argumentUsage({ name, optional, many }: Argument): string {
  const shown = many ? `${name}…` : name;
  return optional ? `[${shown}]` : shown;
}

function signature(name: string, option: Option): string {
  const short = option.short ? `-${option.short}, ` : "";
  return `${short}--${name}${option.value ? ` ${option.value}` : ""}`;
}

function describe(option: Option): string {
  const notes = [
    option.choices?.join(", "),
    option.integer && `${option.integer.min} to ${option.integer.max}`,
    option.moment && "2026-11-24, 2026-11-24T10:00, or so long ago: 30m, 2h, 7d",
    option.many && "may be repeated",
    option.required && "required",
    option.fallback && `default: ${option.fallback}`,
  ].filter((note) => typeof note === "string");
  return notes.length === 0 ? option.help : `${option.help} (${notes.join("; ")})`;
}

function sayBlock(screen: Screen, title: string, lines: readonly (readonly [string, string])[]): void {
  const width = Math.max(...lines.map(([left]) => left.length));
  screen.say();
  screen.say(screen.paint("bold", `${title}:`));
  for (const [left, right] of lines) screen.say(`${INDENT}${right === "" ? left : `${left.padEnd(width)}  ${right}`}`);
}
