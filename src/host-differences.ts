/** What the hosts of a group should have in common and have not, for every way in. */
import type { HostReport } from "./host-report.ts";

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
