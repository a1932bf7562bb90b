/** What `POST /oauth2/token` takes and gives (RFC 6749, sections 4.4.2, 5.1 and 5.2). */
import type { Static } from "typebox";
import { strict } from "../shape-parts.ts";
import { Type } from "../type.ts";

/** Others are let be, as section 3.2 wants. */
export const TokenRequest = Type.Object(
  {
    grant_type: Type.Literal("client_credentials"),
    client_id: Type.Optional(Type.String({ description: "Name of a client of the credentials file, where it is not in the header" })),
    client_secret: Type.Optional(Type.String({ description: "Its password" })),
    scope: Type.Optional(Type.String({ description: "Is not looked at: a client has its role" })),
  },
  { title: "TokenRequest" },
);

export const TokenAnswer = Type.Object(
  {
    access_token: Type.String(),
    token_type: Type.Literal("Bearer"),
    expires_in: Type.Integer({ description: "Seconds" }),
    scope: Type.String({ description: "The client's role now; it is looked up at each call" }),
  },
  { ...strict, title: "TokenAnswer" },
);
export type TokenAnswer = Static<typeof TokenAnswer>;

/** Of section 5.2, and two of 4.1.2.1: for who has to wait, and for a bug. */
const ERROR_CODES = ["invalid_request", "invalid_client", "unsupported_grant_type", "temporarily_unavailable", "server_error"] as const;
export const TokenError = Type.Object(
  { error: Type.Enum(ERROR_CODES), error_description: Type.String() },
  { ...strict, title: "TokenError" },
);
export type TokenError = Static<typeof TokenError>;
