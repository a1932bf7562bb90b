/** Reads `perch.yaml` and the credentials file that it names, and answers them whole or says all that is wrong. */
import { dirname, resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { checkConfig, checkCredentials } from "./cross-checks.ts";
import { digestFiles, type Watched } from "./digest-files.ts";
import { type ConfiguredDirectory, type ReadDirectory, readDirectory } from "./load-directory.ts";
import { pluginName, resolveModule } from "./plugin-module.ts";
import { type Problem, sortProblems } from "./problem.ts";
import { readText } from "./read-text.ts";
import type { ReferenceReader } from "./references.ts";
import { Config, Credentials } from "./schema.ts";
import { nodeAt, problemAt, readSource, type Source } from "./source.ts";
import { validate } from "./validate.ts";

export { formatProblem, type Problem } from "./problem.ts";

/** As configured, with the plug-in's name and the file to import. */
export type ConfiguredPlugin = Config["plugins"][number] & { name: string; moduleFile: string };
export type LoadedConfig = Watched & {
  /** Absolute. */
  file: string;
  config: Omit<Config, "plugins"> & { plugins: ConfiguredPlugin[] };
  credentials: Credentials;
  /** What `server.tls` names, as PEM. */
  tls?: TlsTexts;
  /** What `directory` names, as it was read. */
  directory?: ConfiguredDirectory;
  /** For places of problems that are found later. */
  sources: { config: Source; credentials: Source };
};
export type TlsTexts = { cert: string; key: string; ca?: string };
export type LoadResult =
  | { ok: true; loaded: LoadedConfig }
  /** When these files change, it is worth another try. */
  | (Watched & { ok: false; problems: Problem[] });

type Environment = Readonly<Record<string, string | undefined>>;
type Part<T> = { source?: Source; value?: T; path: string; problems: Problem[]; files: string[] };

/** `file` relative to the working folder. Never throws; every problem of both files is reported at once. */
export async function loadConfig(file: string, environment: Environment): Promise<LoadResult> {
  const reader: ReferenceReader = { environment, files: new Map() };
  const main = await readConfig(resolve(file), reader);
  const secret = main.source && (await readCredentials(main.source, reader));
  const tls = main.value && main.source ? await readTls(main.value, main.source, reader) : { problems: [] };
  const users = await readUsersOf(main, secret?.value, reader);
  const problems = sortProblems([...main.problems, ...(secret?.problems ?? []), ...tls.problems, ...users.problems]);
  const files = [...new Set([...reader.files.keys(), ...main.files, ...(secret?.files ?? [])])];
  const digest = await digestFiles(files, reader.files);
  if (problems.length > 0 || !main.value || !main.source || !secret?.value || !secret.source) return { ok: false, problems, files, digest };
  const loaded: LoadedConfig = {
    file: main.path,
    config: { ...main.value, plugins: main.value.plugins.map((plugin) => configuredPlugin(plugin, main.path)) },
    credentials: secret.value,
    ...(tls.texts && { tls: tls.texts }),
    ...(users.directory && { directory: users.directory }),
    files,
    digest,
    sources: { config: main.source, credentials: secret.source },
  };
  return { ok: true, loaded };
}

const readUsersOf = async (
  { value, source }: Part<Config>,
  credentials: Credentials | undefined,
  reader: ReferenceReader,
): Promise<ReadDirectory> =>
  value?.directory && source ? readDirectory(value.directory, { source, credentials, reader }) : { problems: [] };

const configuredPlugin = (plugin: Config["plugins"][number], file: string): ConfiguredPlugin => ({
  ...plugin,
  name: pluginName(plugin.module),
  moduleFile: resolveModule(plugin.module, file),
});

async function readConfig(path: string, reader: ReferenceReader): Promise<Part<Config>> {
  const read = await readText(path);
  reader.files.set(path, read.print);
  if (!read.ok) return { path, problems: [wholeFile(path, `the file ${read.message}`)], files: [] };
  return checkPart<Config>(Config, checkConfig, path, read.text, reader);
}

/** The credentials file is looked at even when something else in the configuration is wrong. */
async function readCredentials(main: Source, reader: ReferenceReader): Promise<Part<Credentials>> {
  const name = nodeAt(main, ["credentials"])?.value ? field(main.data, "credentials") : undefined;
  const path = resolve(dirname(main.file), typeof name === "string" ? name : "");
  if (typeof name !== "string" || name === "") return { path, problems: [], files: [] };
  const read = await readText(path);
  reader.files.set(path, read.print);
  if (!read.ok) {
    const advice = read.missing
      ? ": restore it from a backup, since the stored tokens open only with its vault keys; only for a new installation create it with `perch credentials init`"
      : "";
    return {
      path,
      problems: [problemAt(main, ["credentials"], "value", `the credentials file ${path} ${read.message}${advice}`)],
      files: [],
    };
  }
  const part = await checkPart<Credentials>(Credentials, checkCredentials, path, read.text, reader);
  return { ...part, problems: [...modeProblem(path, read.mode), ...part.problems] };
}

const field = (data: unknown, key: string): unknown =>
  typeof data === "object" && data !== null ? Object.entries(data).find(([name]) => name === key)?.[1] : undefined;

/** Whoever can read the file can post in the company's name. */
function modeProblem(path: string, mode: number): Problem[] {
  if ((mode & 0o077) === 0 || process.platform === "win32") return [];
  const shown = mode.toString(8).padStart(3, "0");
  return [wholeFile(path, `group or others can use this file (mode ${shown}): run \`chmod 600 ${path}\``)];
}

async function checkPart<T>(
  schema: object,
  crossCheck: (value: T, source: Source) => Problem[],
  path: string,
  text: string,
  reader: ReferenceReader,
): Promise<Part<T>> {
  const { source, problems } = await readSource(path, text, reader, schema === Credentials);
  if (!source) return { path, problems, files: [] };
  const checked = validate(schema, source, [], source.data);
  const found = [...problems, ...checked.problems];
  if (found.length > 0) return { source, path, problems: found, files: checked.files };
  // the schema that T is derived from has just been checked
  const value = checked.value as T;
  return { source, value, path, problems: crossCheck(value, source), files: checked.files };
}

/** A key that does not fit its certificate would otherwise show only when the first caller connects. */
async function readTls(config: Config, source: Source, reader: ReferenceReader): Promise<{ texts?: TlsTexts; problems: Problem[] }> {
  const { tls } = config.server;
  if (!tls) return { problems: [] };
  const read = async (file: string): Promise<string> => {
    const found = await readText(file);
    reader.files.set(file, found.print);
    return found.ok ? found.text : "";
  };
  const [cert, key] = [await read(tls.certFile), await read(tls.keyFile)];
  const texts = { cert, key, ...(tls.clientCaFile !== undefined && { ca: await read(tls.clientCaFile) }) };
  if (Object.values(texts).every((text) => text !== "") && isSecure(texts)) return { texts, problems: [] };
  const message = "server.tls: these files are not PEM, or the key does not fit the certificate";
  return { problems: [problemAt(source, ["server", "tls"], "key", message)] };
}

function isSecure(texts: TlsTexts): boolean {
  try {
    createSecureContext(texts);
    return true;
  } catch {
    return false;
  }
}

const wholeFile = (file: string, message: string): Problem => ({ file, line: 1, column: 1, message });
