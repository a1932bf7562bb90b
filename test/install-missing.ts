/** Programs that the packages do not bring. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Debian's package, what it is for, and whether it is there. */
export type Tool = { package: string; purpose: string; isThere(): boolean };

/** Runs a program on this terminal and answers whether it ended well. */
export function runHere(command: string): boolean {
  console.log(`\n== ${command}`);
  const [program = "", ...args] = command.split(" ");
  const { status, error } = spawnSync(program, args, { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  if (error) console.error(`${program} can't be run: ${error.message}`);
  return status === 0;
}

/** As root by apt-get; else it says what to do before `command` is tried again. Answers whether all are there in the end. */
export function installMissing(tools: readonly Tool[], command: string): boolean {
  const missing = tools.filter((tool) => !tool.isThere());
  if (missing.length > 0 && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    runHere("apt-get update -qq");
    for (const tool of missing) runHere(`apt-get install -y -qq --no-install-recommends ${tool.package}`);
  }
  const stillMissing = missing.filter((tool) => !tool.isThere());
  for (const tool of stillMissing) {
    console.error(
      `${tool.package} is missing; ${tool.purpose}. Install it (Debian: apt-get install ${tool.package}), then run ${command} again.`,
    );
  }
  return stillMissing.length === 0;
}
