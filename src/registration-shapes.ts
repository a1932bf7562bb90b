/** External Notification Registrations, as the outside sees them. */
import type { Static } from "typebox";
import { Moment, strict, Text } from "./shape-parts.ts";
import { Type } from "./type.ts";

export const RegistrationStatus = Type.Enum(["Enabled", "Disabled"] as const);
export const Authorization = Type.Enum(["none", "pending", "authorized", "revoked"] as const);
export const Registration = Type.Object(
  {
    id: Type.String(),
    company: Type.String(),
    content: Type.String(),
    functionalUser: Type.String(),
    mechanism: Type.String(),
    accountName: Type.String(),
    status: RegistrationStatus,
    authorization: Authorization,
    advice: Type.Optional(Type.String({ description: "What the account lacks, where that is not simply a PIN" })),
    accountId: Type.Optional(Type.String()),
    protected: Type.Optional(Type.Boolean()),
    accessLevel: Type.Optional(Type.String()),
    authorizedAt: Type.Optional(Moment),
    pinEnabled: Type.Boolean({ description: "A PIN is awaited" }),
    createdAt: Moment,
    updatedAt: Moment,
  },
  { ...strict, title: "Registration" },
);
export type Registration = Static<typeof Registration>;

export const RegistrationDraft = Type.Object(
  {
    company: Type.Optional(Text("Default Global")),
    content: Type.Optional(Text("Notification Content; default Broadcast")),
    functionalUser: Text("AR Functional User"),
    mechanism: Type.Optional(Text("Default: the one mechanism that is loaded")),
    accountName: Text("Associated Account Name, without @"),
    status: Type.Optional(RegistrationStatus),
  },
  { ...strict, title: "RegistrationDraft" },
);
export type RegistrationDraft = Static<typeof RegistrationDraft>;
export const RegistrationChange = Type.Object(
  {
    id: Type.String(),
    ...Type.Partial(Type.Object(RegistrationDraft.properties)).properties,
    ifUpdatedAt: Type.Optional(
      Type.String({ description: "Refused (20027) when its updatedAt is another: somebody changed it meanwhile" }),
    ),
  },
  { ...strict, title: "RegistrationChange" },
);
export type RegistrationChange = Static<typeof RegistrationChange>;
