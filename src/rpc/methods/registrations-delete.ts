import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const registrationsDelete = defineMethod({
  name: "registrations.delete",
  role: "admin",
  summary: "Deletes a registration and cancels its deliveries that have not begun; answers which.",
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false }),
  result: Type.Object({ id: Type.String(), cancelled: Type.Array(Type.String()) }, { additionalProperties: false }),
  audited: { target: "id", result: ["cancelled"] },
  run: (host, params) => host.deleteRegistration(params),
});
