import { Registration, RegistrationChange } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const registrationsUpdate = defineMethod({
  name: "registrations.update",
  role: "admin",
  summary: "Changes what is given of a registration and leaves the rest.",
  params: RegistrationChange,
  result: Registration,
  audited: { target: "id", params: ["company", "content", "functionalUser", "mechanism", "accountName", "status"] },
  run: (host, params) => host.updateRegistration(params),
});
