import Type from "typebox";
import { ReloadReport } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const serverReload = defineMethod({
  name: "server.reload",
  role: "admin",
  summary: "Reads configuration and credentials again; a bad one changes nothing.",
  params: Type.Object({}, { additionalProperties: false }),
  result: ReloadReport,
  audited: { result: ["changed", "needsRestart"] },
  run: (host) => host.reload(),
});
