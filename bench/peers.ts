/** What Perch is measured against: installed here when it is first needed, never with the product. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("./peers/", import.meta.url);
/** npm writes it last. */
const INSTALLED = new URL("node_modules/.package-lock.json", FOLDER);
const WANTED = new URL("package-lock.json", FOLDER);

const writtenAt = (file: URL): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** `npm ci` in bench/peers, unless that has been done since its lock file was last changed. */
export async function installPeers(progress: (line: string) => void): Promise<void> {
  if (writtenAt(INSTALLED) > writtenAt(WANTED)) return;
  progress("installing what Perch is compared with (npm ci in bench/peers)");
  const npm = spawn("npm", ["ci", "--no-audit", "--no-fund"], { cwd: fileURLToPath(FOLDER), stdio: ["ignore", "ignore", "inherit"] });
  const [status] = await once(npm, "exit");
  if (status !== 0) throw new Error(`npm ci in ${fileURLToPath(FOLDER)} ended with ${status}. Run it there by hand to see why.`);
}
