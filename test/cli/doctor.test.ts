/** How a diagnosis looks, and what its exit status is. */
import t from "tap";
import type { DoctorLine } from "../../src/cli/machine.ts";
import type { KeyStep } from "../../src/shapes.ts";
import { runOn } from "./stage.ts";

const LINES: DoctorLine[] = [
  { part: "host", check: "store", state: "ok", found: "sqlite:/data/perch.db opens" },
  { part: "twitter", check: "clock", state: "warn", found: "1200 s slow", remedy: "Synchronise it\u001b[2J." },
  { part: "twitter", check: "DNS", state: "fail", found: "api.x.com can't be resolved", remedy: "Check /etc/resolv.conf" },
  { part: "twitter", check: "TCP", state: "skipped", found: "hangs on DNS, which failed" },
];

async function* give(lines: readonly DoctorLine[]) {
  yield* lines;
}
const run = (argv: string[], lines: readonly DoctorLine[], more = {}) =>
  runOn(argv, "/", { machine: { diagnose: () => give(lines), checkCredentials: () => give(lines) }, ...more });

t.test("for a pipe each line is five fields, the last empty where there is nothing to do", async (t) => {
  const { status, out, err } = await run(["doctor"], LINES);
  t.equal(status, 1);
  t.equal(err, "");
  t.strictSame(out.split("\n"), [
    "STATE\tPART\tCHECK\tFOUND\tWHAT TO DO",
    "ok\thost\tstore\tsqlite:/data/perch.db opens\t",
    "warn\ttwitter\tclock\t1200 s slow\tSynchronise it\\u001b[2J.",
    "fail\ttwitter\tDNS\tapi.x.com can't be resolved\tCheck /etc/resolv.conf",
    "skipped\ttwitter\tTCP\thangs on DNS, which failed\t",
    "",
  ]);
});

t.test("nothing that failed is status 0", async (t) => {
  const well = LINES.filter(({ state }) => state !== "fail");
  t.equal((await run(["doctor"], well)).status, 0);
  t.equal((await run(["credentials", "check"], well)).status, 0);
  t.equal((await run(["credentials", "check"], LINES)).status, 1);
});

t.test("for a terminal what to do stands below, and the end counts", async (t) => {
  const terminal = { terminal: true, columns: 80, env: { NO_COLOR: "1" } };
  const { out } = await run(["doctor"], LINES, terminal);
  t.match(out, /^ok {6}host {5}store {13}sqlite:\/data\/perch\.db opens$/m);
  t.match(out, /^fail {4}twitter {2}DNS {15}api\.x\.com can't be resolved\n {35}→ Check \/etc\/resolv\.conf$/m);
  t.match(out, /^1 of 4 failed, 1 to look at\.$/m);
  t.notMatch(out, "\u001b[2J");
  t.match((await run(["doctor"], LINES.slice(0, 2), terminal)).out, /^Nothing failed; 1 to look at\.$/m);
  t.match((await run(["doctor"], LINES.slice(0, 1), terminal)).out, /^All is well\.$/m);
});

t.test("a long text is wrapped in its column", async (t) => {
  const found = "word ".repeat(30).trim();
  const { out } = await run(["doctor"], [{ part: "host", check: "x", state: "ok", found }], {
    terminal: true,
    columns: 80,
    env: { NO_COLOR: "1" },
  });
  t.ok(out.split("\n").every((line) => line.length <= 80));
  t.equal(out.match(/word/g)?.length, 30);
});

t.test("a line is shown before the next is known", async (t) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const diagnose = async function* () {
    yield LINES[0] as DoctorLine;
    await held;
    yield LINES[1] as DoctorLine;
  };
  const heard = (text: string) => text.includes("perch.db opens") && release();
  t.equal((await runOn(["doctor"], "/", { machine: { diagnose }, heard })).status, 0);
});

t.test("as JSON it is one document", async (t) => {
  const { status, out } = await run(["doctor", "--json"], LINES);
  t.equal(status, 1);
  t.strictSame(JSON.parse(out), { ok: false, lines: LINES });
});

t.test("another host's machine can't be looked at from here", async (t) => {
  const { status, err } = await run(["doctor", "--url", "http://10.0.0.1:9999", "--client", "ops"], LINES);
  t.equal(status, 2);
  t.match(err, /run it on the host's machine/);
});

t.test("the check of the credentials can leave the services alone", async (t) => {
  const asked: unknown[] = [];
  const checkCredentials = (_file: string, options: unknown) => {
    asked.push(options);
    return give([]);
  };
  await runOn(["credentials", "check"], "/", { machine: { checkCredentials } });
  await runOn(["credentials", "check", "--offline"], "/", { machine: { checkCredentials } });
  t.strictSame(asked, [{ offline: false }, { offline: true }]);
});

const rotate = async (...argv: string[]) => {
  const steps: KeyStep[] = [];
  const outcome = await runOn(["credentials", "rotate-key", ...argv], "/", {
    machine: {
      rotateKey: async (_file, step) => {
        steps.push(step);
        return {
          ok: true,
          value: { file: "/etc/credentials.yaml", keys: ["b", "a"], dropped: step.do === "drop-old" ? ["z"] : [], id: "b" },
        };
      },
    },
  });
  return { ...outcome, steps };
};

t.test("each step of a rotation says what comes next", async (t) => {
  const cases: [argv: string[], step: KeyStep, said: RegExp][] = [
    [[], { do: "rotate" }, /a new key b, which seals from now on[\s\S]*rotate-key --drop-old/],
    [["--id", "b"], { do: "rotate", id: "b" }, /new key b/],
    [["--add"], { do: "add" }, /last place[\s\S]*server group[\s\S]*--promote b/],
    [["--add", "--id", "b"], { do: "add", id: "b" }, /last place/],
    [["--promote", "b"], { do: "promote", id: "b" }, /b stands first[\s\S]*removes a/],
    [["--drop-old"], { do: "drop-old" }, /b alone; gone: z[\s\S]*Backups/],
  ];
  for (const [argv, step, said] of cases) {
    const { status, out, steps } = await rotate(...argv);
    t.equal(status, 0);
    t.strictSame(steps, [step]);
    t.match(out, said);
  }
});

t.test("steps that don't go together are refused", async (t) => {
  for (const argv of [
    ["--add", "--drop-old"],
    ["--promote", "a", "--add"],
    ["--drop-old", "--id", "x"],
    ["--promote", "a", "--id", "x"],
  ]) {
    const { status, steps } = await rotate(...argv);
    t.equal(status, 2, argv.join(" "));
    t.strictSame(steps, []);
  }
});

t.test("what is in the way of a rotation is said, in JSON too", async (t) => {
  const machine = { rotateKey: async () => ({ ok: false as const, problems: ["c.yaml: no"] }) };
  const plain = await runOn(["credentials", "rotate-key"], "/", { machine });
  t.match(plain, { status: 1, err: "c.yaml: no\n", out: "" });
  const json = await runOn(["credentials", "rotate-key", "--json"], "/", { machine });
  t.strictSame([json.status, JSON.parse(json.out)], [1, { ok: false, problems: ["c.yaml: no"] }]);
});
