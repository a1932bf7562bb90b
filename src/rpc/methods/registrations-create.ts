import { Registration, RegistrationDraft } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const registrationsCreate = defineMethod({
  name: "registrations.create",
  role: "admin",
  summary: "Registers a functional account for a notification content.",
  params: RegistrationDraft,
  result: Registration,
  run: (host, params) => host.createRegistration(params),
});
