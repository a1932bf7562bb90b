/** The users' directory as it is configured: the users of its file. */
import type { User } from "../shapes.ts";
import type { Problem } from "./problem.ts";
import { readText } from "./read-text.ts";
import { readUsers } from "./read-users.ts";
import type { ReferenceReader } from "./references.ts";
import type { Config } from "./schema.ts";

/** `file`: absolute. */
export type ConfiguredDirectory = { file: string; users: User[] };

/** Some 100,000 users; it is read whole, while the host runs. */
const MAX_MB = 8;

export async function readDirectory(
  { file, columns }: NonNullable<Config["directory"]>,
  reader: ReferenceReader,
): Promise<{ directory?: ConfiguredDirectory; problems: Problem[] }> {
  const read = await readText(file, MAX_MB);
  reader.files.set(file, read.print);
  if (!read.ok) return { problems: [{ file, line: 1, column: 1, message: `the file ${read.message}` }] };
  const { users, problems } = readUsers(file, read.text, columns);
  return problems.length > 0 ? { problems } : { directory: { file, users }, problems };
}
