import { PluginReport } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const pluginsList = defineMethod({
  name: "plugins.list",
  role: "operator",
  summary: "The plug-ins of the configuration, and how they are.",
  params: Type.Object({}, { additionalProperties: false }),
  result: Type.Object({ plugins: Type.Array(PluginReport) }, { additionalProperties: false }),
  run: (host) => host.listPlugins(),
});
