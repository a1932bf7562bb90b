import { DeliverySelection } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const deliveriesRetry = defineMethod({
  name: "deliveries.retry",
  role: "operator",
  summary: "Puts ended deliveries back into their lanes, and lets waiting ones try at once; answers which.",
  params: DeliverySelection,
  result: Type.Object({ ids: Type.Array(Type.String()) }, { additionalProperties: false }),
  audited: { params: ["ids", "states", "accountName", "entryId", "since", "until", "text"], result: ["ids"], refused: ["ids"] },
  run: (host, params) => host.retryDeliveries(params),
});
