/** What the host counts and how it stands, as Prometheus reads it (text format 0.0.4). */
import type { LimitState } from "../contract.ts";
import type { Figures } from "../host/figures.ts";
import type { Meter } from "../host/meter.ts";
import { DELIVERY_STATES, ENDED_STATES } from "../shapes.ts";
import type { Commit } from "../store/store.ts";
import { type Instruments, makeInstruments, processRegistry } from "./registry.ts";

export type MetricsOptions = {
  version: string;
  node: string;
  /** Monotonic milliseconds. */
  now: () => number;
};

/** What only a running host can say, asked at each reading. */
export type Readings = {
  /** Undefined while the store does not answer. */
  figures(): Promise<Figures | undefined>;
  readiness(): Promise<{ ready: boolean }>;
  configuration(): { loadedAt: string; lastError?: string; vault: { waitsFor?: readonly string[] } };
  maxQueued(): number;
  /** Since the host started. */
  logins: { missing: number; wrong: number; throttled: number; lockOuts: number };
};

export type Metrics = {
  meter: Meter;
  /** `code`: ok, or the number of the error. */
  countCall(method: string, code: string, seconds: number): void;
  countLine(level: string): void;
  countCommit(commit: Commit): void;
  /** What the services said last is left of their limits; `account` is empty where all accounts of a key share it. */
  limits(): readonly KnownLimit[];
  read(readings: Readings): Promise<{ type: string; text: string }>;
};

export function openMetrics({ version, node, now }: MetricsOptions): Metrics {
  const instruments = makeInstruments();
  const { counters, gauges, histograms, registry } = instruments;
  const limits = rememberLimits(now);
  gauges.perch_build_info.set({ version, node }, 1);
  // A counter that is not there can't be seen to rise: the first error of a host must raise an alert.
  for (const level of ["info", "warn", "error", "fatal"]) counters.perch_log_lines_total.inc({ level }, 0);
  return {
    meter: meterOf(instruments, limits.learn),
    countCall(method, code, seconds) {
      counters.perch_rpc_requests_total.inc({ method, code });
      histograms.perch_rpc_duration_seconds.observe({ method }, seconds);
    },
    countLine: (level) => counters.perch_log_lines_total.inc({ level }),
    countCommit({ changes, ms, kept }) {
      histograms.perch_store_commit_seconds.observe(ms / 1000);
      histograms.perch_store_commit_changes.observe(changes);
      if (!kept) counters.perch_store_commit_failures_total.inc();
    },
    limits: limits.current,
    async read(readings) {
      const [figures, { ready }] = await Promise.all([readings.figures().catch(() => undefined), readings.readiness()]);
      const { loadedAt, lastError, vault } = readings.configuration();
      gauges.perch_vault_waits.set(Number(vault.waitsFor !== undefined));
      gauges.perch_ready.set(Number(ready));
      gauges.perch_configuration_refused.set(Number(lastError !== undefined));
      gauges.perch_configuration_loaded_timestamp_seconds.set(Date.parse(loadedAt) / 1000);
      gauges.perch_outbox_max_queued.set(readings.maxQueued());
      showFigures(instruments, figures);
      showGroup(instruments, figures?.group);
      showLimits(instruments, limits.current());
      showLogins(instruments, readings.logins);
      const ofProcess = await processRegistry();
      const texts = await Promise.all([registry.metrics(), ofProcess.metrics()]);
      return { type: registry.contentType, text: texts.join("\n") };
    },
  };
}

function meterOf({ counters, histograms }: Instruments, learn: LimitMemory["learn"]): Meter {
  return {
    accepted: (plugin) => counters.perch_deliveries_accepted_total.inc({ plugin }),
    ended(plugin, state, latencySeconds) {
      counters.perch_deliveries_ended_total.inc({ plugin, state });
      if (state === "delivered") histograms.perch_delivery_latency_seconds.observe({ plugin }, latencySeconds);
    },
    attempted: (plugin, verdict, reason = "none") => counters.perch_attempts_total.inc({ plugin, verdict, reason }),
    lookedUp: (plugin, finding) => counters.perch_lookups_total.inc({ plugin, finding }),
    limited: learn,
  };
}

