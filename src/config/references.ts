/** `${env:NAME}` and `${file:PATH}` inside the texts of a configuration. What they hold is never shown. */
import { dirname, resolve } from "node:path";
import { readText } from "./read-text.ts";

export type ReferenceReader = {
  environment: Readonly<Record<string, string | undefined>>;
  /** The print of every file that was looked for, by absolute path. */
  files: Map<string, string>;
};

export type Filled = { text: string; filled: boolean; problems: string[] };

const REFERENCE = /\$\{([A-Za-z]+):([^}]*)(\}?)/g;

/**
 * Fills in the references of one text. A path is relative to `file`, the file that the text stands in. The values are
 * not looked into again: a secret may hold any character.
 */
export async function fillReferences(text: string, file: string, reader: ReferenceReader): Promise<Filled> {
  const problems: string[] = [];
  let output = "";
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [whole, kind = "", name = "", brace] = match;
    output += text.slice(end, match.index);
    end = match.index + whole.length;
    const value = brace === "" ? { problem: "a reference (${…) lacks its closing brace" } : await readReference(kind, name, file, reader);
    if ("problem" in value) problems.push(value.problem);
    else output += value.text;
  }
  return { text: output + text.slice(end), filled: end > 0, problems };
}

type Value = { text: string } | { problem: string };

async function readReference(kind: string, name: string, file: string, reader: ReferenceReader): Promise<Value> {
  if (kind === "env") return readVariable(name, reader);
  if (kind === "file") return readReferenceFile(name, file, reader);
  return { problem: `this reference is not known: there are \${env:NAME} and \${file:PATH}` };
}

function readVariable(name: string, reader: ReferenceReader): Value {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { problem: `\${env:NAME} needs the name of an environment variable` };
  const text = Object.hasOwn(reader.environment, name) ? reader.environment[name] : undefined;
  return text === undefined ? { problem: `the environment variable ${name} is not set` } : { text };
}

async function readReferenceFile(path: string, file: string, reader: ReferenceReader): Promise<Value> {
  if (path === "") return { problem: `\${file:PATH} needs the path of a file` };
  const target = resolve(dirname(file), path);
  const read = await readText(target);
  reader.files.set(target, read.print);
  if (!read.ok) return { problem: `the file ${target} that is referred to ${read.message}` };
  return { text: read.text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "") };
}
