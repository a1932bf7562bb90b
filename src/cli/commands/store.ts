import { resolve } from "node:path";
import type { Group, Invocation } from "../command.ts";
import { printable } from "../printable.ts";
import { present } from "../show.ts";
import { storeCopy } from "./store-copy.ts";

export const store: Group = {
  name: "store",
  summary: "back the store up, or copy it into another",
  example: "perch store backup /var/backups/perch-monday.db",
  subcommands: [
    {
      name: "backup",
      summary: "copy the store into a new file while the host runs",
      purpose: [
        "The file holds all of one moment: deliveries, registrations, sealed tokens. It is written by the host, on its machine, readable",
        "by its user alone, and never over another file; where it fails, nothing is left. Tokens need the vault key of the credentials",
        "file to be opened: keep both, apart from each other. Ctrl-C ends the command and not the backup.",
        "To restore: stop the host, move perch.db, perch.db-wal and perch.db-shm away, put the backup in place of perch.db, start.",
        "Every lane is paused then, since a backup is for disaster: what is queued in it may have been posted after it was made,",
        "and would be posted again. Look at `perch deliveries list --state queued`, cancel what stands at the service already, then",
        "go on with `perch lanes resume ACCOUNT`. What has posts already is in doubt: each is looked up before it is sent.",
      ],
      arguments: [{ name: "FILE", help: "the new file" }],
      host: true,
      json: true,
      example: "perch store backup /var/backups/perch-monday.db",
      run: backup,
    },
    storeCopy,
  ],
};

/** Short enough to look alive, long enough to cost nothing. */
const POLL_MS = 250;

async function backup(invocation: Invocation): Promise<number> {
  const { io, machine, screen } = invocation;
  const [given = ""] = invocation.args;
  if (invocation.text("url") !== undefined && !given.startsWith("/")) {
    return invocation.misuse("FILE must be absolute with --url: it is a path on the host's machine.");
  }
  const file = resolve(io.cwd, given);
  let answer = await invocation.call("server.backup", { file, mode: "start" });
  while (answer.ok && !answer.value.done) {
    if (screen.isTerminal) io.stderr.write(`\r${progressOf(answer.value)}\u001b[K`);
    await machine.wait(POLL_MS);
    answer = await invocation.call("server.backup", { file, mode: "progress" });
  }
  if (screen.isTerminal) io.stderr.write("\r\u001b[K");
  return present(invocation, answer, (made) => {
    screen.say(`${printable(made.file)} is a backup of the store (${megabytes(made.bytes)}).`);
    screen.say("Keep the vault key too. After a restore every lane is paused; `perch help store backup` says how to go on.");
  });
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function progressOf({ bytes, totalBytes }: { bytes: number; totalBytes: number }): string {
  if (totalBytes === 0) return "Backing up …";
  return `Backing up: ${megabytes(bytes)} of ${megabytes(totalBytes)} (${Math.floor((100 * bytes) / totalBytes)} %)`;
}
