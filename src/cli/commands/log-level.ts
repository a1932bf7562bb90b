import type { Leaf } from "../command.ts";
import { printable } from "../printable.ts";
import { show } from "../show.ts";

export const logLevel: Leaf = {
  name: "log-level",
  summary: "change the log level of the running host, or of one plug-in",
  purpose: ["It lasts until the host ends; for good it is set under `log` in the configuration, and `default` goes back to that."],
  arguments: [
    { name: "PLUGIN", help: "only of this plug-in", optional: true },
    { name: "LEVEL", help: "debug, info, warn, error, or AR's: FINE, INFO, WARNING, SEVERE; or default" },
  ],
  host: true,
  json: true,
  example: "perch log-level debug",
  run: (invocation) => {
    const level = invocation.args.at(-1) ?? "";
    const plugin = invocation.args.length === 2 ? invocation.args[0] : undefined;
    return show(invocation, "server.logLevel", { level, ...(plugin !== undefined && { plugin }) }, (result) => {
      invocation.screen.say(`${result.plugin ? printable(result.plugin) : "The host"} logs at ${printable(result.level)} now.`);
    });
  },
};
