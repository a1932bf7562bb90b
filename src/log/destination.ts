/// <reference path="./pino-roll.d.ts" />
/** Where the log's lines go: standard output, a file, or files that take turns. A disk that is full stops none of them for good. */
import { closeSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import pino from "pino";

type SonicBoom = ReturnType<typeof pino.destination>;

export type Rotation = {
  /** A file that has grown so large is followed by a new one. */
  maxSizeMb: number;
  /** A new file begins with each day or hour of the machine's time zone. */
  every: "daily" | "hourly";
  /** So many older files are kept. */
  keep: number;
};

/** `write` gathers lines for a moment. Nothing here throws once it is open. */
export type Destination = {
  write(line: string): void;
  /** Writes what has been gathered, as far as that is possible. */
  flush(): void;
  /** Opens a file of the same name anew: another program has moved it away. */
  reopen(): void;
  close(): Promise<void>;
};

/** So much is gathered before it is written, for at most `periodicFlush` ms: one system call for many lines. */
const GATHERING = { minLength: 4096, periodicFlush: 100 };
/** While a disk is full so much is kept for later; the lines that follow are lost. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** Written synchronously, since only then a flush is over when it returns. Nobody but the owner's group reads along. */
const OPTIONS = { ...GATHERING, sync: true, maxLength: MAX_KEPT_BYTES, mode: 0o640 };

/** Throws when the file can't be opened. */
export function openDestination(file: string | undefined): Destination {
  if (file === undefined) return guarded(pino.destination({ ...OPTIONS, dest: 1 }), false);
  mkdirSync(dirname(file), { recursive: true });
  return guarded(pino.destination({ ...OPTIONS, dest: file }), true);
}

/** The part of a file's name that tells its time, in date-fns' letters; without it a restart would write into an old file. */
const DATES = { daily: "yyyy-MM-dd", hourly: "yyyy-MM-dd-HH" } as const;

/**
 * Files beside `file` with date and number in their names (`perch.2026-11-24.1.log`); `file` itself is a link to the
 * newest. Rejects when it can't be opened.
 */
export async function openRollingFile(file: string, { maxSizeMb, every, keep }: Rotation): Promise<Destination> {
  mkdirSync(dirname(file), { recursive: true });
  setAside(file);
  // It brings all of date-fns, 300 modules, and hardly any host turns its log over by itself.
  const { default: roll } = await import("pino-roll");
  const limit = { count: keep + 1, removeOtherLogFiles: true };
  const boom = await roll({ file, size: maxSizeMb, frequency: every, dateFormat: DATES[every], limit, ...OPTIONS });
  const link = () => linkTo(file, boom);
  boom.on("ready", link);
  link();
  return guarded(boom, true);
}

/** A file of the time before rotation keeps its lines, under another name. */
function setAside(file: string): void {
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return;
  let name = `${file}.before-rotation`;
  for (let number = 2; lstatSync(name, { throwIfNoEntry: false }); number += 1) name = `${file}.before-rotation-${number}`;
  renameSync(file, name);
}

/** Replaced in one step, so that whoever follows the name always finds a file. */
function linkTo(file: string, boom: SonicBoom & { file?: string }): void {
  if (boom.file === undefined) return;
  const fresh = `${file}.new`;
  try {
    rmSync(fresh, { force: true });
    symlinkSync(basename(boom.file), fresh);
    renameSync(fresh, file);
  } catch (cause) {
    boom.emit("error", cause);
  }
}

function guarded(boom: SonicBoom & { file?: string }, ours: boolean): Destination {
  sayOnce(boom);
  reopenCarefully(boom);
  const flush = () => void flushAll(boom);
  // Without it the last words of a process are lost.
  process.on("exit", flush);
  boom.once("close", () => process.off("exit", flush));
  return {
    write: (line) => void boom.write(line),
    flush,
    reopen() {
      if (!ours) return;
      flush();
      try {
        boom.reopen();
      } catch (cause) {
        boom.emit("error", cause);
      }
    },
    async close() {
      const whole = flushAll(boom);
      if (!ours) return;
      const closed = new Promise<void>((resolve) => boom.once("close", () => resolve()));
      if (whole) boom.end();
      else boom.destroy();
      await closed;
    },
  };
}

/**
 * Tries the file before SonicBoom does: after one that it could not open it closes the old file's number twice, and by
 * then that number may be another file's (sonic-boom 4.2, `reopen`). Throws, and then goes on in the old file.
 */
function reopenCarefully(boom: SonicBoom & { file?: string }): void {
  const reopen = boom.reopen.bind(boom);
  boom.reopen = (file) => {
    const path = file ?? boom.file;
    if (typeof path === "string") closeSync(openSync(path, "a", OPTIONS.mode));
    reopen(file);
  };
}

/** Said once, since every line that follows fails as well. */
function sayOnce(boom: SonicBoom): void {
  let said = false;
  const say = (what: string) => {
    if (!said) process.stderr.write(`Perch can't write its log: ${what}\n`);
    said = true;
  };
  boom.on("error", (error: Error) => say(error.message));
  boom.on("drop", () => say("too much waits to be written; lines are lost"));
  boom.on("write", (bytes: number) => {
    if (bytes > 0) said = false;
  });
}

/**
 * Answers whether all is written. SonicBoom's own `flushSync` tries again for ever when the disk is full (sonic-boom
 * 4.2, `flushSync`), and a host must be able to stop all the same.
 */
function flushAll(boom: SonicBoom): boolean {
  let written = 0;
  let failed = false;
  const onWrite = (bytes: number) => {
    written = bytes;
  };
  const onError = () => {
    failed = true;
  };
  boom.on("write", onWrite);
  boom.on("error", onError);
  do {
    written = 0;
    boom.flush();
  } while (written > 0 && !failed);
  boom.off("write", onWrite);
  boom.off("error", onError);
  return !failed;
}
