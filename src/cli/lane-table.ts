import type { Lane } from "../shapes.ts";
import type { Invocation } from "./command.ts";
import { explain } from "./failure.ts";
import { printable } from "./printable.ts";
import { stateCell } from "./state-style.ts";
import { localTime } from "./when.ts";

/** Lanes, a line each; below it why the held ones wait. */
export function sayLanes({ screen, machine }: Invocation, lanes: readonly Lane[]): void {
  if (lanes.length === 0 && screen.isTerminal) {
    screen.say("No lanes: no account has been authorised yet.");
    return;
  }
  // In a group: who works it.
  const grouped = lanes.some(({ host }) => host !== undefined);
  const time = (moment: string | undefined) => (moment === undefined ? "" : screen.isTerminal ? localTime(moment, machine.now()) : moment);
  screen.table(
    ["ACCOUNT", "STATE", "QUEUED", "PLUG-IN", ...(grouped ? ["HOST"] : []), "HELD SINCE", "UNTIL", "WHY"],
    lanes.map((lane) => [
      lane.accountName,
      stateCell(lane.state),
      String(lane.queued),
      lane.plugin,
      ...(grouped ? [lane.host ?? ""] : []),
      time(lane.hold?.since),
      time(lane.hold?.until),
      lane.hold?.error.reason ?? (lane.paused ? "paused by an operator" : ""),
    ]),
    grouped ? 7 : 6,
  );
  if (!screen.isTerminal) return;
  for (const { accountName, hold } of lanes) {
    if (hold === undefined) continue;
    screen.say();
    screen.say(`${printable(accountName)} is held: ${printable(hold.error.message)}`);
    for (const line of explain(hold.error)) screen.say(`  ${printable(line)}`);
  }
}
