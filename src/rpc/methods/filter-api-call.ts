import { ARValue, StatusEntry } from "../../ar.ts";
import { FilterCallRequest } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

/** The host checks the finer role: what the filter itself declares. */
export const filterApiCall = defineMethod({
  name: "filterApiCall",
  role: "workflow",
  summary: "Calls a filter of a plug-in with AR values, as a Set Fields action of AR System does.",
  params: FilterCallRequest,
  result: Type.Object(
    { outValues: Type.Array(ARValue), statusList: Type.Array(StatusEntry) },
    { additionalProperties: false, title: "FilterCallResult" },
  ),
  run: (host, params, caller) => host.filterApiCall(params, caller),
});
