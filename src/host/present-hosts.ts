/** The hosts of a group, from what each says of itself. */
import type { HostReport } from "../host-report.ts";
import type { GroupHost } from "../store/store.ts";

/** To a tenth: heartbeats are seconds apart, and clocks are read over a network. */
const seconds = (ms: number): number => Math.round(ms / 100) / 10;

/** `nameOf`: of a lane, for people. */
export const presentHost = (host: GroupHost, self: string, nameOf: (lane: string) => string): HostReport => ({
  id: host.id,
  name: host.name,
  version: host.version,
  url: host.url,
  startedAt: new Date(host.startedAt).toISOString(),
  self: host.id === self,
  seenSeconds: seconds(host.seenMs),
  lanes: host.lanes.map(nameOf),
  clocks: Object.fromEntries(Object.entries(host.offsets).map(([plugin, offsetMs]) => [plugin, seconds(offsetMs)])),
  aheadSeconds: seconds(host.aheadMs),
  keys: host.keyIds,
});

/** Lane → who works it; nobody is named where there is one host only. Two on one machine are told apart by their addresses. */
export function holdersOf(hosts: readonly GroupHost[]): ReadonlyMap<string, string> {
  if (hosts.length < 2) return new Map();
  const shared = (name: string) => hosts.filter((host) => host.name === name).length > 1;
  return new Map(hosts.flatMap(({ name, url, lanes }) => lanes.map((lane) => [lane, shared(name) ? `${name} (${url})` : name] as const)));
}
