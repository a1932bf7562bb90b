import { Registration } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const registrationsList = defineMethod({
  name: "registrations.list",
  role: "operator",
  summary: "All External Notification Registrations.",
  params: Type.Object({}, { additionalProperties: false }),
  result: Type.Object({ registrations: Type.Array(Registration) }, { additionalProperties: false }),
  run: (host) => host.listRegistrations(),
});
