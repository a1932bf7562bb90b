import { HostStatus } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const serverStatus = defineMethod({
  name: "server.status",
  role: "operator",
  summary: "The host, its plug-ins, its lanes and its queue.",
  params: Type.Object({}, { additionalProperties: false }),
  result: HostStatus,
  run: (host) => host.status(),
});
