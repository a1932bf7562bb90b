/** From words to a command with checked options. What is wrong comes back as a sentence, with what to do. */
import { parseArgs } from "node:util";
import type { Argument, Command, Leaf, Option, Options } from "./command.ts";
import { isGroup } from "./command.ts";
import type { CommandTable } from "./commands.ts";
import { nearest } from "./nearest.ts";
import { GENERAL_OPTIONS, HOST_OPTIONS, JSON_OPTION, optionsOf } from "./options.ts";
import { readMoment } from "./when.ts";

export type Parsed = { values: ReadonlyMap<string, readonly string[]>; args: readonly string[] };
/** `words` says which command's help to look at; empty for the program's own. */
export type WrongUsage = { ok: false; message: string; words: string };
export type Chosen = { ok: true; command: Command; words: string; rest: string[]; help: boolean };
type Answer<Value> = (Value & { ok: true }) | WrongUsage;

const wrong = (words: string, message: string): WrongUsage => ({ ok: false, message, words });
const guess = (word: string, names: readonly string[], prefix = "") => {
  const meant = nearest(word, names);
  return meant === undefined ? "" : ` Did you mean "${prefix}${meant}"?`;
};

const ANYWHERE: Options = { ...JSON_OPTION, ...HOST_OPTIONS, ...GENERAL_OPTIONS };

/** Finds the command; options that all commands know may stand before it (`perch --config x status`). */
export async function choose(argv: readonly string[], commands: CommandTable): Promise<Chosen | WrongUsage> {
  const { leading, rest } = splitLeading(argv);
  const [word, ...tail] = rest;
  if (word === undefined) return wrong("", "No command was given.");
  const load = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (load === undefined) {
    const what = word.startsWith("-") ? "option" : "command";
    const names = what === "option" ? Object.keys({ ...ANYWHERE, version: {} }).map((name) => `--${name}`) : Object.keys(commands);
    return wrong("", `Unknown ${what} "${word}".${guess(word, names)}`);
  }
  const command = await load();
  if (!isGroup(command)) return { ok: true, command, words: word, rest: [...leading, ...tail], help: false };
  return chooseSubcommand(command, tail, leading);
}

function chooseSubcommand(group: Command & { subcommands: readonly Leaf[] }, rest: string[], leading: string[]): Chosen | WrongUsage {
  const inner = splitLeading(rest);
  const asksHelp = [...leading, ...inner.leading].some((word) => word === "--help" || word === "-h");
  const [word, ...tail] = inner.rest;
  if (word === undefined && asksHelp) return { ok: true, command: group, words: group.name, rest: [], help: true };
  const names = group.subcommands.map(({ name }) => name);
  if (word === undefined) return wrong(group.name, `perch ${group.name} needs one of: ${names.join(", ")}.`);
  const leaf = group.subcommands.find(({ name }) => name === word);
  if (leaf === undefined) {
    return wrong(
      group.name,
      `Unknown command "${group.name} ${word}".${guess(word, names, `${group.name} `) || ` There are: ${names.join(", ")}.`}`,
    );
  }
  return { ok: true, command: leaf, words: `${group.name} ${word}`, rest: [...leading, ...inner.leading, ...tail], help: false };
}

function splitLeading(argv: readonly string[]): { leading: string[]; rest: string[] } {
  let at = 0;
  for (;;) {
    const [, name = "", inline] = /^--([a-z]+)(=.*)?$/s.exec(argv[at] ?? "") ?? [];
    const option = argv[at] === "-h" ? GENERAL_OPTIONS.help : ANYWHERE[name];
    if (option === undefined) return { leading: argv.slice(0, at), rest: argv.slice(at) };
    at += option.value !== undefined && inline === undefined ? 2 : 1;
  }
}

