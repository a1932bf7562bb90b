import type { Cell, Style } from "./screen.ts";

/** Colours of all states that a host reports: deliveries, posts, lanes, registrations, plug-ins. */
const STYLES: Readonly<Record<string, Style>> = {
  queued: "cyan",
  sending: "cyan",
  begun: "cyan",
  waiting: "yellow",
  "in-doubt": "yellow",
  delivered: "green",
  posted: "green",
  failed: "red",
  retry: "yellow",
  found: "green",
  absent: "yellow",
  unknown: "yellow",
  expired: "magenta",
  cancelled: "gray",
  idle: "green",
  held: "yellow",
  paused: "yellow",
  Enabled: "green",
  Disabled: "gray",
  none: "gray",
  pending: "yellow",
  authorized: "green",
  revoked: "red",
  ready: "green",
  starting: "cyan",
  restarting: "yellow",
  stopped: "gray",
};

export const styleOf = (state: string): Style => STYLES[state] ?? "bold";
/** A state as a cell of a table, in its colour. */
export const stateCell = (state: string): Cell => ({ text: state, style: styleOf(state) });
