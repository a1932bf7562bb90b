/** What docs/operate.md, the dashboard and the alerts say is what the host does: metrics, sentences of the log, rules. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { processRegistry } from "../src/metrics/registry.ts";
import { COUNTERS, GAUGES, HISTOGRAMS } from "../src/metrics/table.ts";

const root = new URL("..", import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), "utf8");
const page = read("docs/operate.md");

/** Rows of the table between the comments that name it, as cells; without its head. */
function rowsOf(text: string, name: string): string[][] {
  const table = text.split(`<!-- ${name} -->\n`)[1]?.split("<!-- end -->")[0] ?? "";
  const lines = table.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const KINDS = { counter: COUNTERS, gauge: GAUGES, histogram: HISTOGRAMS };
const metricRows = () =>
  Object.entries(KINDS).flatMap(([kind, table]) =>
    Object.entries(table).map(([name, { help, ...rest }]) => {
      const labels: readonly string[] = "labels" in rest ? rest.labels : [];
      return [`\`${name}\``, kind, labels.map((label) => `\`${label}\``).join(", "), help];
    }),
  );

t.test("the table of metrics is the registry's, in both directions", async (t) => {
  t.strictSame(rowsOf(page, "metrics"), metricRows(), "copy what src/metrics/table.ts says into docs/operate.md");
  t.not(rowsOf(page.replace("| counter ", "| gauge "), "metrics").join(), metricRows().join(), "a wrong row would be noticed");
});

/** Every name that a reading can hold. */
async function knownNames(): Promise<Set<string>> {
  const own = [COUNTERS, GAUGES].flatMap((table) => Object.keys(table));
  const histograms = Object.keys(HISTOGRAMS).flatMap((name) => ["_bucket", "_sum", "_count"].map((end) => name + end));
  const ofProcess = (await processRegistry()).getMetricsAsArray().map(({ name }) => name);
  return new Set([...own, ...histograms, ...ofProcess, "up"]);
}
/** Names of metrics in an expression of Prometheus: what stands before a brace, a range or an operator and is no function. */
const namesIn = (expression: string) => [...expression.matchAll(/\b(?:perch|process|nodejs)_\w+|\bup\b(?=\{)/g)].map(([name]) => name);

t.test("each metric of the dashboard and the alerts is one that there is", async (t) => {
  const known = await knownNames();
  const dashboard = JSON.parse(read("docs/operate/grafana-dashboard.json")) as { panels: { targets?: { expr: string }[] }[] };
  const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const alerts = [...read("docs/operate/alerts.yaml").matchAll(/^ +expr: (.*)$/gm)].map(([, expr = ""]) => expr);
  t.ok(queries.length > 30 && alerts.length > 10);
  for (const expression of [...queries, ...alerts]) {
    t.ok(namesIn(expression).length > 0, expression);
    for (const name of namesIn(expression)) t.ok(known.has(name), name);
  }
  t.notOk(known.has("perch_conjured_total"));
});

t.test("the dashboard asks for its data source and gives each panel a place of its own", async (t) => {
  type Panel = { id: number; title: string; gridPos: { h: number; w: number; x: number; y: number }; datasource?: { uid: string } };
  const { panels, templating } = JSON.parse(read("docs/operate/grafana-dashboard.json")) as {
    panels: Panel[];
    templating: { list: { name: string; type: string }[] };
  };
  t.match(templating.list[0], { name: "datasource", type: "datasource" });
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { title, gridPos, datasource } of panels) {
    if (datasource) t.match(datasource.uid, /^\$\{datasource\}$/, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        if (taken.has(`${x},${y}`) || x >= 24) t.fail(`${title} overlaps or leaves the grid`);
        taken.add(`${x},${y}`);
      }
  }
});

const promtool = (cwd: string, ...args: string[]) => spawnSync("promtool", args, { cwd, encoding: "utf8" });

t.test("each alert fires when it should and is silent when it should be", async (t) => {
  const folder = join(root, "docs/operate");
  const checked = promtool(folder, "check", "rules", "alerts.yaml");
  t.equal(checked.status, 0, checked.stderr);
  const tested = promtool(folder, "test", "rules", "alerts.test.yaml");
  t.equal(tested.status, 0, `${tested.stdout}${tested.stderr}`);
  const tests = read("docs/operate/alerts.test.yaml");
  for (const [, name = ""] of read("docs/operate/alerts.yaml").matchAll(/alert: (\w+)/g))
    for (const end of ["fires", "is silent"]) t.match(tests, `name: ${name} ${end}\n`);
});

t.test("an alert that was changed fails its tests", async (t) => {
  const changed = { "perch_ready == 0": "perch_ready == 2", "> 900": "> 90", "> 0.8": "> 0.95" };
  for (const [old, wrong] of Object.entries(changed)) {
    const alerts = read("docs/operate/alerts.yaml");
    t.ok(alerts.includes(old));
    const folder = t.testdir({ "alerts.yaml": alerts.replace(old, wrong), "alerts.test.yaml": read("docs/operate/alerts.test.yaml") });
    t.not(promtool(folder, "test", "rules", "alerts.test.yaml").status, 0, wrong);
  }
});

/** The program's source, without its comments. */
const sources = ["src", "plugins"].flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("sandbox/"))
    .map((file) => read(join(room, file))),
);

/** From the bracket that opens at `start` to the one that closes it. */
function callAt(text: string, start: number): string {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    depth += Number(text[at] === "(") - Number(text[at] === ")");
    if (depth === 0) return text.slice(start, at + 1);
  }
  return text.slice(start);
}

/** Sentences that a source logs at a level that somebody should look at, by level. */
function sentencesIn(text: string): Map<string, string> {
  const logged = [...text.matchAll(/\.(warn|error|fatal)\(/g)].flatMap(({ 1: level = "", index, 0: { length } }) => {
    const [, sentence] = /"([^"]+)",?\s*\)$/.exec(callAt(text, index + length - 1)) ?? [];
    return sentence === undefined ? [] : [[sentence, level] as const];
  });
  const told = [...text.matchAll(/\b(?:onLog|line)\("(warn|error)",(?: \{[^}]*\},)? "([^"]+)"\)/g)];
  const tables = [...text.matchAll(/level: "(warn|error)", sentence: "([^"]+)"/g)];
  return new Map([...logged, ...[...told, ...tables].map(([, level = "", sentence = ""]) => [sentence, level] as const)]);
}

t.test("each sentence that warns has a row that says what to do, and each row is said", async (t) => {
  const said = new Map(sources.flatMap((text) => [...sentencesIn(text)]));
  // Said at the level of the state that the delivery is in.
  for (const finding of ["absent", "unknown"]) said.set(`post in doubt ${finding}`, "warn");
  const documented = new Map(rowsOf(page, "sentences").map(([sentence = "", level = ""]) => [sentence.replaceAll("`", ""), level]));
  t.strictSame([...documented].sort(), [...said].sort());
  t.ok(said.size > 30);
  for (const row of rowsOf(page, "sentences")) t.ok(row.length === 4 && row.every((cell) => cell !== ""), row[0] ?? "");
});

t.test("a sentence in any form of call is found", async (t) => {
  const text = `log.root.error({ cause: say(1) }, "one");
    log.warn(
      { a: f("x") },
      "two",
    );
    onLog("warn", { cause: sayCause(cause) }, "three"); const s = { level: "error", sentence: "four" }; log.info({}, "not this");`;
  t.strictSame([...sentencesIn(text).keys()].sort(), ["four", "one", "three", "two"]);
});
