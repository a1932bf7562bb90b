import { User, UserSuggestRequest } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const usersSuggest = defineMethod({
  name: "users.suggest",
  role: "admin",
  summary:
    "Users whose login name, or a word of whose full name, begins so: those of the directory, or of the registrations where there is none.",
  params: UserSuggestRequest,
  result: Type.Object({ users: Type.Array(User, { maxItems: 20 }) }, { additionalProperties: false, title: "UserSuggestions" }),
  run: (host, params) => host.suggestUsers(params),
});
