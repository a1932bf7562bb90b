/** What is asked of the log's last lines, and what is answered. */
import { LINE_LEVELS, type LineLevel, type LogLine, type LogPage, type LogRequest } from "../log-shapes.ts";
import type { RecentLines } from "./recent-lines.ts";

const DEFAULT_LIMIT = 200;
/** How a request names what no plug-in has said. */
const HOST = "host";

/** `life`: names this run of the host, whose lines are counted from 1 again. */
export type LogPageParts = { recent: Omit<RecentLines, "keep">; levels: LogPage["levels"]; life: number };

export function logPage(request: LogRequest, { recent, levels, life }: LogPageParts): LogPage {
  const { limit = DEFAULT_LIMIT, cursor } = request;
  const after = numberOf(cursor, life);
  const fits = filterOf(request);
  if (after === undefined) {
    const found = recent.after(0).map(read).filter(fits);
    return { lines: found.slice(-limit), cursor: `${life}.${recent.last}`, missed: 0, levels };
  }
  const lines: LogLine[] = [];
  let seen = Math.max(after, recent.first - 1);
  for (const line of recent.after(after).map(read)) {
    if (lines.length >= limit) break;
    if (fits(line)) lines.push(line);
    seen = line.number;
  }
  return { lines, cursor: `${life}.${seen}`, missed: Math.max(0, recent.first - 1 - after), levels };
}

/** Undefined where it is none, or of another run of the host: then the newest lines are what is wanted. */
function numberOf(cursor: string | undefined, life: number): number | undefined {
  const [, of, number] = /^(\d{1,16})\.(\d{1,15})$/.exec(cursor ?? "") ?? [];
  return Number(of) === life ? Number(number) : undefined;
}

const gravity = (level: LineLevel): number => LINE_LEVELS.indexOf(level);

const filterOf =
  ({ level = "trace", plugin }: LogRequest) =>
  (line: LogLine): boolean =>
    gravity(line.level) >= gravity(level) && (plugin === undefined || (line.plugin ?? HOST) === plugin);

function read({ number, json }: { number: number; json: string }): LogLine {
  const { level, time, plugin, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  return {
    number,
    at: String(time),
    level: LINE_LEVELS.find((known) => known === level) ?? "info",
    ...(plugin !== undefined && { plugin: String(plugin) }),
    message: String(msg ?? ""),
    fields,
  };
}
