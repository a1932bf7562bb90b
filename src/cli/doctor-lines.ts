/** Shows the lines of a diagnosis as they become known, and what they come to. */
import { DONE, FAILED, type Invocation } from "./command.ts";
import type { DoctorLine } from "./machine.ts";
import { printable } from "./printable.ts";
import type { Style } from "./screen.ts";
import { withSpinner } from "./spinner.ts";
import { widthOf } from "./width.ts";

const STYLES: Readonly<Record<DoctorLine["state"], Style>> = { ok: "green", warn: "yellow", fail: "red", skipped: "gray" };
const HEAD = ["STATE", "PART", "CHECK", "FOUND", "WHAT TO DO"];
/** Widths of the first three columns; lines come one by one, so that none can wait for the widest. */
const WIDTHS = [8, 9, 18] as const;
const NARROWEST = 30;

/** Exit status 1 as soon as one line fails. */
export async function showLines(invocation: Invocation, lines: AsyncIterable<DoctorLine>, waiting: string): Promise<number> {
  const { screen, json } = invocation;
  const shown: DoctorLine[] = [];
  if (!json) screen.say(screen.isTerminal ? screen.paint("bold", row(HEAD.slice(0, 4))) : HEAD.join("\t"));
  const source = lines[Symbol.asyncIterator]();
  for (;;) {
    const next = json ? await source.next() : await withSpinner(invocation, waiting, source.next());
    if (next.done) break;
    shown.push(next.value);
    if (!json) sayLine(invocation, next.value);
  }
  const failed = shown.some(({ state }) => state === "fail");
  if (json) screen.json({ ok: !failed, lines: shown });
  else if (screen.isTerminal) sayEnd(invocation, shown);
  return failed ? FAILED : DONE;
}

function sayLine({ screen, io }: Invocation, { state, part, check, found, remedy = "" }: DoctorLine): void {
  if (!screen.isTerminal) {
    screen.say([state, part, check, found, remedy].map(printable).join("\t"));
    return;
  }
  const room = Math.max(NARROWEST, io.columns - WIDTHS.reduce((sum, width) => sum + width, 0));
  const [first = "", ...rest] = wrap(printable(found), room);
  screen.say(screen.paint(STYLES[state], state.padEnd(WIDTHS[0])) + row(["", part, check, first]).slice(WIDTHS[0]));
  for (const line of rest) screen.say(row(["", "", "", line]));
  if (remedy === "") return;
  const [begin = "", ...more] = wrap(printable(remedy), room - 2);
  for (const line of [`→ ${begin}`, ...more.map((text) => `  ${text}`)]) screen.say(screen.paint("bold", row(["", "", "", line])));
}

/** A text that is wider than its column keeps two blanks to the next. */
function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => pad(printable(cell), WIDTHS[index] ?? 0))
    .join("")
    .trimEnd();
}

const pad = (text: string, width: number): string => text + " ".repeat(width === 0 ? 0 : Math.max(2, width - widthOf(text)));

/** Breaks at blanks; a longer word gets a line of its own. */
function wrap(text: string, room: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > room) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

function sayEnd({ screen }: Invocation, lines: readonly DoctorLine[]): void {
  const count = (wanted: DoctorLine["state"]) => lines.filter(({ state }) => state === wanted).length;
  const [failed, warned] = [count("fail"), count("warn")];
  screen.say();
  if (failed > 0) screen.say(screen.paint("red", `${failed} of ${lines.length} failed${warned > 0 ? `, ${warned} to look at` : ""}.`));
  else if (warned > 0) screen.say(screen.paint("yellow", `Nothing failed; ${warned} to look at.`));
  else screen.say(screen.paint("green", "All is well."));
}
