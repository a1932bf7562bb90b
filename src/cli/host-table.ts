import type { HostReport } from "../host-report.ts";
import type { Invocation } from "./command.ts";
import { clockWords } from "./plugin-table.ts";
import { printable } from "./printable.ts";
import { lengthOf } from "./when.ts";

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

/** Against the database's clock. */
function aheadWords(aheadSeconds: number): string {
  const seconds = Math.abs(aheadSeconds);
  return seconds < 0.5 ? "right" : `${seconds} s ${aheadSeconds > 0 ? "fast" : "slow"}`;
}

/** A heartbeat crosses a network, so that less is no difference. */
const CLOCKS_MAY_DIFFER_SECONDS = 2;

/** What hosts of one group should have in common, a sentence each. */
export function differences(hosts: readonly HostReport[]): string[] {
  return [...clocksDiffer(hosts), ...versionsDiffer(hosts), ...keysDiffer(hosts)];
}

function clocksDiffer(hosts: readonly HostReport[]): string[] {
  const [slowest, ...rest] = hosts.toSorted((one, other) => one.aheadSeconds - other.aheadSeconds);
  const fastest = rest.at(-1);
  if (!slowest || !fastest) return [];
  const apart = Math.round((fastest.aheadSeconds - slowest.aheadSeconds) * 10) / 10;
  if (apart <= CLOCKS_MAY_DIFFER_SECONDS) return [];
  return [`The clocks of ${slowest.name} and ${fastest.name} are ${apart} s apart: synchronise them (NTP).`];
}

function versionsDiffer(hosts: readonly HostReport[]): string[] {
  const byVersion = Map.groupBy(hosts, ({ version }) => version);
  if (byVersion.size < 2) return [];
  const each = [...byVersion].map(([version, all]) => `${version} on ${all.map(({ name }) => name).join(", ")}`);
  return [`Hosts are of different versions: ${each.join("; ")}. Finish the upgrade.`];
}

function keysDiffer(hosts: readonly HostReport[]): string[] {
  const ids = [...new Set(hosts.flatMap(({ keys }) => keys))];
  return ids.flatMap((id) => {
    const lacking = hosts.filter(({ keys }) => !keys.includes(id)).map(({ name }) => name);
    return lacking.length === 0
      ? []
      : [`The vault's key ${id} is not known to ${lacking.join(", ")}: add it to vault.keys there, or drop it everywhere.`];
  });
}
