import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { openYard } from "./child-host.ts";

const DIES = new URL("./fixtures/dies.ts", import.meta.url).pathname;
const die = (...argv: string[]) => spawnSync(process.execPath, [DIES, ...argv], { encoding: "utf8", env: { PATH: process.env.PATH } });

t.test("an exception or rejection that nobody handles is logged once, without secrets, and ends with 1", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "perch-dies-"));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const how of ["throws", "rejects"]) {
    const file = join(folder, `${how}.log`);
    const { status, stdout, stderr } = die(how, file);
    t.equal(status, 1, how);
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    t.equal(lines.length, 1, how);
    t.match(JSON.parse(lines[0]!), {
      level: "fatal",
      msg: "host failed unexpectedly",
      err: { message: "no luck with [secret]", stack: /dies\.ts/ },
    });
    t.match(stderr, /^Perch failed unexpectedly: Error: no luck with \[secret\]/);
    t.notMatch(lines.join() + stdout + stderr, "marked-secret");
  }
});

t.test("before there is a log, the error is told on standard error", async (t) => {
  t.match(die("throws"), { status: 1, stdout: "", stderr: /^Perch failed unexpectedly: Error: no luck/ });
});

t.test("a diagnostic report of the host shows nothing of its environment", async (t) => {
  const reports = await mkdtemp(join(tmpdir(), "perch-report-"));
  t.teardown(() => rm(reports, { recursive: true }));
  const yard = await openYard({
    environment: {
      NODE_OPTIONS: `--report-on-signal --report-signal=SIGUSR2 --report-directory=${reports}`,
      SECRET_OF_THE_HOST: "marked-environment",
    },
  });
  t.teardown(() => yard.close());
  const host = await yard.start();
  host.child.kill("SIGUSR2");
  let report = "";
  while (!report.trimEnd().endsWith("\n}")) {
    const [name] = await readdir(reports);
    if (name !== undefined) report = await readFile(join(reports, name), "utf8");
    await new Promise(setImmediate);
  }
  t.match(JSON.parse(report), { header: { trigger: "Signal" } });
  t.notMatch(report, "marked-environment");
  t.notMatch(report, "admin-password");
  await host.stop();
});
