import type { Leaf } from "../command.ts";
import { printable } from "../printable.ts";
import { show } from "../show.ts";

export const reload: Leaf = {
  name: "reload",
  summary: "read configuration and credentials again, now",
  purpose: ["The host sees a changed file by itself within two seconds; this waits for it and says what came of it."],
  host: true,
  json: true,
  example: "perch reload",
  run: (invocation) =>
    show(invocation, "server.reload", {}, ({ changed, needsRestart }) => {
      const { screen } = invocation;
      if (changed.length === 0 && needsRestart.length === 0) screen.say("Nothing has changed.");
      for (const name of changed) screen.say(`In force now: ${printable(name)}`);
      for (const name of needsRestart)
        screen.say(screen.paint("yellow", `Changed, in force after a restart of the host: ${printable(name)}`));
    }),
};