type KnownLimit = LimitState & { plugin: string; account: string; until: number };
type LimitMemory = { learn: Meter["limited"]; current(): KnownLimit[] };

/** What the service said last of each limit, until the window that it spoke of is over. */
function rememberLimits(now: () => number): LimitMemory {
  const known = new Map<string, KnownLimit>();
  return {
    learn(plugin, accountName, limits) {
      for (const limit of limits) {
        const account = limit.scope === "lane" ? accountName : "";
        known.set(JSON.stringify([plugin, account, limit.name]), {
          ...limit,
          plugin,
          account,
          until: now() + (limit.resetsInMs ?? Number.POSITIVE_INFINITY),
        });
      }
    },
    current() {
      for (const [key, { until }] of known) if (until <= now()) known.delete(key);
      return [...known.values()];
    },
  };
}

function showLimits({ gauges }: Instruments, limits: KnownLimit[]): void {
  gauges.perch_limit_remaining.reset();
  gauges.perch_limit_size.reset();
  for (const { plugin, account, name, remaining, size } of limits) {
    gauges.perch_limit_remaining.set({ plugin, account, limit: name }, remaining);
    if (size !== undefined) gauges.perch_limit_size.set({ plugin, account, limit: name }, size);
  }
}

function showLogins({ counters }: Instruments, { lockOuts, ...failures }: Readings["logins"]): void {
  counters.perch_login_failures_total.reset();
  for (const [outcome, count] of Object.entries(failures)) counters.perch_login_failures_total.inc({ outcome }, count);
  counters.perch_login_lock_outs_total.reset();
  counters.perch_login_lock_outs_total.inc(lockOuts);
}

/** Begins anew each time, so that an account or a plug-in that is gone is not shown for ever; nothing is shown that is not known. */
function showFigures({ gauges, counters }: Instruments, figures: Figures | undefined): void {
  const restarts = counters.perch_plugin_worker_restarts_total;
  for (const instrument of [...Object.entries(gauges).flatMap(([name, gauge]) => (ofFigures(name) ? [gauge] : [])), restarts])
    instrument.reset();
  if (figures) for (const state of DELIVERY_STATES) gauges.perch_deliveries.set({ state }, figures.deliveries[state] ?? 0);
  for (const { plugin, accountName: account, queued, oldestSeconds, paused, hold } of figures?.lanes ?? []) {
    gauges.perch_lane_queued.set({ plugin, account }, queued);
    gauges.perch_lane_oldest_seconds.set({ plugin, account }, oldestSeconds);
    gauges.perch_lane_paused.set({ plugin, account }, Number(paused));
    if (hold) gauges.perch_lane_held.set({ plugin, account, reason: hold.error.reason }, 1);
  }
  for (const { name: plugin, state, workers, callsInFlight, restarts: replaced, clock, mechanism, pingSeconds } of figures?.plugins ?? []) {
    gauges.perch_plugin_up.set({ plugin }, Number(state === "ready"));
    gauges.perch_plugin_workers.set({ plugin }, workers);
    gauges.perch_plugin_calls_in_flight.set({ plugin }, callsInFlight);
    restarts.inc({ plugin }, replaced);
    if (mechanism !== undefined) for (const state of ENDED_STATES) counters.perch_deliveries_ended_total.inc({ plugin, state }, 0);
    if (clock) gauges.perch_clock_offset_seconds.set({ plugin }, clock.offsetSeconds);
    if (pingSeconds !== undefined) gauges.perch_plugin_ping_seconds.set({ plugin }, pingSeconds);
  }
}

/** A gauge without labels would be a zero that is not true; it has to be taken away. */
function showGroup({ gauges }: Instruments, group: Figures["group"] | undefined): void {
  const shown = [
    [gauges.perch_group_hosts, group?.hosts],
    [gauges.perch_group_versions, group?.versions],
    [gauges.perch_group_lanes_held, group?.held],
    [gauges.perch_group_clock_ahead_seconds, group?.aheadSeconds],
  ] as const;
  for (const [gauge, value] of shown) {
    if (value === undefined) gauge.remove();
    else gauge.set(value);
  }
}

const ofFigures = (name: string): boolean => /^perch_(deliveries$|lane_|plugin_|clock_)/.test(name);
