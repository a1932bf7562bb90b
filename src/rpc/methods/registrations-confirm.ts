import { Registration } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const registrationsConfirm = defineMethod({
  name: "registrations.confirm",
  role: "admin",
  summary: "Ends the authorisation with the PIN; there is one try for each PIN.",
  params: Type.Object(
    { id: Type.String({ minLength: 1, maxLength: 64 }), pin: Type.String({ minLength: 1, maxLength: 64 }) },
    { additionalProperties: false },
  ),
  result: Registration,
  audited: { target: "id", result: ["accountName", "authorization"] },
  run: (host, params) => host.confirmRegistration(params),
});
