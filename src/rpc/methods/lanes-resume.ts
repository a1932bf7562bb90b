import { Lane, MAX_NAME } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const lanesResume = defineMethod({
  name: "lanes.resume",
  role: "operator",
  summary: "Lets a paused lane go on.",
  params: Type.Object({ accountName: Type.String({ minLength: 1, maxLength: MAX_NAME }) }, { additionalProperties: false }),
  result: Lane,
  audited: { target: "accountName" },
  run: (host, params) => host.resumeLane(params),
});
