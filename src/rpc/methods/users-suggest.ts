import { UserSuggestions, UserSuggestRequest } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const usersSuggest = defineMethod({
  name: "users.suggest",
  role: "admin",
  summary:
    "Users whose login name, or a word of whose full name, begins so: those of the directory, or of the registrations where there is none.",
  params: UserSuggestRequest,
  result: UserSuggestions,
  run: (host, params) => host.suggestUsers(params),
});
