import { differences } from "../host-differences.ts";
import type { HostReport } from "../host-report.ts";
import { aheadWords, clockWords, lengthOf } from "../time-words.ts";
import type { Invocation } from "./command.ts";
import { printable } from "./printable.ts";

/** The hosts of a group, a line each, and what they should agree on and do not. */
export function sayHosts({ screen, machine }: Invocation, hosts: readonly HostReport[]): void {
  screen.table(
    ["HOST", "VERSION", "UP", "HEARD OF", "CLOCK", "CLOCK BY SERVICE", "SEALS WITH", "ADDRESS", "LANES"],
    hosts.map((host) => [
      host.self ? `${host.name} (asked)` : host.name,
      host.version,
      lengthOf(Math.max(machine.now() - Date.parse(host.startedAt), 0)),
      `${host.seenSeconds} s ago`,
      aheadWords(host.aheadSeconds),
      Object.entries(host.clocks)
        .map(([plugin, offset]) => `${plugin} ${clockWords(offset)}`)
        .join(", "),
      host.keys[0] ?? "",
      host.url,
      host.lanes.join(" "),
    ]),
    8,
  );
  if (!screen.isTerminal) return;
  for (const line of differences(hosts)) screen.say(screen.paint("yellow", printable(line)));
}
