import { Registration } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const registrationsGet = defineMethod({
  name: "registrations.get",
  role: "operator",
  summary: "One External Notification Registration.",
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false }),
  result: Registration,
  run: (host, params) => host.getRegistration(params),
});
