/** The shape of a command: what it is called, takes and does. Help and checks follow from this table. */
import type { Io } from "./io.ts";
import type { Machine } from "./machine.ts";
import type { Method, Params, Result, RpcAnswer } from "./methods.ts";
import type { Screen } from "./screen.ts";

/** Exit status (contract, section 1). */
export const DONE = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;

export type Option = {
  /** One letter. */
  short?: string;
  /** What stands for the value in help; an option without one is a switch. */
  value?: string;
  help: string;
  /** Said in help only; what the command does without the option. */
  fallback?: string;
  required?: true;
  /** May be given more than once. */
  many?: true;
  /** What the value must be. */
  choices?: readonly string[];
  integer?: { min: number; max: number };
  /** A moment (ISO 8601, local unless it says otherwise) or how long ago (`30m`, `2h`, `7d`). */
  moment?: true;
};
export type Options = Readonly<Record<string, Option>>;

export type Argument = {
  name: string;
  help: string;
  optional?: true;
  /** One or more; only the last may. */
  many?: true;
};

/** How a command is reached: `host` ones take --url and --client too. */
export type Leaf = {
  name: string;
  summary: string;
  /** More than the summary says, a line each. */
  purpose?: readonly string[];
  arguments?: readonly Argument[];
  options?: Options;
  /** Talks to a running host. */
  host?: true;
  /** Has something to print as JSON. */
  json?: true;
  example: string;
  run(invocation: Invocation): Promise<number>;
};
export type Group = { name: string; summary: string; subcommands: readonly Leaf[]; example: string };
export type Command = Leaf | Group;

export const isGroup = (command: Command): command is Group => "subcommands" in command;

/** One use of a command, checked against its table. */
export type Invocation = {
  /** `registrations list` */
  words: string;
  io: Io;
  machine: Machine;
  screen: Screen;
  /** Absolute. */
  configFile: string;
  /** Print JSON. */
  json: boolean;
  args: readonly string[];
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
  number(option: string): number | undefined;
  flag(option: string): boolean;
  /** Says what is wrong with the use of the command and answers the exit status for it. */
  misuse(message: string): number;
  /** Calls the host: over its Unix socket, or --url. */
  call<M extends Method>(method: M, params: Params<M>): Promise<RpcAnswer<Result<M>>>;
};
