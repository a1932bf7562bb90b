import { MAX_NAME, PluginReport } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const pluginsRestart = defineMethod({
  name: "plugins.restart",
  role: "admin",
  summary: "Puts new workers in the old ones' place, with the plug-in's module as it is now; what is in flight may end.",
  params: Type.Object({ name: Type.String({ minLength: 1, maxLength: MAX_NAME }) }, { additionalProperties: false }),
  result: PluginReport,
  audited: { target: "name", result: ["state"] },
  run: (host, params) => host.restartPlugin(params),
});
