import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Io } from "./io.ts";

/**
 * Asks for one line on standard input; the question goes to standard error, so that standard output stays clean.
 * `hidden`: nothing that is typed shows. Answers undefined when the input ends or Ctrl-C is pressed.
 */
export function ask(io: Io, question: string, hidden = false): Promise<string | undefined> {
  io.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Without `terminal` the terminal itself would echo; with it readline does, and into `nowhere`.
  const lines = createInterface({ input: io.stdin, output: nowhere, terminal: hidden && io.stdin.isTTY === true });
  return new Promise((resolve) => {
    let answer: string | undefined;
    lines.once("line", (line) => {
      answer = line.trim();
      lines.close();
    });
    lines.once("SIGINT", () => lines.close());
    lines.once("close", () => {
      if (hidden && io.stdin.isTTY) io.stderr.write("\n");
      resolve(answer);
    });
  });
}

/** Everything on standard input, as text. */
export async function readAll(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
