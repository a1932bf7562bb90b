import type { DiagnosisLine, PluginDefinition } from "../contract.ts";
import type { KeyChange, KeyStep } from "../shapes.ts";

/** A host that runs in this process. */
export type RunningHost = {
  url: string;
  /** Path of the Unix socket. */
  socket: string;
  /** What is in flight ends, at most `stopTimeoutSeconds`. */
  stop(): Promise<void>;
  reload(): Promise<void>;
  /** Exit status, once the host has stopped by itself (its store broke, for example). */
  ended: Promise<number>;
};

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** Lines `file:line:column: what is wrong`, or sentences where no file is to blame. */
export type Problems = { ok: false; problems: string[] };

export type HostOptions = {
  /** Absolute. */
  configFile: string;
  /** What the machine's clock says, in milliseconds; `Date.now` unless a demo bends it. */
  wall?: () => number;
  /** No log on standard output. */
  quiet?: boolean;
  /** Takes each log line. */
  logTo?: (line: string) => void;
};

export type NewPluginOptions = {
  name: string;
  /** Without a notification mechanism. */
  filterOnly: boolean;
  /** Absolute; the plug-in gets a folder in it. Without one it is made in the checkout. */
  folder?: string;
};
/** The files that were made, absolute. */
/** `node`: the Node that runs its test where no package of Perch is at hand; the one on the PATH may be too old. */
export type NewPlugin = { ok: true; name: string; module: string; test: string; node: string };

/** Addresses as they were typed; paths in them start from `folder`. */
export type CopyRequest = { configFile: string; folder: string; from: string; to: string };
/** `checking`: what was written is read again. */
export type StoreCopyProgress = { table: string; checking: boolean; done: number; total: number };
/** Names of the stores, and how many rows each table has. */
export type StoreCopied = { from: string; to: string; rows: Record<string, number> };

/** `part`: `host`, or the plug-in that found it. */
export type DoctorLine = DiagnosisLine & { part: string };

/** What commands need beyond calls to a running host; `main.ts` wires it. */
export type Machine = {
  /** Of Perch, as in package.json. */
  version: string;
  /** Of Node, with its `v`. */
  nodeVersion: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back on each SIGINT, SIGTERM and SIGHUP until the function that it answers is called. */
  onSignal(handler: (signal: StopSignal) => void): () => void;

  startHost(options: HostOptions): Promise<{ ok: true; value: RunningHost } | Problems>;
  /** Validates configuration, credentials and the plug-ins' own parts; `summary` says what was found, a line each. */
  checkConfiguration(configFile: string): Promise<{ problems: string[]; summary: string[] }>;
  /** `server.socket` of a configuration, absolute; reads no more of it than that. */
  socketOf(configFile: string): Promise<{ ok: true; socket: string } | Problems>;
  /** Creates a credentials file with random secrets, mode 0600; never overwrites one. */
  initCredentials(file: string): Promise<{ ok: true; file: string } | Problems>;
  /** Looks at all that can keep a host from working, whether it runs or not; each line as it is known. Changes nothing. */
  diagnose(configFile: string): AsyncIterable<DoctorLine>;
  /** The credentials file alone, and unless `offline` whether the services accept what is in it. */
  checkCredentials(configFile: string, options: { offline: boolean }): AsyncIterable<DoctorLine>;
  /** Changes the vault's keys in the credentials file. */
  rotateKey(configFile: string, step: KeyStep): Promise<{ ok: true; value: KeyChange } | Problems>;
  /** Copies a store into an empty one; no host may work on either. */
  copyStore(request: CopyRequest, onProgress: (progress: StoreCopyProgress) => void): Promise<{ ok: true; value: StoreCopied } | Problems>;
  /** The scrypt hash for a client's `password`. */
  hashPassword(password: string): Promise<string>;

  /** Makes a plug-in with its test out of a template; overwrites nothing. */
  newPlugin(options: NewPluginOptions): Promise<NewPlugin | Problems>;
  /** Names of the plug-ins that this checkout ships in `plugins/`. */
  listModules(): Promise<string[]>;
  /** A name or a path, as in the configuration; throws with the cause when it is no plug-in. */
  loadPlugin(module: string): Promise<PluginDefinition>;
};
