/** The host's log: pino in this process, every line cleaned of secrets, as JSON or as AR's operators know it. */
import pino, { type DestinationStream, type Level, type Logger, type LoggerOptions } from "pino";
import { arLine } from "./log/ar-line.ts";
import { type Destination, openDestination } from "./log/destination.ts";
import { logPage } from "./log/log-page.ts";
import { openRecentLines } from "./log/recent-lines.ts";
import { redactLine } from "./log/redact.ts";
import { createScrubber } from "./log/scrub.ts";
import type { LogPage, LogRequest } from "./log-shapes.ts";

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
  /** One that was opened before, in place of `file`; the log closes it. */
  opened?: Destination | undefined;
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
  /** The plug-in follows the host's level again, which is answered. */
  unpin(plugin: string): LogLevel;
  /** The last lines, as they were written. */
  read(request: LogRequest): LogPage;
  /** For what leaves the host by another way than the log. */
  scrub(text: string): string;
  /** Writes what has been gathered. */
  flush(): void;
  /** The log's file has been moved away by another program: goes on in a new one. */
  reopen(): void;
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

/** Opens the log. Throws when the file can't be opened or a level is unknown. */
export function createLog(options: LogOptions): Log {
  const target = targetOf(options);
  const scrubber = createScrubber(options.secrets);
  const recent = openRecentLines();
  const write = lineWriter(options, target, (line) => {
    const cleaned = scrubber.scrubRecord(redactLine(line));
    recent.keep(cleaned);
    return cleaned;
  });
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
  const unpin = (plugin: string): LogLevel => {
    pinned.delete(plugin);
    const level = pinoLevel(root.level);
    forPlugin(plugin).level = level;
    return level;
  };
  for (const name of pinned) forPlugin(name);
  const life = (options.now ?? Date.now)();
  const read = (request: LogRequest): LogPage => {
    const levels = { host: root.level, plugins: Object.fromEntries([...children].map(([name, { level }]) => [name, level])) };
    // Once more: what was no secret when a line was written may be one now.
    const after = (number: number) => recent.after(number).map((line) => ({ ...line, json: scrubber.scrubRecord(line.json) }));
    return logPage(request, { recent: { after, first: recent.first, last: recent.last }, levels, life });
  };
  const { flush, reopen, close } = target;
  return { root, forPlugin, setLevel, unpin, read, scrub: scrubber.scrub, flush, reopen, close };
}

function targetOf({ destination, opened, file }: LogOptions): Destination {
  if (!destination) return opened ?? openDestination(file);
  // A destination that was given belongs to whoever gave it.
  return { write: (line) => void destination.write(line), flush() {}, reopen() {}, close: async () => {} };
}

function pinoOptions({ level, now = Date.now }: LogOptions): LoggerOptions {
  return {
    level: pinoLevel(level),
    base: null,
    timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  };
}

/** Formats stay in this process: pino's transports are threads of their own, and load by `require`. */
function lineWriter(options: LogOptions, target: Destination, cleaned: (line: string) => string): (line: string) => void {
  const terminal = options.file === undefined && options.destination === undefined && process.stdout.isTTY === true;
  const format = options.format ?? (terminal ? "ar" : "json");
  if (format === "json") return (line) => target.write(cleaned(line));
  return (line) => target.write(arLine(cleaned(line), terminal));
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
