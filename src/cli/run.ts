import { resolve } from "node:path";
import type { RpcClient } from "./client.ts";
import { type Command, DONE, type Invocation, isGroup, type Leaf, WRONG_USAGE } from "./command.ts";
import { COMMANDS, loadCommands } from "./commands.ts";
import type { Io } from "./io.ts";
import type { Machine } from "./machine.ts";
import type { RpcAnswer } from "./methods.ts";
import { choose, type Parsed, parse, type WrongUsage } from "./parse.ts";
import { printable } from "./printable.ts";
import { openScreen, type Screen } from "./screen.ts";

/**
 * Runs one command line, `argv` without node and script. Resolves with the exit status: 0 done, 1 refused or failed,
 * 2 wrong usage. The caller ends the process with it at once: a second Ctrl-C leaves work behind on purpose.
 */
export async function runCli(argv: readonly string[], io: Io, machine: Machine): Promise<number> {
  const screen = openScreen(io);
  const [first] = argv;
  if (first === undefined || (argv.length === 1 && (first === "--help" || first === "-h"))) return sayAll(screen);
  if (first === "--version" || first === "-v") {
    screen.say(`perch ${machine.version} (Node ${machine.nodeVersion})`);
    return DONE;
  }
  if (first === "help") return help(argv.slice(1), screen);
  const chosen = await choose(argv, COMMANDS);
  if (!chosen.ok) return misused(screen, chosen);
  if (isGroup(chosen.command)) return sayOne(screen, chosen.command, chosen.words);
  const parsed = parse(chosen.command, chosen.words, chosen.rest, machine.now());
  if (!parsed.ok) return misused(screen, parsed);
  if (parsed.values.has("help")) return sayOne(screen, chosen.command, chosen.words);
  return runCommand(chosen.command, chosen.words, parsed, { io, machine, screen });
}

async function runCommand(
  leaf: Leaf,
  words: string,
  { values, args }: Parsed,
  room: { io: Io; machine: Machine; screen: Screen },
): Promise<number> {
  const { io, machine, screen } = room;
  const configFile = resolve(io.cwd, values.get("config")?.[0] ?? (io.env.PERCH_CONFIG || "config/perch.yaml"));
  let client: RpcClient | undefined;
  const connect = async (): Promise<RpcAnswer<RpcClient>> => {
    if (client) return { ok: true, value: client };
    const [{ findTarget }, { openClient }] = await Promise.all([import("./target.ts"), import("./client.ts")]);
    const found = await findTarget({ url: values.get("url")?.[0], client: values.get("client")?.[0], configFile }, io, machine);
    if (!found.ok && "usage" in found) throw new Misuse(found.usage);
    if (!found.ok) return found;
    if (found.warning) screen.complain(screen.paint("yellow", found.warning));
    client = openClient(found.target);
    return { ok: true, value: client };
  };
  const invocation: Invocation = {
    ...room,
    words,
    configFile,
    json: values.has("json"),
    args,
    text: (option) => values.get(option)?.[0],
    texts: (option) => values.get(option) ?? [],
    number: (option) => (values.has(option) ? Number(values.get(option)?.[0]) : undefined),
    flag: (option) => values.has(option),
    misuse: (message) => misused(screen, { ok: false, message, words }),
    call: async (method, params) => {
      const connected = await connect();
      return connected.ok ? connected.value.call(method, params) : connected;
    },
  };
  try {
    return await leaf.run(invocation);
  } catch (error) {
    if (error instanceof Misuse) return misused(screen, { ok: false, message: error.message, words });
    throw error;
  } finally {
    await client?.close();
  }
}

/** A wrong use that shows only on the way to the host; every command meets it in the same place. */
class Misuse extends Error {}

function misused(screen: Screen, { message, words }: WrongUsage): number {
  screen.complain(screen.paint("red", printable(message)));
  screen.complain(`Run \`perch help${words === "" ? "" : ` ${words}`}\` to see ${words === "" ? "all commands" : "how it is used"}.`);
  return WRONG_USAGE;
}

async function help(words: readonly string[], screen: Screen): Promise<number> {
  const wanted = words.filter((word) => !word.startsWith("-"));
  if (wanted.length === 0) return sayAll(screen);
  const chosen = await choose(wanted.length === 1 ? [...wanted, "--help"] : wanted, COMMANDS);
  return chosen.ok ? sayOne(screen, chosen.command, chosen.words) : misused(screen, chosen);
}

async function sayAll(screen: Screen): Promise<number> {
  const { sayOverview } = await import("./help.ts");
  sayOverview(screen, await loadCommands());
  return DONE;
}

async function sayOne(screen: Screen, command: Command, words: string): Promise<number> {
  const { sayHelp } = await import("./help.ts");
  sayHelp(screen, command, words);
  return DONE;
}
