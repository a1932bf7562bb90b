import type { KeyChange, KeyStep } from "../../shapes.ts";
import { DONE, FAILED, type Invocation, type Leaf } from "../command.ts";
import { printable } from "../printable.ts";

/** `perch credentials rotate-key` */
export const rotateKey: Leaf = {
  name: "rotate-key",
  summary: "give the vault a new key, and seal the stored tokens with it",
  purpose: [
    "A new random key is put first into vault.keys; comments and layout of the file stay. The first key seals, all open, so nothing",
    "is lost, and the host seals the stored tokens anew when it takes the file up. Then --drop-old removes the old keys.",
    "A server group needs two steps, or one host would seal what another can't open yet: --add on one, its entry copied to all,",
    "then --promote ID on each.",
    "Keep old keys with the backups that were made before: a backup opens only with the key of its time.",
  ],
  options: {
    id: { value: "ID", help: "name of the new key", fallback: "the day" },
    add: { help: "put the new key last: it opens, and seals nothing yet" },
    promote: { value: "ID", help: "put this key first, which is there already" },
    "drop-old": {
      help: "leave only the first key; refused while the store holds something that another sealed, or the host still seals with another",
    },
  },
  json: true,
  example: "perch credentials rotate-key",
  run: async (invocation) => {
    const { machine, screen, configFile, json } = invocation;
    const step = stepOf(invocation);
    if (typeof step === "string") return invocation.misuse(step);
    const changed = await machine.rotateKey(configFile, step);
    if (!changed.ok) {
      if (json) screen.json({ ok: false, problems: changed.problems });
      else for (const problem of changed.problems) screen.complain(screen.paint("red", printable(problem)));
      return FAILED;
    }
    if (json) screen.json(changed.value);
    else for (const line of told(step, changed.value)) screen.say(printable(line));
    return DONE;
  },
};

/** A sentence where the options don't go together. */
function stepOf(invocation: Invocation): KeyStep | string {
  const given = ["add", "promote", "drop-old"].filter((name) => invocation.flag(name));
  if (given.length > 1) return `Give one of --${given.join(" and --")}: each is a step of its own.`;
  const id = invocation.text("id");
  const promoted = invocation.text("promote");
  if (id !== undefined && given.some((name) => name !== "add")) return "--id names a new key; --promote and --drop-old make none.";
  if (promoted !== undefined) return { do: "promote", id: promoted };
  if (invocation.flag("drop-old")) return { do: "drop-old" };
  return { do: invocation.flag("add") ? "add" : "rotate", ...(id !== undefined && { id }) };
}

const TAKEN_UP = "A running host takes the file up by itself; `perch reload` does it at once.";

function told(step: KeyStep, { file, keys, dropped, id = "" }: KeyChange): string[] {
  const [current = "", ...older] = keys;
  switch (step.do) {
    case "rotate":
      return [
        `${file} has a new key ${id}, which seals from now on. Still good for opening: ${older.join(", ")}.`,
        `${TAKEN_UP} Then the stored tokens are sealed anew, and`,
        "`perch credentials rotate-key --drop-old` removes the old keys.",
      ];
    case "add":
      return [
        `${file} has a new key ${id} in the last place: it opens, and ${current} goes on sealing.`,
        "In a server group, copy its entry into the file of each other host: it is a secret. When all have taken it up,",
        `run on each: perch credentials rotate-key --promote ${id}`,
        TAKEN_UP,
      ];
    case "promote":
      return [
        `In ${file} the key ${current} stands first and seals from now on.`,
        `${TAKEN_UP} When every host has it, \`perch credentials rotate-key --drop-old\` removes ${older.join(", ") || "nothing"}.`,
      ];
    case "drop-old":
      if (dropped.length === 0) return [`${file} has one key, ${current}; there is nothing to drop.`];
      return [
        `${file} has the key ${current} alone; gone: ${dropped.join(", ")}.`,
        "Backups that were made before need them: if you keep those, keep a copy of the keys with them.",
      ];
  }
}
