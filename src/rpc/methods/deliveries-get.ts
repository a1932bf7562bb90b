import { Delivery, NotifyRequest } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const deliveriesGet = defineMethod({
  name: "deliveries.get",
  role: "workflow",
  summary: "One delivery as it is now, or as it is when it has ended or the wait is over.",
  params: Type.Object(
    { id: Type.String({ minLength: 1, maxLength: 64, description: "UUIDv7" }), waitSeconds: NotifyRequest.properties.waitSeconds },
    { additionalProperties: false },
  ),
  result: Delivery,
  run: (host, params) => host.getDelivery(params),
});
