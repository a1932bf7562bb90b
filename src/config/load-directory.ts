/** The users' directory as it is configured: the users of its file, or where AR System is and as whom to ask it. */
import { X509Certificate } from "node:crypto";
import type { User } from "../shapes.ts";
import { isLoopback } from "./loopback.ts";
import type { Problem } from "./problem.ts";
import { readText } from "./read-text.ts";
import type { ReferenceReader } from "./references.ts";
import type { Config, Credentials } from "./schema.ts";
import { problemAt, type Source } from "./source.ts";

type Section = NonNullable<Config["directory"]>;
type ArServer = NonNullable<Section["arServer"]>;
type LogIn = NonNullable<Credentials["directory"]>;

/** `file`: absolute. `ca`: what `caFile` holds. */
export type ConfiguredDirectory = { file: string; users: User[] } | { arServer: ArServer & { ca?: string }; logIn: LogIn };
export type ReadDirectory = { directory?: ConfiguredDirectory; problems: Problem[] };
type Files = { source: Source; credentials: Credentials | undefined; reader: ReferenceReader };

/** Some 100,000 users; it is read whole, while the host runs. */
const MAX_MIB = 8;

/** `credentials`: undefined where that file is wrong, which has been said. */
export async function readDirectory({ file, columns, arServer }: Section, files: Files): Promise<ReadDirectory> {
  const problem = (message: string): ReadDirectory => ({ problems: [problemAt(files.source, ["directory"], "key", message)] });
  if ((file === undefined) === (arServer === undefined)) return problem("directory needs either file or arServer");
  if (arServer) return columns ? problem("directory.columns are those of a file, and there is none") : readArServer(arServer, files);
  return readUserFile(file ?? "", columns, files.reader);
}

async function readUserFile(file: string, columns: Section["columns"], reader: ReferenceReader): Promise<ReadDirectory> {
  const read = await readText(file, MAX_MIB);
  reader.files.set(file, read.print);
  if (!read.ok) return { problems: [{ file, line: 1, column: 1, message: `the file ${read.message}` }] };
  // Its parsers are loaded only where there is a file to read.
  const { readUsers } = await import("./read-users.ts");
  const { users, problems } = readUsers(file, read.text, columns);
  return problems.length > 0 ? { problems } : { directory: { file, users }, problems };
}

async function readArServer(arServer: ArServer, { source, credentials, reader }: Files): Promise<ReadDirectory> {
  const problem = (message: string, ...path: string[]) => problemAt(source, ["directory", "arServer", ...path], "key", message);
  const { protocol, hostname } = new URL(arServer.url);
  const ca = arServer.caFile === undefined ? undefined : await readText(arServer.caFile);
  if (arServer.caFile !== undefined && ca) reader.files.set(arServer.caFile, ca.print);
  const problems = [
    ...(protocol === "http:" && !isLoopback(hostname)
      ? [problem("directory.arServer.url is http:// to another machine: the password would cross the network in the clear", "url")]
      : []),
    ...(ca && !(ca.ok && isCertificate(ca.text))
      ? [problem("directory.arServer.caFile names a file that holds no certificate in PEM", "caFile")]
      : []),
    ...(credentials && !credentials.directory
      ? [problem("directory.arServer needs a log-in: put directory.username and directory.password into the credentials file")]
      : []),
  ];
  if (problems.length > 0 || !credentials?.directory) return { problems };
  return { directory: { arServer: { ...arServer, ...(ca?.ok && { ca: ca.text }) }, logIn: credentials.directory }, problems };
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== "";
  } catch {
    return false;
  }
}
