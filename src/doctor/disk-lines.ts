/** The lines about free space: of the store's disk, and of the log's. */
import { existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { DiagnosisLine } from "../contract.ts";

const MIB = 1024 ** 2;
const FAIL_BELOW = 100 * MIB;
const WARN_BELOW = 1024 * MIB;
const WARN_BELOW_SHARE = 0.1;

/** `places`: what is kept → its folder, which need not exist. Folders on one file system share a line. */
export async function* diskLines(places: Readonly<Record<string, string>>): AsyncGenerator<DiagnosisLine> {
  const disks = new Map<number, { folder: string; kept: string[] }>();
  for (const [kept, wanted] of Object.entries(places)) {
    const folder = existingFolder(wanted);
    const { dev } = statSync(folder);
    const disk = disks.get(dev) ?? { folder, kept: [] };
    disk.kept.push(kept);
    disks.set(dev, disk);
  }
  for (const { folder, kept } of disks.values()) {
    const { bavail, blocks, bsize } = await statfs(folder);
    yield { check: "disk", ...spaceOf(bavail * bsize, blocks * bsize, `${folder} (${kept.join(", ")})`) };
  }
}

const existingFolder = (folder: string): string => (existsSync(folder) ? folder : existingFolder(dirname(folder)));

/** In bytes. */
export function spaceOf(free: number, whole: number, place: string): Pick<DiagnosisLine, "state" | "found" | "remedy"> {
  const share = whole > 0 ? free / whole : 0;
  const found = `${sizeOf(free)} free of ${sizeOf(whole)} (${Math.floor(share * 100)} %) at ${place}`;
  const remedy = "Make room, or move the file to a larger disk: without room calls are refused (20032) and nothing is logged.";
  if (free < FAIL_BELOW) return { state: "fail", found, remedy };
  return free < WARN_BELOW || share < WARN_BELOW_SHARE ? { state: "warn", found, remedy } : { state: "ok", found };
}

const sizeOf = (bytes: number): string =>
  bytes < 1024 * MIB ? `${Math.floor(bytes / MIB)} MiB` : `${(bytes / 1024 / MIB).toFixed(1)} GiB`;
