import { ReloadReport, ReloadRequest } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const serverReload = defineMethod({
  name: "server.reload",
  role: "admin",
  summary: "Reads configuration and credentials again; a bad one changes nothing.",
  params: ReloadRequest,
  result: ReloadReport,
  audited: { params: ["force"], result: ["changed", "needsRestart", "warnings"] },
  run: (host, params) => host.reload(params),
});
