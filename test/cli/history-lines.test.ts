import t from "tap";
import { sparkline } from "../../src/cli/sparkline.ts";
import type { History, HistoryPoint } from "../../src/shapes.ts";
import { NOW } from "./recorded.ts";
import { stage } from "./stage.ts";

process.env.TZ = "UTC";
const AT = new Date(NOW).toISOString();
const point = (more: Partial<HistoryPoint>): HistoryPoint => ({
  at: AT,
  accepted: 0,
  delivered: 0,
  failed: 0,
  expired: 0,
  cancelled: 0,
  retried: 0,
  latency: null,
  queued: null,
  ...more,
});
const HISTORY: History = {
  stepSeconds: 300,
  points: [
    point({ accepted: 8, delivered: 4, latency: { p50: 0.4, p95: 2.5, mean: 0.7 }, queued: 4 }),
    point({}),
    point({ accepted: 1, delivered: 5, failed: 1, latency: { p50: 0.3, p95: 1, mean: 0.4 }, queued: 0 }),
  ],
};

t.test("the greatest is a full bar, a little is more than nothing, and what is not known is blank", async (t) => {
  t.equal(sparkline([0, 1, 50, 100, null]), "▁▂▅█ ");
  t.equal(sparkline([0, 0]), "▁▁");
  t.equal(sparkline([]), "");
});

t.test("on a terminal each figure is a line of bars with what it comes to", async (t) => {
  const { run, calls } = await stage(t, { "server.history": HISTORY });
  const { out, status } = await run(["status", "--history"], { terminal: true, columns: 80, env: { NO_COLOR: "1" } });
  t.equal(status, 0);
  t.match(out, /^Since .*, each bar 5 min, all hosts together\n/);
  t.match(out, "\nAccepted       █▁▂  9\n");
  t.match(out, "\nFailed         ▁▁█  1\n");
  t.match(out, "\n95 % within    █ ▄  1 s last, 3 s at most\n");
  t.match(out, "\nQueued         █ ▁  0 last, 4 at most\n");
  t.strictSame(calls[0]?.params, { since: new Date(NOW - 6 * 3_600_000).toISOString(), stepSeconds: 900 });
  await run(["status", "--history", "--since", "7d"], { terminal: true, columns: 200 });
  t.match(calls[1]?.params, { stepSeconds: 10_800 });
  await run(["status", "--history", "--since", "2000-01-01"], { terminal: true });
  t.notOk("stepSeconds" in (calls[2]?.params ?? {}), "the host says what it thinks of that");
});

t.test("in a pipe there is a row for each step, and JSON as the host gives it", async (t) => {
  const { run, calls } = await stage(t, { "server.history": HISTORY });
  const { out } = await run(["status", "--history", "--since", "1h"]);
  t.match(
    out,
    `AT\tACCEPTED\tDELIVERED\tFAILED\tEXPIRED\tCANCELLED\tRETRIED\tP50 SECONDS\tP95 SECONDS\tQUEUED\n${AT}\t8\t4\t0\t0\t0\t0\t0.4\t2.5\t4\n`,
  );
  t.match(out, `${AT}\t0\t0\t0\t0\t0\t0\t\t\t\n`);
  t.strictSame(calls[0]?.params, { since: new Date(NOW - 3_600_000).toISOString() });
  const json = await run(["status", "--history", "--json"], { terminal: true });
  t.strictSame(JSON.parse(json.out), HISTORY);
});

t.test("--since is for --history", async (t) => {
  const { run } = await stage(t);
  t.match(await run(["status", "--since", "1h"]), { status: 2, err: /--since needs --history/ });
});
