import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const registrationsAuthorize = defineMethod({
  name: "registrations.authorize",
  role: "admin",
  summary: "Begins to authorise the account: answers the page where its owner logs in and is shown a PIN.",
  params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false }),
  result: Type.Object({ authorizeUrl: Type.String() }, { additionalProperties: false }),
  audited: { target: "id" },
  run: (host, params) => host.authorizeRegistration(params),
});
