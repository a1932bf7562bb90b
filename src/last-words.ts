/** How the program ends when something happens that nobody expected: said once, without secrets, and with status 1. */
import { inspect } from "node:util";
import type { Log } from "./log.ts";

export type LastWords = {
  /** A host has begun: from now on its log is told, and its secrets are left out. */
  sayTo(log: Pick<Log, "root" | "scrub" | "flush">): void;
  die(cause: unknown): void;
};

type Ending = {
  on(event: "uncaughtException", handler: (cause: unknown) => void): unknown;
  stderr: { write(text: string): unknown };
  exit(status: number): unknown;
  report?: { excludeEnv?: boolean };
};

/**
 * A rejection that nobody handles comes the same way (Node.js documentation, `--unhandled-rejections`). What Node would
 * print by itself is the bare error, with whatever it holds; to go on would be to go on in an unknown state.
 */
export function watchForCrashes(process: Ending): LastWords {
  let log: Parameters<LastWords["sayTo"]>[0] | undefined;
  function die(cause: unknown): void {
    try {
      const text = inspect(cause);
      process.stderr.write(`Perch failed unexpectedly: ${log ? log.scrub(text) : text}\n`);
      log?.root.fatal({ err: cause }, "host failed unexpectedly");
      log?.flush();
    } finally {
      process.exit(1);
    }
  }
  process.on("uncaughtException", die);
  // A diagnostic report (--report-on-fatalerror) would list the environment, and `${env:NAME}` may stand for a secret.
  if (process.report) process.report.excludeEnv = true;
  return {
    sayTo: (known) => {
      log = known;
    },
    die,
  };
}
