/** Users of AR System, as the outside sees them. */
import type { Static } from "typebox";
import { MAX_NAME, strict } from "./shape-parts.ts";
import { Type } from "./type.ts";

export const User = Type.Object(
  {
    name: Type.String({ description: "AR login name: what a registration names as its functional user" }),
    fullName: Type.Optional(Type.String()),
    email: Type.Optional(Type.String()),
  },
  { ...strict, title: "User" },
);
export type User = Static<typeof User>;

export const UserSuggestRequest = Type.Object(
  {
    prefix: Type.String({
      maxLength: MAX_NAME,
      description: "How the login name, or a word of the full name, begins; empty for the first of all",
    }),
  },
  { ...strict, title: "UserSuggestRequest" },
);
export type UserSuggestRequest = Static<typeof UserSuggestRequest>;

/** More than anybody reads while typing. */
export const MAX_SUGGESTIONS = 20;

export const UserSuggestions = Type.Object(
  { users: Type.Array(User, { maxItems: MAX_SUGGESTIONS }) },
  { ...strict, title: "UserSuggestions" },
);
export type UserSuggestions = Static<typeof UserSuggestions>;
