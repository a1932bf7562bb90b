/** Configuration and credentials files as hands, editors and templates spoil them. */

import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type LoadResult, loadConfig } from "../../src/config/load.ts";
import type { Suite } from "./suite.ts";

/** In every secret below; nothing that is said may hold it. */
const MARK = "Zq7MARK";
const CONFIG = readFileSync(new URL("../../config/perch.yaml", import.meta.url), "utf8");
const CREDENTIALS = `vault:
  keys:
    - { id: "2026-11", key: ${Buffer.from(`${MARK}-vault-key-of-32-bytes-000`.slice(0, 32)).toString("base64")} }
clients:
  - { name: ar-server, role: workflow, password: ${MARK}-password-of-the-server }
  - name: ops
    role: operator
    password: "${MARK}: with # signs' and \\" quotes"
plugins:
  twitter:
    consumerKey: ${MARK}ConsumerKey9x
    consumerSecret: "${MARK}ConsumerSecret9x"
    accounts:
      ITSM_Notify:
        accessToken: 123-${MARK}Token
        accessTokenSecret: |
          ${MARK}TokenSecret
`;
const REFERENCED = [`password: \${env:PERCH_FUZZ}`, `proxy: \${file:./secret.txt}`, `\${env:NO_SUCH_VARIABLE}`, `\${file:../no-such-file}`];
const ENVIRONMENT = { PERCH_FUZZ: `${MARK}-from-the-environment` };

const PIECES = [
  ...REFERENCED,
  "- ",
  "? ",
  ": ",
  ": |\n",
  "{",
  "}",
  "[",
  "]",
  "&a ",
  "*a",
  "<<: *a",
  "!!binary x",
  "!tag ",
  '"',
  "'",
  "#",
  "---\n",
  "...\n",
  "%YAML 1.1\n",
  "\t",
  "\r",
  "\u0000",
  "\ufeff",
  "\u2028",
  "\ud83d\ude00",
  "__proto__: { port: 1 }\n",
  "constructor: 1\n",
  "tls: { certFile: ./a, keyFile: ./b }\n",
  "store: postgres://u:p@h/d\n",
  "host: 0.0.0.0\n",
  "insecure: yes\n",
  "threads: 1e3\n",
  "port: 0x1F\n",
  "null",
  "~",
  "true",
  ".inf",
  "12345678901234567890",
  "2026-11-24",
  "\n\n",
  "[[[[[[[[[[[[",
  "{a: {a: {a: {a: ",
];
const edit = fc.record({
  kind: fc.constantFrom("drop line", "double line", "swap lines", "indent", "insert", "replace", "drop", "cut", "drop word"),
  at: fc.nat(),
  other: fc.nat(),
  piece: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...PIECES) },
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.json({ maxDepth: 2 }),
  ),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;
const edits = fc.array(edit, { minLength: 1, maxLength: 4 });

function apply(text: string, { kind, at, other, piece }: Edit): string {
  const lines = text.split("\n");
  const line = at % lines.length;
  const offset = at % (text.length + 1);
  const length = other % 12;
  switch (kind) {
    case "drop line":
      return lines.toSpliced(line, 1).join("\n");
    case "double line":
      return lines.toSpliced(line, 0, lines[line] ?? "").join("\n");
    case "swap lines":
      return lines
        .with(line, lines[other % lines.length] ?? "")
        .with(other % lines.length, lines[line] ?? "")
        .join("\n");
    case "indent":
      return lines.with(line, " ".repeat(other % 6) + (other % 2 === 0 ? lines[line] : lines[line]?.trimStart())).join("\n");
    case "insert":
      return text.slice(0, offset) + piece + text.slice(offset);
    case "replace":
      return text.slice(0, offset) + piece + text.slice(offset + length);
    case "drop":
      return text.slice(0, offset) + text.slice(offset + length);
    case "cut":
      return text.slice(0, offset);
    default:
      return lines
        .with(
          line,
          (lines[line] ?? "")
            .split(" ")
            .toSpliced(other % 8, 1)
            .join(" "),
        )
        .join("\n");
  }
}

const spoil = (text: string, all: readonly Edit[]): string => all.reduce(apply, text);
const config = fc.oneof(
  { weight: 6, arbitrary: edits.map((all) => spoil(CONFIG, all)) },
  { weight: 2, arbitrary: fc.constant(CONFIG) },
  fc.string({ unit: "binary" }),
);
const credentials = fc.oneof(
  { weight: 5, arbitrary: edits.map((all) => spoil(CREDENTIALS, all)) },
  fc.constant(CREDENTIALS),
  fc.string({ unit: "binary" }),
);
/** A byte that is no UTF-8. */
const wrongByte = fc.oneof({ weight: 30, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat() });

const bytesOf = (text: string, wrongAt: number | null): Buffer => {
  const bytes = Buffer.from(text);
  if (wrongAt !== null && bytes.length > 0) bytes[wrongAt % bytes.length] = 0xff;
  return bytes;
};

export const configuration: Suite = {
  name: "configuration",
  statement: "files of any kind load or are refused with places that exist, and no secret shows",
  share: 0.3,
  async open(t) {
    const folder = await mkdtemp(join(tmpdir(), "perch-fuzz-"));
    t.teardown(() => rm(folder, { recursive: true }));
    const [file, secrets] = [join(folder, "perch.yaml"), join(folder, "credentials.yaml")];
    await writeFile(join(folder, "secret.txt"), `${MARK}-from-a-file`);
    await writeFile(secrets, "", { mode: 0o600 });
    return {
      property: fc.asyncProperty(config, credentials, wrongByte, wrongByte, async (configText, credentialsText, wrong, alsoWrong) => {
        const texts = { [file]: bytesOf(configText, wrong), [secrets]: bytesOf(credentialsText, alsoWrong) };
        for (const [path, bytes] of Object.entries(texts)) await writeFile(path, bytes);
        const [fault] = faultsOf(await loadConfig(file, ENVIRONMENT), texts);
        if (fault !== undefined) throw new Error(fault);
      }),
    };
  },
};

/** What is wrong with the outcome, a sentence each. */
export function faultsOf(result: LoadResult, texts: Readonly<Record<string, string | Buffer>>): string[] {
  if (result.ok) return [];
  const { problems } = result;
  if (problems.length === 0) return ["refused without a problem"];
  return problems.flatMap(({ file, line, column, message }) => {
    // As the parser and grep count them; a lone CR ends no line.
    const lines = String(texts[file] ?? "").split("\n");
    const inside = line >= 1 && line <= lines.length && column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1;
    return [
      ...(file in texts ? [] : [`a problem of another file: ${file}`]),
      ...(inside ? [] : [`no such place: ${line}:${column} of ${lines.length} lines: ${message}`]),
      ...(message === "" || message.includes("\n") ? [`no message of one line: ${message}`] : []),
      ...(message.includes("MARK") ? [`a secret shows: ${message}`] : []),
    ];
  });
}
