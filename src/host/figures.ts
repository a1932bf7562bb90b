/** How things stand in the host at one moment, as instruments show it. */
import type { Lane, PluginReport } from "../shapes.ts";
import type { Glance, GroupHost, Store, Tallies } from "../store/store.ts";
import { cached } from "./cached.ts";
import type { Clocks } from "./clocks.ts";
import { inTime } from "./in-time.ts";
import type { Lanes } from "./lanes.ts";
import type { Leases } from "./leases.ts";
import type { Plugins } from "./plugins.ts";
import type { Time } from "./time.ts";

export type Figures = {
  deliveries: Tallies;
  plugins: (PluginReport & { pingSeconds?: number })[];
  /** `oldestSeconds`: the age of the oldest delivery that has not ended; 0 where there is none. */
  lanes: (Lane & { oldestSeconds: number })[];
  group: GroupFigures;
};
/** `hosts`: that were heard of lately; `held`: lanes that this one holds; `aheadSeconds`: its machine's clock − the store's. */
export type GroupFigures = { hosts: number; versions: number; held: number; aheadSeconds: number };

/** The store walks through all that is live for it (20 ms for 100,000 deliveries), however often somebody looks. */
const GLANCE_KEPT_MS = 5_000;
/** A disk that hangs must not hang whoever wants to see that it does. */
const GLANCE_TIMEOUT_MS = 2_000;

type Options = {
  store: Pick<Store, "glance">;
  clocks: Clocks;
  plugins: Plugins;
  lanes: Lanes;
  leases: Pick<Leases, "hosts" | "self">;
  time: Time;
};

/** Answers undefined while the store does not answer in time. */
export function openFigures({ store, clocks, plugins, lanes, leases, time }: Options): () => Promise<Figures | undefined> {
  const look = cached(time, GLANCE_KEPT_MS, () => Promise.all([store.glance(), leases.hosts()]));
  return async () => {
    const [glance, hosts] = (await inTime(time, GLANCE_TIMEOUT_MS, look())) ?? [];
    return (
      glance &&
      hosts && {
        deliveries: glance.byState,
        group: groupOf(hosts, leases.self),
        plugins: plugins.all.map((plugin) => ({ ...plugin.report(), ...pingOf(plugin.pingsMs()) })),
        lanes: lanesOf(glance, clocks, lanes),
      }
    );
  };
}

function groupOf(hosts: readonly GroupHost[], self: string): GroupFigures {
  const own = hosts.find(({ id }) => id === self);
  const versions = new Set(hosts.map(({ version }) => version)).size;
  return { hosts: hosts.length, versions, held: own?.lanes.length ?? 0, aheadSeconds: (own?.aheadMs ?? 0) / 1000 };
}

/** Of the slowest worker. */
const pingOf = (pingsMs: number[]) => (pingsMs.length > 0 ? { pingSeconds: Math.max(...pingsMs) / 1000 } : {});

function lanesOf(glance: Glance, clocks: Clocks, lanes: Lanes): Figures["lanes"] {
  const liveByLane = Object.fromEntries(Object.entries(glance.lanes).map(([lane, { live }]) => [lane, live]));
  return lanes.reports(liveByLane).map(({ lane, report }) => {
    const oldestAt = glance.lanes[lane]?.oldestAcceptedAt;
    const ageMs = oldestAt === undefined ? 0 : clocks.of(report.plugin).now() - oldestAt;
    return { ...report, oldestSeconds: Math.max(ageMs, 0) / 1000 };
  });
}
