/**
 * `npm test`: what the tests need, the type checker, the linter, every test; and a plain closing line.
 *
 * All steps run even when one fails, so that one run shows everything there is to mend.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { installMissing, runHere, type Tool } from "./install-missing.ts";
import { postgresPrograms } from "./store/postgres-server.ts";
import { hasFaketime } from "./time/faked-clock.ts";

/** What tests need of the machine besides Node. */
const TOOLS: readonly Tool[] = [
  { package: "chromium", purpose: "tests of pages open it", isThere: () => existsSync("/usr/bin/chromium") },
  { package: "curl", purpose: "tests of the REST way in call by it", isThere: () => existsSync("/usr/bin/curl") },
  { package: "tinyproxy", purpose: "tests of a proxy between the host and X run it", isThere: () => existsSync("/usr/bin/tinyproxy") },
  { package: "prometheus", purpose: "its promtool checks the metrics and the alerts", isThere: () => hasPromtool() },
  { package: "postgresql", purpose: "tests of server groups start a server of their own", isThere: () => postgresPrograms() !== undefined },
  {
    package: "default-jdk-headless",
    purpose: "the stubs of Apache Axis are compiled with it",
    isThere: () => spawnSync("javac", ["-version"]).status === 0,
  },
  { package: "libaxis-java", purpose: "Apache Axis 1.4 calls Perch by SOAP", isThere: () => existsSync("/usr/share/java/axis.jar") },
  {
    package: "python3-zeep",
    purpose: "zeep calls Perch by SOAP",
    isThere: () => spawnSync("/usr/bin/python3", ["-c", "import zeep"]).status === 0,
  },
  { package: "faketime", purpose: "tests of time let a host's clock jump by it", isThere: () => hasFaketime() },
];

function hasPromtool(): boolean {
  return spawnSync("promtool", ["--version"]).status === 0;
}

export type Totals = { passed: number; failed: number };

/** What tap itself says at the end of its TAP output; undefined where it never came to its end. */
export function readTotals(tap: readonly string[]): Totals | undefined {
  const closing = tap.findLast((line) => line.startsWith("# { total: "));
  if (closing === undefined) return undefined;
  const count = (word: string) => Number(new RegExp(` ${word}: (\\d+)`).exec(closing)?.[1] ?? 0);
  return { passed: count("pass"), failed: count("fail") };
}

/** Shows one line for each file as it ends, and all that a file said where it failed. */
async function runTests(): Promise<Totals> {
  console.log("\n== tap");
  const tap = spawn("tap", ["--reporter=tap"], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(tap, "close");
  let said: string[] = [];
  for await (const line of createInterface(tap.stdout)) {
    said.push(line);
    const end = /^(not )?ok \d+ - /.exec(line);
    if (!end) continue;
    console.log(end[1] ? said.join("\n") : line);
    said = [];
  }
  const [status] = await closed;
  const totals = readTotals(said);
  // tap can fail without a failed assertion: a plan that was not met, or its own crash.
  const well = status === 0 && totals !== undefined;
  if (!well) console.log(said.join("\n"));
  return { passed: totals?.passed ?? 0, failed: well ? totals.failed : Math.max(totals?.failed ?? 0, 1) };
}

async function main(): Promise<number> {
  if (!installMissing(TOOLS, "npm test")) return 1;
  const checks = [runHere("tsc --noEmit"), runHere("biome check --error-on-warnings .")];
  const tests = await runTests();
  const passed = tests.passed + checks.filter((well) => well).length;
  const failed = tests.failed + checks.filter((well) => !well).length;
  console.log("\nCounted: assertions of the tests; the type checker and the linter as one each.");
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
