import type { Invocation } from "./command.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;

/** Shows that something goes on, on a terminal only, until the work ends. */
export async function withSpinner<Value>({ io, screen, machine }: Invocation, sentence: string, work: Promise<Value>): Promise<Value> {
  if (!screen.isTerminal) return work;
  const end = new AbortController();
  const spinning = (async () => {
    for (let frame = 0; !end.signal.aborted; frame += 1) {
      io.stderr.write(`\r${screen.paint("cyan", FRAMES[frame % FRAMES.length] ?? "")} ${sentence}`);
      await machine.wait(FRAME_MS, end.signal);
    }
    io.stderr.write("\r\u001b[K");
  })();
  try {
    return await work;
  } finally {
    end.abort();
    await spinning;
  }
}
