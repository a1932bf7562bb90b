/**
 * A machine's clock that can be jumped while a program runs by it: libfaketime, loaded into that program alone.
 *
 * Only the wall clock is faked. CLOCK_MONOTONIC stays true, as it does on a machine whose date is set, so timers and
 * durations are the real ones.
 */
import { existsSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Debian's, for programs with threads. The loader fills `$LIB` in (`lib/x86_64-linux-gnu`, …; ld.so(8)). */
const LIBRARY = "/usr/$LIB/faketime/libfaketimeMT.so.1";

export type FakedClock = {
  /** For the program that is to run by this clock. */
  environment: Record<string, string>;
  /** Jumps: from now on the clock is so many seconds fast; slow where negative. */
  set(offsetSeconds: number): void;
};

/** The loader only warns of a library that is not there, and the program would run by the true clock: so it is looked for. */
export const hasFaketime = (root = "/usr/lib"): boolean =>
  readdirSync(root).some((name) => existsSync(join(root, name, "faketime/libfaketimeMT.so.1")));

/** A clock that is so many seconds off; `folder` keeps its setting. Throws when libfaketime is missing. */
export function fakeClock(folder: string, offsetSeconds: number): FakedClock {
  if (!hasFaketime()) throw new Error("libfaketime is missing; install it (Debian: apt-get install faketime)");
  const file = join(folder, "clock");
  const set = (seconds: number): void => {
    // Renamed into place: the program may read it at any moment, and a half-written one would be no time at all.
    writeFileSync(`${file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    renameSync(`${file}.new`, file);
  };
  set(offsetSeconds);
  return {
    environment: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    set,
  };
}
