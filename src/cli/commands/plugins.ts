import type { Group } from "../command.ts";
import { sayPlugins } from "../plugin-table.ts";
import { printable } from "../printable.ts";
import { show } from "../show.ts";

export const plugins: Group = {
  name: "plugins",
  summary: "list and restart the plug-ins",
  example: "perch plugins list",
  subcommands: [
    {
      name: "list",
      summary: "all plug-ins, their filters and workers",
      host: true,
      json: true,
      example: "perch plugins list",
      run: (invocation) => show(invocation, "plugins.list", {}, (result) => sayPlugins(invocation, result.plugins)),
    },
    {
      name: "restart",
      summary: "end a plug-in's workers and start new ones",
      arguments: [{ name: "NAME", help: "the plug-in's name, as `perch plugins list` shows it" }],
      host: true,
      json: true,
      example: "perch plugins restart my-plugin",
      run: (invocation) =>
        show(invocation, "plugins.restart", { name: invocation.args[0] ?? "" }, (plugin) => {
          const cause = plugin.cause === undefined ? "" : `: ${printable(plugin.cause)}`;
          invocation.screen.say(`${printable(plugin.name)} is ${plugin.state}${cause}`);
        }),
    },
  ],
};
