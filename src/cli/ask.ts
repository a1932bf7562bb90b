import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Io } from "./io.ts";

/**
 * Asks for a line on standard input, one for each question; the questions go to standard error, so that standard output
 * stays clean. `hidden`: nothing that is typed shows. Answers fewer lines when the input ends or Ctrl-C is pressed.
 */
export function askEach(io: Io, questions: readonly string[], hidden = false): Promise<string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Without `terminal` the terminal itself would echo; with it readline does, and into `nowhere`.
  const lines = createInterface({ input: io.stdin, output: nowhere, terminal: hidden && io.stdin.isTTY === true });
  const answers: string[] = [];
  const next = () => {
    const question = questions[answers.length];
    if (question === undefined) lines.close();
    else io.stderr.write(question);
  };
  return new Promise((resolve) => {
    // One reader for all questions: what was typed ahead comes in one piece, and a second reader would not see it.
    lines.on("line", (line) => {
      if (answers.length === questions.length) return;
      answers.push(line.trim());
      if (hidden) io.stderr.write("\n");
      next();
    });
    lines.once("SIGINT", () => lines.close());
    lines.once("close", () => resolve(answers));
    next();
  });
}

/** One question; undefined when there was no answer. */
export const ask = async (io: Io, question: string, hidden = false): Promise<string | undefined> =>
  (await askEach(io, [question], hidden))[0];

/** Everything on standard input, as text. */
export async function readAll(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
