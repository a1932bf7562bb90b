import { Delivery, DeliveryListRequest } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const deliveriesList = defineMethod({
  name: "deliveries.list",
  role: "operator",
  summary: "Deliveries that match the filter, newest first; `cursor` leads to the next page.",
  params: DeliveryListRequest,
  result: Type.Object(
    { deliveries: Type.Array(Delivery), cursor: Type.Optional(Type.String()) },
    { additionalProperties: false, title: "DeliveryPage" },
  ),
  run: (host, params) => host.listDeliveries(params),
});
