import { hash } from "node:crypto";
import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";

const MIB = 1024 * 1024;

/**
 * `print` tells what was found from anything else that can be found there, also where it is no text: the contents and
 * the mode (`chmod` can be what mends a file), or why there are none.
 */
export type TextFile = { print: string } & ({ ok: true; text: string; mode: number } | { ok: false; missing: boolean; message: string });

const CAUSES: Record<string, string> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist (a part of its path is not a folder)",
  EACCES: "can't be read by this user",
  EPERM: "can't be read by this user",
  ELOOP: "is a loop of symbolic links",
  EISDIR: "is a folder, not a file",
};

/** In words for people: what the system said of a file. */
export function fileTrouble(error: unknown): { missing: boolean; message: string } {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return { missing: code === "ENOENT" || code === "ENOTDIR", message: CAUSES[code] ?? `can't be read (${code})` };
}

/**
 * Reads a regular file of UTF-8. The message of a failure goes on after "the file ". Little that belongs into a
 * configuration is larger than 1 MiB; a device or a log named by mistake is refused early.
 */
export async function readText(file: string, maxMib = 1): Promise<TextFile> {
  try {
    const facts = await stat(file);
    const mode = facts.mode & 0o777;
    if (facts.isDirectory()) return noText("is a folder, not a file");
    // a pipe would block for ever; /dev/null and the like hold nothing
    if (!facts.isFile()) return noText("is not a regular file");
    if (facts.size > maxMib * MIB) return noText(`is larger than ${maxMib} MiB`, printOf(facts));
    const bytes = await readFile(file);
    // What is looked at every second must not cost much.
    const print = facts.size > MIB ? printOf(facts) : `${mode.toString(8)} ${hash("sha256", bytes)}`;
    const text = decoded(bytes);
    return text === undefined ? noText("is not UTF-8", print) : { ok: true, text, mode, print };
  } catch (error) {
    const trouble = fileTrouble(error);
    return { ok: false, ...trouble, print: trouble.message };
  }
}

const printOf = ({ size, mtimeMs, ctimeMs }: Stats): string => `${size} ${mtimeMs} ${ctimeMs}`;

const noText = (message: string, print = message): TextFile => ({ ok: false, missing: false, message, print });

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
