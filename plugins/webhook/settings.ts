/** What an administrator writes: `userDefined` in config/perch.yaml, and `plugins.webhook` in the credentials file. */
import type { Static } from "typebox";
import type { PluginContext } from "../../src/contract.ts";
import { Type } from "../../src/contract.ts";

const strict = { additionalProperties: false } as const;

export const Settings = Type.Object(
  {
    allowInsecure: Type.Optional(
      Type.Boolean({ default: false, description: "Also post over http:// to other machines; everybody on the way can read it" }),
    ),
    allowPrivate: Type.Optional(
      Type.Boolean({ default: false, description: "Also post to addresses of private networks, as endpoints inside the company have" }),
    ),
    requestTimeoutSeconds: Type.Optional(
      // Standard Webhooks, "Request timeouts": somewhere between 15 and 30 s.
      Type.Number({ minimum: 0.1, maximum: 60, default: 20, description: "How long an endpoint may take to answer" }),
    ),
    proxy: Type.Optional(Type.String({ pattern: "^https?://", description: "Instead of HTTPS_PROXY; NO_PROXY holds for it too" })),
    caFile: Type.Optional(
      Type.String({ "x-path": true, description: "PEM file of authorities that are trusted besides the well-known ones" }),
    ),
  },
  strict,
);
export type Settings = Static<typeof Settings>;

/**
 * Base64 of 24 to 64 bytes (Standard Webhooks, "Signature scheme": 192 bits at least, 512 at most). It is short rather
 * than exact, since `perch check` shows it to who made a mistake.
 */
const secret = "whsec_[A-Za-z0-9+/]{32,86}={0,2}";

const Endpoint = Type.Object(
  {
    url: Type.String({ pattern: "^https?://[^\\s/@?#]+([/?][^\\s#]*)?$", description: "Where to post; no user and password in it" }),
    secret: Type.String({
      pattern: `^${secret}( ${secret})*$`,
      description: "whsec_ and 24 to 64 random bytes in base64; while it is changed both, with a blank between them",
    }),
  },
  strict,
);

export const Secrets = Type.Object(
  { accounts: Type.Record(Type.String({ minLength: 1 }), Endpoint, { description: "The endpoints, by the name of the account" }) },
  strict,
);
export type Secrets = Static<typeof Secrets>;

export type Context = PluginContext<Settings, Secrets>;
