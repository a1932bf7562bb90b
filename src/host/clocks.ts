/** One clock for each plug-in, which outlives the plug-in: a reload that replaces it does not forget what time it is. */
import { createSteadyClock, type SteadyClock } from "./steady-clock.ts";
import type { Time } from "./time.ts";

export type Clocks = { of(plugin: string): SteadyClock };

export function openClocks(time: Pick<Time, "wall" | "monotonic">): Clocks {
  const clocks = new Map<string, SteadyClock>();
  return {
    of(plugin) {
      const clock = clocks.get(plugin) ?? createSteadyClock(time);
      clocks.set(plugin, clock);
      return clock;
    },
  };
}
