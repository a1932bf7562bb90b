/** What `GET /metrics` of a real host says, and that Prometheus' own tool finds nothing wrong with it. */
import { spawnSync } from "node:child_process";
import t from "tap";
import { openMetrics } from "../../src/metrics/metrics.ts";
import { COUNTERS, GAUGES, HISTOGRAMS } from "../../src/metrics/table.ts";
import type { NotifyResult } from "../../src/shapes.ts";
import { handTime } from "../host/hand-time.ts";
import { openStage, PASSWORDS, type Stage } from "../stage.ts";

const SECRET_TEXT = "Payroll is down, ask Zebedee";

async function scrape(stage: Stage, role: keyof typeof PASSWORDS = "operator"): Promise<Response> {
  return fetch(`${stage.host.url}/metrics`, { headers: { authorization: `Basic ${btoa(`${role}:${PASSWORDS[role]}`)}` } });
}

/** `name{labels}` → value; labels as they come. */
function samplesIn(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}
const READY = { ready: true, reasons: [] };
const quiet = {
  figures: async () => undefined,
  readiness: async () => READY,
  configuration: () => ({ loadedAt: "2026-11-24T08:00:00.000Z", vault: {} }),
  maxQueued: () => 1,
  logins: { missing: 0, wrong: 0, throttled: 0, lockOuts: 0 },
};
const open = () => {
  const time = handTime();
  return { time, metrics: openMetrics({ version: "1", node: "v24", now: time.monotonic }) };
};

t.test("a host counts what it did, by method, plug-in, verdict and account", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.fault({ status: 403, body: { detail: "You are not allowed to create a Tweet with duplicate content." } }, { times: 1 });
  for (const text of [SECRET_TEXT, "Printers are back"]) {
    const { deliveries } = await stage.notify({ text, entryId: "INC000000099999" });
    await stage.call<NotifyResult>("deliveries.get", { id: deliveries[0]!.id, waitSeconds: 60 });
  }
  await stage.rpc("no.such.method");
  await stage.rpc("also.none");
  await stage.rpc("deliveries.get", { id: "nobody" });
  await stage.rpc("notify", { text: 7 });
  const answer = await scrape(stage);
  const text = await answer.text();
  t.equal(answer.status, 200);
  t.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const samples = samplesIn(text);
  const expected = {
    'perch_rpc_requests_total{method="notify",code="ok"}': 2,
    'perch_rpc_requests_total{method="notify",code="-32602"}': 1,
    'perch_rpc_requests_total{method="unknown",code="-32601"}': 2,
    'perch_rpc_requests_total{method="deliveries.get",code="8753"}': 1,
    'perch_rpc_duration_seconds_count{method="notify"}': 3,
    'perch_deliveries_accepted_total{plugin="twitter"}': 2,
    'perch_deliveries_ended_total{plugin="twitter",state="failed"}': 1,
    'perch_deliveries_ended_total{plugin="twitter",state="delivered"}': 1,
    'perch_deliveries_ended_total{plugin="twitter",state="expired"}': 0,
    'perch_attempts_total{plugin="twitter",verdict="failed",reason="duplicate-content"}': 1,
    'perch_attempts_total{plugin="twitter",verdict="delivered",reason="none"}': 1,
    'perch_delivery_latency_seconds_count{plugin="twitter"}': 1,
    perch_group_hosts: 1,
    perch_group_versions: 1,
    perch_group_lanes_held: 1,
    perch_group_clock_ahead_seconds: 0,
    perch_vault_waits: 0,
    'perch_deliveries{state="failed"}': 1,
    'perch_deliveries{state="queued"}': 0,
    'perch_lane_queued{plugin="twitter",account="ITSM_Notify"}': 0,
    'perch_plugin_up{plugin="twitter"}': 1,
    'perch_plugin_workers{plugin="twitter"}': 1,
    'perch_plugin_worker_restarts_total{plugin="twitter"}': 0,
    'perch_log_lines_total{level="error"}': 1,
    [`perch_build_info{version="test",node="${process.version}"}`]: 1,
    perch_ready: 1,
    perch_configuration_refused: 0,
    perch_store_commit_failures_total: 0,
    perch_outbox_max_queued: 100_000,
  };
  for (const [sample, value] of Object.entries(expected)) t.equal(samples.get(sample), value, sample);
  t.ok(samples.get("perch_store_commit_seconds_count")! > 4);
  t.ok(samples.get('perch_limit_remaining{plugin="twitter",account="ITSM_Notify",limit="posts-15-minutes"}')! > 0);
  t.ok(samples.get('perch_limit_size{plugin="twitter",account="",limit="app-posts-24-hours"}')! > 0, "the whole app's");
  t.ok(samples.get('perch_plugin_ping_seconds{plugin="twitter"}')! >= 0);
  t.ok(samples.get("process_resident_memory_bytes")! > 1e6);
  t.notMatch(text, /Payroll|Zebedee|INC000000099999|-password|sandbox-consumer|ServiceDesk/, "no text, entry, secret or user");
});

