import { resolve } from "node:path";
import type { Static } from "typebox";
import { Type } from "../type.ts";
import { formatProblem, type Problem } from "./problem.ts";
import { readText } from "./read-text.ts";
import type { ReferenceReader } from "./references.ts";
import { Config } from "./schema.ts";
import { nodeAt, placeOf, readSource, type Source } from "./source.ts";
import { validate } from "./validate.ts";

const SOCKET_PATH = ["server", "socket"] as const;
/** The one key of the real schema, so that its default and its path are resolved alike; anything may stand beside it. */
const SocketPart = Type.Object({
  server: Type.Object({ socket: Config.properties.server.properties.socket }, { default: {} }),
});

/**
 * `server.socket` of a configuration file, absolute. Reads no more than that: whoever asks a running host must not be
 * stopped by credentials or plug-in settings, which are the host's to read and perhaps just being mended.
 */
export async function socketOf(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ ok: true; socket: string } | { ok: false; problems: string[] }> {
  const path = resolve(file);
  const read = await readText(path);
  if (!read.ok) return refusal([{ file: path, line: 1, column: 1, message: `the file ${read.message}; name another with --config` }]);
  const reader: ReferenceReader = { environment, files: new Map() };
  const { source, problems } = await readSource(path, read.text, reader);
  if (!source) return refusal(problems);
  const checked = validate(SocketPart, source, [], source.data);
  const found = [...unfilled(source, problems), ...checked.problems];
  if (found.length > 0) return refusal(found);
  // the schema that the type is derived from has just been checked
  return { ok: true, socket: (checked.value as Static<typeof SocketPart>).server.socket };
}

/** References elsewhere may be the host's alone, such as a password in its environment. */
function unfilled(source: Source, problems: readonly Problem[]): Problem[] {
  if (!source.failed.has(nodeAt(source, SOCKET_PATH)?.value)) return [];
  const { line, column } = placeOf(source, SOCKET_PATH, "value");
  return problems.filter((problem) => problem.line === line && problem.column === column);
}

const refusal = (problems: readonly Problem[]): { ok: false; problems: string[] } => ({
  ok: false,
  problems: problems.map((problem) => formatProblem(problem)),
});
