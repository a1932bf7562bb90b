import { Registration, RegistrationDraft } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const registrationsCreate = defineMethod({
  name: "registrations.create",
  role: "admin",
  summary: "Registers a functional account for a notification content.",
  params: RegistrationDraft,
  result: Registration,
  audited: { target: "id", params: ["company", "content", "functionalUser", "mechanism", "accountName", "status"] },
  run: (host, params) => host.createRegistration(params),
});
