/** A file system of its own in memory, for what a disk does when it is full or can only be read. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";

export type SmallDisk = { folder: string; remount(options: string): void };

/** Mounted where that is possible (root, outside a strict container); undefined elsewhere. */
export function mountSmallDisk(t: Test, megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "perch-small-disk-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  t.teardown(() => execFileSync("umount", ["-l", folder]));
  return { folder, remount: (options) => void execFileSync("mount", ["-o", `remount,${options}`, folder]) };
}

/** A reason to leave a test out, or false. */
export function noMount(): string | false {
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return false;
  } catch {
    return "nobody may mount here";
  }
}
