import { readFile, stat } from "node:fs/promises";

/** Nothing that belongs into a configuration is larger; a device or a log named by mistake is refused early. */
const MAX_BYTES = 1024 * 1024;

export type TextFile = { ok: true; text: string; mode: number } | { ok: false; missing: boolean; message: string };

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

/** Reads a regular file of UTF-8. The message of a failure goes on after "the file ". */
export async function readText(file: string): Promise<TextFile> {
  try {
    const facts = await stat(file);
    if (facts.isDirectory()) return { ok: false, missing: false, message: "is a folder, not a file" };
    // a pipe would block for ever; /dev/null and the like hold nothing
    if (!facts.isFile()) return { ok: false, missing: false, message: "is not a regular file" };
    if (facts.size > MAX_BYTES) return { ok: false, missing: false, message: "is larger than 1 MiB" };
    return {
      ok: true,
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(file)),
      mode: facts.mode & 0o777,
    };
  } catch (error) {
    if (error instanceof TypeError) return { ok: false, missing: false, message: "is not UTF-8" };
    return { ok: false, ...fileTrouble(error) };
  }
}
