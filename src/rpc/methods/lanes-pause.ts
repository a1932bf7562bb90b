import { Lane, MAX_NAME } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const lanesPause = defineMethod({
  name: "lanes.pause",
  role: "operator",
  summary: "Holds a lane until it is resumed; what is in flight ends.",
  params: Type.Object({ accountName: Type.String({ minLength: 1, maxLength: MAX_NAME }) }, { additionalProperties: false }),
  result: Lane,
  audited: { target: "accountName" },
  run: (host, params) => host.pauseLane(params),
});
