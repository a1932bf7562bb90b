import type { HostStatus } from "../../shapes.ts";
import { lengthOf } from "../../time-words.ts";
import type { Invocation, Leaf } from "../command.ts";
import { showHistory } from "../history-lines.ts";
import { sayHosts } from "../host-table.ts";
import { sayLanes } from "../lane-table.ts";
import { sayPlugins } from "../plugin-table.ts";
import { printable } from "../printable.ts";
import { show } from "../show.ts";
import { styleOf } from "../state-style.ts";
import { localTime } from "../when.ts";

export const status: Leaf = {
  name: "status",
  summary: "host, plug-ins, lanes, clock and queue at a glance",
  options: {
    history: { help: "what happened over time instead, of all hosts together" },
    since: { value: "WHEN", help: "with --history: from when on", moment: true, fallback: "6h" },
  },
  host: true,
  json: true,
  example: "perch status --json",
  run: async (invocation) => {
    if (invocation.flag("history")) return showHistory(invocation);
    if (invocation.text("since") !== undefined) return invocation.misuse("--since needs --history.");
    return show(invocation, "server.status", {}, (host) => sayStatus(invocation, host));
  },
};

function sayStatus(invocation: Invocation, host: HostStatus): void {
  const { screen, machine } = invocation;
  const up = lengthOf(machine.now() - Date.parse(host.startedAt));
  const ready = host.ready ? screen.paint("green", "ready") : screen.paint("red", `not ready: ${host.reasons.map(printable).join("; ")}`);
  screen.say(`Host           ${ready}`);
  screen.say(`Version        ${host.version} (Node ${host.node.replace(/^v/, "")}, process ${host.pid}), up ${up}`);
  screen.say(`Configuration  ${printable(host.configuration.file)}, loaded ${localTime(host.configuration.loadedAt, machine.now())}`);
  for (const [color, line] of troubleOf(host.configuration)) screen.say(`               ${screen.paint(color, printable(line))}`);
  screen.say(`Vault          ${vaultOf(host.configuration.vault)}`);
  screen.say(`Store          ${printable(host.store)}`);
  screen.say(`Deliveries     ${countsOf(invocation, host)}`);
  if (host.hosts.length > 1) {
    screen.say();
    sayHosts(invocation, host.hosts);
  }
  screen.say();
  sayPlugins(invocation, host.plugins);
  screen.say();
  sayLanes(invocation, host.lanes);
}

/** What somebody has to look at. */
function troubleOf({ lastError, needsRestart, warnings }: HostStatus["configuration"]): ["red" | "yellow", string][] {
  return [
    ...(lastError === undefined ? [] : [["red", `the last change was refused: ${lastError}`] satisfies ["red", string]]),
    ...needsRestart.map((name): ["yellow", string] => ["yellow", `changed, in force after a restart: ${name}`]),
    ...warnings.map((warning): ["yellow", string] => ["yellow", warning]),
  ];
}

function vaultOf({ key, sealed, sealedWithOthers, closed = [], waitsFor = [] }: HostStatus["configuration"]["vault"]): string {
  const others = sealedWithOthers > 0 ? `, ${sealedWithOthers} of them with another key` : "";
  const first = waitsFor.length > 0 ? `; the first key waits for ${waitsFor.join(", ")}` : "";
  const lost = closed.length > 0 ? `; no key opens ${closed.join(", ")}` : "";
  return printable(`key ${key}, ${sealed} sealed${others}${first}${lost}`);
}

function countsOf({ screen }: Invocation, { deliveries }: HostStatus): string {
  const counts = Object.entries(deliveries).filter(([, count]) => count > 0);
  return counts.length === 0 ? "none yet" : counts.map(([state, count]) => `${count} ${screen.paint(styleOf(state), state)}`).join(", ");
}
