import { createHash } from "node:crypto";
import { readText } from "./read-text.ts";

/** What to watch. */
export type Watched = {
  /** Every file that was read or looked for, absolute. */
  files: readonly string[];
  /** Of what they held; another digest is another configuration. */
  digest: string;
};

/**
 * Hashes names and prints of files. The prints of those that have been read are given, so that the digest is of what was
 * loaded, whatever has happened to the file since.
 */
export async function digestFiles(files: readonly string[], prints: ReadonlyMap<string, string> = new Map()): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0${prints.get(file) ?? (await readText(file)).print}\0`);
  return hash.digest("hex");
}
