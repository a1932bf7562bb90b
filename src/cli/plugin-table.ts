import type { PluginReport } from "../shapes.ts";
import type { Invocation } from "./command.ts";
import { stateCell } from "./state-style.ts";

/** Plug-ins, a line each; a failed one with its cause. */
export function sayPlugins({ screen }: Invocation, plugins: readonly PluginReport[]): void {
  screen.table(
    ["PLUG-IN", "STATE", "FILTERS", "WORKERS", "RESTARTS", "IN FLIGHT", "CLOCK", "CAUSE"],
    plugins.map((plugin) => [
      plugin.name,
      stateCell(plugin.state),
      plugin.filters.join(" "),
      String(plugin.workers),
      String(plugin.restarts),
      String(plugin.callsInFlight),
      plugin.clock ? clockWords(plugin.clock.offsetSeconds) : "",
      plugin.cause ?? "",
    ]),
    7,
  );
}

/** The offset is service − host (contract, section 3): positive where the host is slow. Whole seconds are all it knows. */
export function clockWords(offsetSeconds: number): string {
  const seconds = Math.round(Math.abs(offsetSeconds));
  if (seconds === 0) return "right";
  return `${seconds} s ${offsetSeconds > 0 ? "slow" : "fast"}`;
}
