import type { HostStatus } from "../../shapes.ts";
import type { Invocation, Leaf } from "../command.ts";
import { sayLanes } from "../lane-table.ts";
import { sayPlugins } from "../plugin-table.ts";
import { printable } from "../printable.ts";
import { show } from "../show.ts";
import { styleOf } from "../state-style.ts";
import { lengthOf, localTime } from "../when.ts";

export const status: Leaf = {
  name: "status",
  summary: "host, plug-ins, lanes, clock and queue at a glance",
  host: true,
  json: true,
  example: "perch status --json",
  run: (invocation) => show(invocation, "server.status", {}, (host) => sayStatus(invocation, host)),
};

function sayStatus(invocation: Invocation, host: HostStatus): void {
  const { screen, machine } = invocation;
  const up = lengthOf(machine.now() - Date.parse(host.startedAt));
  const ready = host.ready ? screen.paint("green", "ready") : screen.paint("red", `not ready: ${host.reasons.map(printable).join("; ")}`);
  screen.say(`Host           ${ready}`);
  screen.say(`Version        ${host.version} (Node ${host.node.replace(/^v/, "")}, process ${host.pid}), up ${up}`);
  screen.say(`Configuration  ${printable(host.configuration.file)}, loaded ${localTime(host.configuration.loadedAt, machine.now())}`);
  if (host.configuration.lastError) screen.say(`               ${screen.paint("red", printable(host.configuration.lastError))}`);
  screen.say(`Store          ${printable(host.store)}`);
  screen.say(`Deliveries     ${countsOf(invocation, host)}`);
  screen.say();
  sayPlugins(invocation, host.plugins);
  screen.say();
  sayLanes(invocation, host.lanes);
}

function countsOf({ screen }: Invocation, { deliveries }: HostStatus): string {
  const counts = Object.entries(deliveries).filter(([, count]) => count > 0);
  return counts.length === 0 ? "none yet" : counts.map(([state, count]) => `${count} ${screen.paint(styleOf(state), state)}`).join(", ");
}
