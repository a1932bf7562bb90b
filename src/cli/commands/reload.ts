import type { ReloadReport } from "../../shapes.ts";
import type { Invocation, Leaf } from "../command.ts";
import { printable } from "../printable.ts";
import { show } from "../show.ts";
import { localTime } from "../when.ts";

export const reload: Leaf = {
  name: "reload",
  summary: "read configuration and credentials again, now",
  purpose: [
    "The host sees a changed file by itself within two seconds; this waits for it and says what came of it.",
    "A bad configuration changes nothing. Credentials that a service refuses are bad too, unless they are forced:",
    "after a move to another application every account is to be authorised again.",
  ],
  options: { force: { help: "put credentials in force although a service refuses them" } },
  host: true,
  json: true,
  example: "perch reload",
  run: (invocation) => {
    const params = invocation.flag("force") ? { force: true } : {};
    return show(invocation, "server.reload", params, (report) => sayReport(invocation, report));
  },
};

function sayReport({ screen, machine }: Invocation, { changed, needsRestart, why, warnings, lastChange }: ReloadReport): void {
  if (changed.length === 0 && needsRestart.length === 0) screen.say(lastChange ? "Nothing more has changed." : "Nothing has changed.");
  // The host may have been faster than whoever changed the file.
  if (changed.length === 0 && lastChange)
    screen.say(`In force since ${localTime(lastChange.at, machine.now())}: ${lastChange.changed.map(printable).join("; ")}`);
  for (const name of changed) screen.say(`In force now: ${printable(name)}`);
  for (const name of needsRestart) {
    const reason = why[name] === undefined ? "" : ` (${printable(why[name])})`;
    screen.say(screen.paint("yellow", `Changed, in force after a restart of the host: ${printable(name)}${reason}`));
  }
  for (const warning of warnings) screen.say(screen.paint("yellow", `Look at this: ${printable(warning)}`));
}
