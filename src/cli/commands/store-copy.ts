import { DONE, FAILED, type Invocation, type Leaf } from "../command.ts";
import type { StoreCopyProgress } from "../machine.ts";
import { printable } from "../printable.ts";

/** `perch store copy` */
export const storeCopy: Leaf = {
  name: "copy",
  summary: "copy a whole store into an empty one, from SQLite to PostgreSQL or back",
  purpose: [
    "For the day on which one host becomes a group, or the reverse. Stop every host first: a store that one works on is refused.",
    "Copied is everything: registrations, sealed tokens, deliveries in their order with their posts, repeat keys, the audit trail, the history.",
    "TO is made or must be empty. Both are read again and compared before TO is kept; what breaks off leaves it as it was.",
    "Addresses are as for `store` in perch.yaml: sqlite:PATH or postgres://user@host/db?sslmode=verify-full&sslrootcert=FILE, paths",
    "from this folder. The password is PGPASSWORD, or store.password of the credentials file.",
    "Then write TO into `store` and start the hosts. Never start one on FROM again: it would post again what waits in it.",
  ],
  arguments: [
    { name: "FROM", help: "the store to copy" },
    { name: "TO", help: "an empty store, or one that is not there yet" },
  ],
  json: true,
  example: "perch store copy sqlite:data/perch.db postgres://perch@db.example.com/perch",
  run: copy,
};

async function copy(invocation: Invocation): Promise<number> {
  const { io, machine, screen, json, configFile } = invocation;
  const [from = "", to = ""] = invocation.args;
  const copied = await machine.copyStore({ configFile, folder: io.cwd, from, to }, (progress) => {
    if (screen.isTerminal) io.stderr.write(`\r${bar(progress)}\u001b[K`);
    else if (progress.done === progress.total) screen.complain(lineOf(progress));
  });
  if (screen.isTerminal) io.stderr.write("\r\u001b[K");
  if (!copied.ok) {
    if (json) screen.json({ ok: false, problems: copied.problems });
    else for (const problem of copied.problems) screen.complain(screen.paint("red", printable(problem)));
    return FAILED;
  }
  if (json) screen.json(copied.value);
  else {
    const { rows } = copied.value;
    const counts = Object.entries(rows).map(([table, count]) => `${count} ${table}`);
    screen.say(printable(`${copied.value.to} holds now what ${copied.value.from} holds: ${counts.join(", ")}. Both were compared.`));
    screen.say(
      "Next: write it into `store` of perch.yaml and start. Never start a host on the old one again: it would post what waits in it.",
    );
  }
  return DONE;
}

const lineOf = ({ table, checking, done }: StoreCopyProgress): string => `${checking ? "compared" : "copied"} ${done} ${table}`;

const BAR_WIDTH = 30;

function bar({ table, checking, done, total }: StoreCopyProgress): string {
  const share = total === 0 ? 1 : done / total;
  const full = Math.round(share * BAR_WIDTH);
  const what = `${checking ? "Comparing" : "Copying"} ${table}`;
  return `${what.padEnd(24)} ${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${done} of ${total}`;
}
