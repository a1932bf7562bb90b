import type { PluginReport } from "../shapes.ts";
import { clockWords, lengthOf } from "../time-words.ts";
import type { Invocation } from "./command.ts";
import { stateCell } from "./state-style.ts";
import { localTime } from "./when.ts";

/** Plug-ins, a line each, with what went wrong with them last. */
export function sayPlugins({ screen, machine }: Invocation, plugins: readonly PluginReport[]): void {
  screen.table(
    ["PLUG-IN", "STATE", "FILTERS", "WORKERS", "RESTARTS", "IN FLIGHT", "CLOCK", "WHAT HAPPENED"],
    plugins.map((plugin) => [
      plugin.name,
      stateCell(plugin.state),
      plugin.filters.join(" "),
      String(plugin.workers),
      String(plugin.restarts),
      String(plugin.callsInFlight),
      plugin.clock ? clockWords(plugin.clock.offsetSeconds) : "",
      whatHappened(plugin, machine.now()),
    ]),
    7,
  );
}

/** Why it does not run; of one that does, how its last worker ended; and when the next is tried. */
function whatHappened({ cause, lastDeath, nextTryAt }: PluginReport, now: number): string {
  if (cause !== undefined) return cause;
  if (!lastDeath) return "";
  const next = nextTryAt === undefined ? "" : `; next try in ${lengthOf(Math.max(Date.parse(nextTryAt) - now, 0))}`;
  return `${localTime(lastDeath.at, now)} worker ended: ${lastDeath.cause}${next}`;
}