/** Checks options and arguments of one command against its table. */
export function parse(leaf: Leaf, words: string, rest: readonly string[], now: number): Answer<Parsed> {
  const options = optionsOf(leaf);
  const { tokens } = parseArgs({ args: [...rest], options: forNode(options), allowPositionals: true, strict: false, tokens: true });
  const values = new Map<string, string[]>();
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") args.push(token.value);
    if (token.kind !== "option") continue;
    const checked = checkOption(token, options, leaf.arguments !== undefined, words, now);
    if (!checked.ok) return checked;
    const before = values.get(token.name);
    if (before && checked.many) before.push(checked.value);
    else values.set(token.name, [checked.value]);
  }
  if (values.has("help")) return { ok: true, values, args };
  const missing = Object.entries(options).find(([name, option]) => option.required && !values.has(name));
  if (missing) return wrong(words, `perch ${words} needs --${missing[0]} ${missing[1].value ?? ""} (${missing[1].help}).`);
  const complaint = checkArguments(leaf.arguments ?? [], args, words);
  return complaint === undefined ? { ok: true, values, args } : wrong(words, complaint);
}

const forNode = (options: Options) =>
  Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      { type: option.value === undefined ? ("boolean" as const) : ("string" as const), ...(option.short && { short: option.short }) },
    ]),
  );

type OptionToken = { name: string; rawName: string; value: string | undefined; inlineValue: boolean | undefined };

function checkOption(
  token: OptionToken,
  options: Options,
  takesText: boolean,
  words: string,
  now: number,
): Answer<{ value: string; many: boolean }> {
  const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
  if (option === undefined) {
    const hint = guess(token.name, Object.keys(options), "--") || (takesText ? ' A text that begins with a dash goes after "--".' : "");
    return wrong(words, `Unknown option "${token.rawName}" of perch ${words}.${hint}`);
  }
  if (option.value === undefined) {
    if (token.value !== undefined) return wrong(words, `${token.rawName} is a switch and takes no value.`);
    return { ok: true, value: "", many: false };
  }
  const { value } = token;
  if (value === undefined || value === "" || (!token.inlineValue && /^-./.test(value))) {
    return wrong(words, `${token.rawName} needs a value: ${token.rawName} ${option.value} (if it begins with a dash: --${token.name}=…).`);
  }
  const read = readValue(value, option, now);
  if ("complaint" in read) return wrong(words, `${token.rawName} ${read.complaint}, not "${value}".`);
  return { ok: true, value: read.value, many: option.many === true };
}

function readValue(value: string, option: Option, now: number): { value: string } | { complaint: string } {
  if (option.choices) {
    const choice = option.choices.find((name) => name.toLowerCase() === value.toLowerCase());
    return choice === undefined ? { complaint: `must be one of ${option.choices.join(", ")}` } : { value: choice };
  }
  if (option.integer) {
    const { min, max } = option.integer;
    const fits = /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max;
    return fits ? { value } : { complaint: `must be a whole number from ${min} to ${max}` };
  }
  if (option.moment) {
    const moment = readMoment(value, now);
    return moment === undefined
      ? { complaint: "must be a moment (2026-11-24, 2026-11-24T10:00) or how long ago (30m, 2h, 7d)" }
      : { value: moment };
  }
  return { value };
}

function checkArguments(expected: readonly Argument[], args: readonly string[], words: string): string | undefined {
  const needed = expected.filter(({ optional }) => !optional);
  const missing = args.length < needed.length ? needed[args.length] : undefined;
  if (missing) return `perch ${words} needs ${missing.name} (${missing.help}).`;
  if (args.some((arg) => arg === "")) return `perch ${words} was given an empty argument.`;
  if (expected.at(-1)?.many || args.length <= expected.length) return undefined;
  const tooMany = `perch ${words} takes ${expected.length === 0 ? "no argument" : expected.map(({ name }) => name).join(" ")}`;
  return `${tooMany}; "${args[expected.length]}" is too much. A text with blanks goes in quotes.`;
}
