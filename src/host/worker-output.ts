/** What a plug-in writes to standard output or standard error, as lines: they belong into the log, without secrets. */
import type { Readable } from "node:stream";
import { admitLog } from "./log-cap.ts";
import type { Time } from "./time.ts";

/** The rest of a longer line is dropped. */
const MAX_LINE = 4_096;

/** Calls back for each line, as many a second as a plug-in may log; `dropped` counts those that were not told before. */
export function followOutput(stream: Readable, time: Pick<Time, "monotonic">, onLine: (line: string, dropped: number) => void): void {
  const admit = admitLog(time.monotonic);
  const tell = (line: string): void => {
    if (line.trim() === "") return;
    const admitted = admit();
    if (admitted !== "dropped") onLine(line.slice(0, MAX_LINE), admitted.dropped);
  };
  let open = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (open + chunk).split("\n");
    // A line without an end must not fill the memory.
    open = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) tell(line);
  });
  stream.on("end", () => tell(open));
}
