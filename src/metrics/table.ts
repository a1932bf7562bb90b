/**
 * Every metric of the host's own, by name; docs/operate.md has the same rows. Names follow
 * https://prometheus.io/docs/practices/naming/. No label holds a text of a notification, an id of a delivery or anything
 * else that grows: methods are those of the table, reasons those of the tables of failures, accounts are few.
 */
import { TOOK } from "../minute-counts.ts";

type Definition = { help: string; labels?: readonly string[] };
type HistogramDefinition = Definition & { buckets: readonly number[] };

export const COUNTERS = {
  perch_rpc_requests_total: {
    help: "Calls answered, by method and by outcome: ok, an AR message number, or a JSON-RPC error number",
    labels: ["method", "code"],
  },
  perch_login_failures_total: {
    help: "Requests that were refused for their credentials: missing, wrong, or throttled after too many wrong ones",
    labels: ["outcome"],
  },
  perch_login_lock_outs_total: { help: "Names and networks that were locked out after wrong passwords" },
  perch_deliveries_accepted_total: { help: "Deliveries accepted: stored before the caller was answered", labels: ["plugin"] },
  perch_deliveries_ended_total: {
    help: "Deliveries that ended, by state: delivered, failed, expired or cancelled",
    labels: ["plugin", "state"],
  },
  perch_attempts_total: {
    help: "Attempts to deliver one post, by verdict and by the reason of the fault (none where delivered)",
    labels: ["plugin", "verdict", "reason"],
  },
  perch_lookups_total: { help: "Looks at the service for a post in doubt, by what they found", labels: ["plugin", "finding"] },
  perch_plugin_worker_restarts_total: { help: "Workers replaced since the host started", labels: ["plugin"] },
  perch_store_commit_failures_total: { help: "Commits of the store that were not kept" },
  perch_log_lines_total: { help: "Lines of the host's log, by level", labels: ["level"] },
} as const satisfies Record<string, Definition>;

export const GAUGES = {
  perch_build_info: { help: "Always 1; the labels say what is running", labels: ["version", "node"] },
  perch_ready: { help: "1 while /readyz answers 200" },
  perch_configuration_refused: { help: "1 while the files hold a configuration that was refused and an older one is in force" },
  perch_configuration_loaded_timestamp_seconds: { help: "When the configuration in force was loaded, in seconds since 1970" },
  perch_deliveries: { help: "Deliveries in the store, by state", labels: ["state"] },
  perch_outbox_max_queued: { help: "outbox.maxQueued: with so many live deliveries, calls are refused with 20030" },
  perch_lane_queued: { help: "Deliveries of an account that have not ended", labels: ["plugin", "account"] },
  perch_lane_oldest_seconds: {
    help: "Age of the oldest delivery of an account that has not ended; 0 where there is none",
    labels: ["plugin", "account"],
  },
  perch_lane_held: { help: "1 while a lane is held, with the reason of the fault", labels: ["plugin", "account", "reason"] },
  perch_lane_paused: { help: "1 while an operator has paused the lane", labels: ["plugin", "account"] },
  perch_group_hosts: { help: "Hosts of the group that the store heard from within the last minute; 1 where there is no group" },
  perch_group_versions: { help: "Versions of Perch that they are; more than 1 only while a group is upgraded" },
  perch_group_lanes_held: { help: "Lanes that this host holds" },
  perch_group_clock_ahead_seconds: { help: "This machine's clock minus the database's; 0 with SQLite" },
  perch_vault_waits: { help: "1 while a host of the group lacks the vault's first key, so that nothing is sealed with it" },
  perch_plugin_up: { help: "1 while the plug-in is ready to be called", labels: ["plugin"] },
  perch_plugin_workers: { help: "Workers of the plug-in that run", labels: ["plugin"] },
  perch_plugin_calls_in_flight: { help: "Calls that the plug-in's workers have not answered yet", labels: ["plugin"] },
  perch_plugin_ping_seconds: { help: "How long the plug-in's slowest worker took to answer its last ping", labels: ["plugin"] },
  perch_clock_offset_seconds: {
    help: "The service's clock minus this host's, as last measured: positive where the host is slow",
    labels: ["plugin"],
  },
  perch_limit_remaining: {
    help: "What the service said is left of one of its limits; no account where all accounts of the key share it",
    labels: ["plugin", "account", "limit"],
  },
  perch_limit_size: { help: "The whole of that limit, where the service says so", labels: ["plugin", "account", "limit"] },
} as const satisfies Record<string, Definition>;

export const HISTOGRAMS = {
  perch_rpc_duration_seconds: {
    help: "How long calls took, with the wait that the caller asked for (waitSeconds)",
    labels: ["method"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  },
  perch_delivery_latency_seconds: {
    help: "From acceptance to delivery",
    labels: ["plugin"],
    buckets: Object.values(TOOK).filter(Number.isFinite),
  },
  perch_store_commit_seconds: {
    help: "How long a commit of the store took, with its fsync",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  perch_store_commit_changes: { help: "How many changes shared a commit", buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
} as const satisfies Record<string, HistogramDefinition>;
