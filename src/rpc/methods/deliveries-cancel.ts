import { DeliverySelection } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const deliveriesCancel = defineMethod({
  name: "deliveries.cancel",
  role: "operator",
  summary: "Cancels deliveries that have not begun; answers which.",
  params: DeliverySelection,
  result: Type.Object({ ids: Type.Array(Type.String()) }, { additionalProperties: false }),
  audited: { params: ["ids", "states", "accountName", "entryId", "since", "until", "text"], result: ["ids"], refused: ["ids"] },
  run: (host, params) => host.cancelDeliveries(params),
});
