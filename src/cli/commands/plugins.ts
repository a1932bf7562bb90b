import { relative, resolve } from "node:path";
import { DONE, FAILED, type Group, type Invocation } from "../command.ts";
import type { NewPlugin } from "../machine.ts";
import { sayPlugins } from "../plugin-table.ts";
import { printable } from "../printable.ts";
import { show } from "../show.ts";

export const plugins: Group = {
  name: "plugins",
  summary: "list and restart the plug-ins, make a new one",
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
      summary: "put new workers in the old ones' place, with the module as it is now",
      purpose: [
        "No call fails by it. When the new workers can't start, the old ones go on.",
        "Code is never swapped by itself: `perch status` names a plug-in whose module has changed. What that imports is not watched.",
      ],
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
    {
      name: "new",
      summary: "make a plug-in that runs, with its test, to be changed into yours",
      purpose: ["Overwrites nothing. docs/plugins.md is the guide for authors of plug-ins."],
      arguments: [{ name: "NAME", help: "lower-case words with dashes between them: my-pager" }],
      options: {
        filter: { help: "a filter that workflow calls, and no notification mechanism" },
        folder: { value: "DIR", help: "make it in DIR/NAME", fallback: "plugins/NAME and test/plugins/NAME of this checkout" },
      },
      json: true,
      example: "perch plugins new my-pager",
      run: makePlugin,
    },
  ],
};

async function makePlugin(invocation: Invocation): Promise<number> {
  const { io, machine, screen, json } = invocation;
  const folder = invocation.text("folder");
  const made = await machine.newPlugin({
    name: invocation.args[0] ?? "",
    filterOnly: invocation.flag("filter"),
    ...(folder !== undefined && { folder: resolve(io.cwd, folder) }),
  });
  if (!made.ok) {
    if (json) screen.json(made);
    else for (const problem of made.problems) screen.complain(screen.paint("red", problem));
    return FAILED;
  }
  const { name, module, test } = made;
  if (json) screen.json({ name, module, test });
  else for (const line of nextSteps(invocation, made, folder !== undefined)) screen.say(line);
  return DONE;
}

function nextSteps(invocation: Invocation, { name, module, test, node }: NewPlugin, apart: boolean): string[] {
  const here = (file: string) => relative(invocation.io.cwd, file);
  const mechanism = !invocation.flag("filter");
  return [
    `${here(module)} is a plug-in that runs; ${here(test)} is its test, which passes as it is.`,
    "Next, besides making it yours (docs/plugins.md is the guide):",
    apart ? `  ${here(node)} ${here(test)}      # in a folder of its own it needs: npm install typebox tap` : `  npx tap ${here(test)}`,
    "In the configuration, under plugins:",
    `  - module: ${apart ? module : name}`,
    mechanism ? "    userDefined: { url: https://service.example }" : "    userDefined: { greeting: Hello }",
    ...(mechanism ? ["In the credentials file, under plugins:", `  ${name}:`, "    accounts: { ACCOUNT: { token: TOKEN } }"] : []),
    "Then `perch check`, which names what is wrong with its line.",
  ];
}
