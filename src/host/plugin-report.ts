/** What operators see of a plug-in. */
import type { PluginReport } from "../shapes.ts";
import { filterNamesOf } from "./manifest.ts";
import type { Manifest } from "./protocol.ts";
import type { Restarts } from "./restarts.ts";
import type { SteadyClock } from "./steady-clock.ts";

export type PluginFacts = Pick<PluginReport, "name" | "module" | "state" | "workers" | "callsInFlight"> & {
  manifest: Manifest | undefined;
  cause: string | undefined;
  restarts: Restarts;
  clock: SteadyClock;
};

const moment = (ms: number): string => new Date(ms).toISOString();

export function reportPlugin({ manifest, cause, restarts, clock, ...facts }: PluginFacts): PluginReport {
  const { last, nextAt } = restarts;
  const measured = clock.measurement();
  return {
    ...facts,
    restarts: restarts.count,
    filters: filterNamesOf(manifest),
    ...(manifest?.mechanism && { mechanism: manifest.mechanism.name }),
    ...(manifest?.mechanism?.withoutPin && { withoutPin: true }),
    ...(cause !== undefined && { cause }),
    ...(last && { lastDeath: { at: moment(last.at), cause: last.cause } }),
    ...(nextAt !== undefined && { nextTryAt: moment(nextAt) }),
    ...(measured && { clock: { offsetSeconds: Math.round(measured.offsetMs / 1000), measuredAt: moment(measured.measuredAt) } }),
  };
}
