/** The host's log: pino in this process, every line cleaned of secrets, as JSON or as AR's operators know it. */
import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import pino, { type DestinationStream, type Level, type Logger, type LoggerOptions } from "pino";
import { arLine } from "./log/ar-line.ts";
import { createScrubber } from "./log/scrub.ts";

export type LogLevel = Level | "silent";
export type LogOptions = {
  /** Of AR System or of pino. */
  level: string;
  /** Appended to; its folder is made. Default: standard output. */
  file?: string | undefined;
  /** Default: `ar` on a terminal, else `json`. */
  format?: "json" | "ar" | undefined;
  /** Level of single plug-ins by name. */
  plugins?: Readonly<Record<string, string>>;
  /** What must not show; asked for each line, so that it follows a reload. */
  secrets: () => readonly string[];
  /** Instead of file and standard output. */
  destination?: DestinationStream;
  /** Told of the level of each line that is written. */
  onLine?: (level: string) => void;
  /** Milliseconds since 1970. */
  now?: () => number;
};

export type Log = {
  root: Logger;
  /** The logger of a plug-in; the same one for the same name. */
  forPlugin(name: string): Logger;
  /** Changes a level at run time and answers pino's name of it. Throws {@link UnknownLevel}. */
  setLevel(level: string, plugin?: string): LogLevel;
  /** For what leaves the host by another way than the log. */
  scrub(text: string): string;
  /** Writes what has been gathered. */
  flush(): void;
  close(): Promise<void>;
};

export class UnknownLevel extends Error {
  override name = "UnknownLevel";
}

/**
 * AR System's levels (SEVERE 1000, WARNING 900, INFO 800, CONFIG 700, FINE 600, FINER 500, FINEST 400; ALL, OFF) by the
 * pino level that lets as much through.
 */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warn: "warn",
  error: "error",
  fatal: "fatal",
  silent: "silent",
  severe: "error",
  warning: "warn",
  config: "info",
  fine: "debug",
  finer: "debug",
  finest: "trace",
  all: "trace",
  off: "silent",
};

/** pino's name of a level of AR System or pino, upper or lower case. Throws {@link UnknownLevel}. */
export function pinoLevel(level: string): LogLevel {
  const key = level.toLowerCase();
  const known = Object.hasOwn(LEVELS, key) ? LEVELS[key] : undefined;
  if (!known) {
    throw new UnknownLevel("Unknown log level. Use SEVERE, WARNING, INFO, CONFIG, FINE, FINER, FINEST, OFF, ALL, or pino's names.");
  }
  return known;
}

/** Keys whose values never show, whether the value is known as a secret or not; at the top and two levels below. */
const SECRET_KEYS = ["password", "token", "secret", "accessToken", "accessTokenSecret", "consumerSecret", "authorization", "pin"];
const REDACTED = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** Opens the log. Throws when the file can't be opened or a level is unknown. */
export function createLog(options: LogOptions): Log {
  const target = options.destination ?? openDestination(options.file);
  const scrubber = createScrubber(options.secrets);
  const write = lineWriter(options, target, scrubber);
  const root = pino(pinoOptions(options), { write: counting(write, options.onLine) });
  const pinned = new Set(Object.keys(options.plugins ?? {}));
  const children = new Map<string, Logger>();
  const forPlugin = (name: string): Logger => {
    const known = children.get(name);
    if (known) return known;
    const own = options.plugins && Object.hasOwn(options.plugins, name) ? options.plugins[name] : undefined;
    const child = root.child({ plugin: name }, { level: own === undefined ? root.level : pinoLevel(own) });
    children.set(name, child);
    return child;
  };
  const setLevel = (level: string, plugin?: string): LogLevel => {
    const name = pinoLevel(level);
    if (plugin !== undefined) {
      pinned.add(plugin);
      forPlugin(plugin).level = name;
      return name;
    }
    root.level = name;
    for (const [child, logger] of children) if (!pinned.has(child)) logger.level = name;
    return name;
  };
  for (const name of pinned) forPlugin(name);
  return { root, forPlugin, setLevel, scrub: scrubber.scrub, flush: () => flush(target), close: () => close(target, options) };
}

function pinoOptions({ level, now = Date.now }: LogOptions): LoggerOptions {
  return {
    level: pinoLevel(level),
    base: null,
    timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED, censor: "[secret]" },
  };
}

/** Formats stay in this process: pino's transports are threads of their own, and load by `require`. */
function lineWriter(options: LogOptions, target: DestinationStream, scrubber: ReturnType<typeof createScrubber>): (line: string) => void {
  const terminal = options.file === undefined && options.destination === undefined && process.stdout.isTTY === true;
  const format = options.format ?? (terminal ? "ar" : "json");
  if (format === "json") return (line) => target.write(scrubber.scrubRecord(line));
  return (line) => target.write(arLine(scrubber.scrubRecord(line), terminal));
}

/** The level stands first in a line of pino's. */
const LEVEL = /^\{"level":"([a-z]+)"/;

function counting(write: (line: string) => void, onLine: LogOptions["onLine"]): (line: string) => void {
  if (!onLine) return write;
  return (line) => {
    onLine(LEVEL.exec(line)?.[1] ?? "info");
    write(line);
  };
}

type SonicBoom = ReturnType<typeof pino.destination>;

/** So much is gathered before it is written, for at most {@link FLUSH_MS}: one system call for many lines. */
const BUFFER_BYTES = 4096;
const FLUSH_MS = 100;

function openDestination(file: string | undefined): SonicBoom {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const dest = file === undefined ? 1 : openSync(file, "a", 0o640);
  // written synchronously, since only then a flush is over when it returns
  const destination = pino.destination({ dest, sync: true, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS });
  // a full disk must not take the host down with it; said once, since every line that follows fails as well
  let said = false;
  destination.on("error", (error: Error) => {
    if (!said) process.stderr.write(`Perch can't write its log: ${error.message}\n`);
    said = true;
  });
  destination.on("write", () => {
    said = false;
  });
  // pino does this for asynchronous destinations only; without it the last words of a process are lost
  const flushAtExit = (): void => destination.flushSync();
  process.on("exit", flushAtExit);
  destination.once("close", () => process.off("exit", flushAtExit));
  return destination;
}

const isSonicBoom = (target: DestinationStream): target is SonicBoom => "flushSync" in target && "end" in target;

function flush(target: DestinationStream): void {
  if (isSonicBoom(target)) target.flushSync();
}

async function close(target: DestinationStream, options: LogOptions): Promise<void> {
  flush(target);
  // standard output belongs to the process, and a given destination to the caller
  if (options.file === undefined || options.destination !== undefined || !isSonicBoom(target)) return;
  await new Promise<void>((resolve) => {
    target.once("close", () => resolve());
    target.end();
  });
}
