import { Lane } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const lanesList = defineMethod({
  name: "lanes.list",
  role: "operator",
  summary: "The lane of each account: what it holds and what holds it up.",
  params: Type.Object({}, { additionalProperties: false }),
  result: Type.Object({ lanes: Type.Array(Lane) }, { additionalProperties: false }),
  run: (host) => host.listLanes(),
});