t.test("a held lane, and what waits in it, shows with its reason", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  await stage.control("accounts/ITSM_Notify/revoke", {});
  const { deliveries } = await stage.notify({ text: "Nobody will read this" });
  await stage.reaches(deliveries[0]!.id, "waiting");
  for (;;) {
    const samples = samplesIn(await (await scrape(stage)).text());
    if (samples.get('perch_lane_held{plugin="twitter",account="ITSM_Notify",reason="token-invalid"}') !== 1) continue;
    t.equal(samples.get('perch_lane_queued{plugin="twitter",account="ITSM_Notify"}'), 1);
    t.ok(samples.get('perch_lane_oldest_seconds{plugin="twitter",account="ITSM_Notify"}')! >= 0);
    break;
  }
});

t.test("a configuration that was refused shows, and the host stays ready", async (t) => {
  const stage = await openStage(t);
  await stage.configure({ config: { outbox: { maxQueued: 0 } } });
  t.equal(samplesIn(await (await scrape(stage)).text()).get("perch_configuration_refused"), 1);
  t.equal((await fetch(`${stage.host.url}/readyz`)).status, 200);
  await stage.configure({ config: { outbox: { maxQueued: 5 } } });
  const samples = samplesIn(await (await scrape(stage)).text());
  t.equal(samples.get("perch_configuration_refused"), 0);
  t.equal(samples.get("perch_outbox_max_queued"), 5);
});

t.test("it needs an operator, and no host counts another's", async (t) => {
  const [one, other] = [await openStage(t), await openStage(t)];
  t.equal((await scrape(one, "admin")).status, 200);
  const refused = await scrape(one, "workflow");
  t.equal(refused.status, 403);
  t.match(await refused.json(), { error: { code: 8753, message: /\/metrics needs the role operator/ } });
  const stranger = await fetch(`${one.host.url}/metrics`);
  t.equal(stranger.status, 401);
  t.match(stranger.headers.get("www-authenticate"), /^Basic /);
  await fetch(`${one.host.url}/metrics`, { headers: { authorization: `Basic ${btoa("operator:guess")}` } });
  const failures = samplesIn(await (await scrape(one)).text());
  t.equal(failures.get('perch_login_failures_total{outcome="missing"}'), 1);
  t.equal(failures.get('perch_login_failures_total{outcome="wrong"}'), 1);
  t.equal(failures.get("perch_login_lock_outs_total"), 0);
  await one.call("lanes.list");
  const calls = 'perch_rpc_requests_total{method="lanes.list",code="ok"}';
  t.equal(samplesIn(await (await scrape(one)).text()).get(calls), 1);
  t.equal(samplesIn(await (await scrape(other)).text()).get(calls), undefined);
});

t.test("promtool finds nothing wrong with what is answered", async (t) => {
  const stage = await openStage(t);
  await stage.register();
  const { deliveries } = await stage.notify({ text: "Hello" });
  await stage.reaches(deliveries[0]!.id, "delivered");
  const check = (input: string) => spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
  const { status, stdout, stderr } = check(await (await scrape(stage)).text());
  t.equal(`${stdout}${stderr}`, "");
  t.equal(status, 0);
  t.not(check("# TYPE perch_bad_total gauge\nperch_bad_total 1\n").status, 0, "and would find a gauge that is named like a counter");
});

t.test("a limit is shown until its window is over", async (t) => {
  const { time, metrics } = open();
  metrics.meter.limited("x", "Desk", [
    { name: "a", scope: "lane", remaining: 3, size: 5, resetsInMs: 1_000 },
    { name: "b", scope: "key", remaining: 0 },
  ]);
  const read = async () => samplesIn((await metrics.read(quiet)).text);
  t.match(
    [...(await read())].filter(([name]) => name.startsWith("perch_limit")),
    [
      ['perch_limit_remaining{plugin="x",account="Desk",limit="a"}', 3],
      ['perch_limit_remaining{plugin="x",account="",limit="b"}', 0],
      ['perch_limit_size{plugin="x",account="Desk",limit="a"}', 5],
    ],
  );
  time.pass(1_000);
  t.equal((await read()).has('perch_limit_remaining{plugin="x",account="Desk",limit="a"}'), false);
});

t.test("a store that does not answer leaves out what it alone knows, and nothing else", async (t) => {
  const { metrics } = open();
  metrics.countCommit({ changes: 3, ms: 20, kept: false });
  metrics.countLine("error");
  const readings = {
    ...quiet,
    figures: () => Promise.reject(new Error("closed")),
    readiness: async () => ({ ready: false, reasons: ["x"] }),
  };
  const samples = samplesIn((await metrics.read(readings)).text);
  t.equal(samples.get("perch_ready"), 0);
  t.equal(samples.get("perch_store_commit_failures_total"), 1);
  t.equal(samples.get('perch_store_commit_changes_bucket{le="5"}'), 1);
  t.equal(samples.get('perch_log_lines_total{level="error"}'), 1);
  t.equal(samples.has("perch_group_hosts"), false);
  t.equal(samples.has('perch_deliveries{state="queued"}'), false, "rather nothing than a zero that is not true");
});

t.test("each name is in Prometheus' form, and in one table only", async (t) => {
  const names = [COUNTERS, GAUGES, HISTOGRAMS].flatMap((table) => Object.keys(table));
  t.equal(new Set(names).size, names.length);
  for (const name of names) t.match(name, /^perch_[a-z_]+$/);
  for (const name of Object.keys(COUNTERS)) t.match(name, /_total$/);
});
