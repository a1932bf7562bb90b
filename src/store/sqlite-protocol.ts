/** What the main thread and its two workers say to each other: plain data, many calls to a message. */
import type { Commit } from "./store.ts";

export type Call = { id: number; name: string; args: unknown[] };
/** An error without its class, which a structured clone would lose with its code. */
export type PlainError = { message: string; code: string | undefined };
export type Reply = { id: number; value: unknown } | { id: number; error: PlainError };
export type Report =
  | { kind: "ready" }
  | { kind: "refused"; error: PlainError }
  | { kind: "replies"; replies: Reply[]; commit?: Commit }
  | { kind: "broken"; error: PlainError };

/** The last call of a thread: it closes its connection and ends. */
export const CLOSE = "close";

/** Nothing of the process's own; and a diagnostic report would list its environment for each thread, whatever `env` is there. */
export const THREAD_ARGV = ["--report-exclude-env"];

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { message: String(error), code: undefined };
  return { message: error.message, code: "code" in error && typeof error.code === "string" ? error.code : undefined };
}

/** Faults of the machine, not of one change. */
const MACHINE_FAULT = /^SQLITE_(FULL|IOERR|READONLY|CORRUPT|NOTADB|NOMEM|CANTOPEN|BUSY|PROTOCOL|INTERRUPT)/;
export const mayPass = ({ code }: PlainError): boolean => code !== undefined && MACHINE_FAULT.test(code);

export function errorOf({ message, code }: PlainError): Error {
  return code === undefined ? new Error(message) : Object.assign(new Error(`${message} (${code})`), { code });
}
