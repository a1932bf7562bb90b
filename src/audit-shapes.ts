/** The audit trail, as the outside sees it. */
import type { Static } from "typebox";
import { Moment, strict, Text } from "./shape-parts.ts";
import { Type } from "./type.ts";

export const AuditEntry = Type.Object(
  {
    id: Type.String(),
    at: Moment,
    client: Type.String({ description: "A client's name, `local` for the Unix socket, or `host` for what it did by itself" }),
    role: Type.Optional(Type.String()),
    address: Type.Optional(Type.String({ description: "Where it came from, and the name in the certificate, if there was one" })),
    method: Type.String({ description: "The method; `login` and `logout` of the console, and `login` for a lock-out" }),
    target: Type.Optional(Type.String({ description: "Id or name of what was acted on" })),
    detail: Type.Record(Type.String(), Type.Unknown(), { description: "What was asked for and what came of it, without secrets" }),
    outcome: Type.Enum(["begun", "done", "refused", "failed"] as const, {
      description: "begun: its end is not known (yet); failed: by a bug of the host's",
    }),
    arerr: Type.Optional(Type.Integer({ description: "AR message number of the refusal" })),
    reason: Type.Optional(Type.String({ description: "Machine name of the refusal" })),
  },
  { ...strict, title: "AuditEntry" },
);
export type AuditEntry = Static<typeof AuditEntry>;
export const AuditListRequest = Type.Object(
  {
    since: Type.Optional(Type.String({ description: "At or after; ISO 8601" })),
    until: Type.Optional(Type.String({ description: "Before; ISO 8601" })),
    client: Type.Optional(Text("Only acts of this client")),
    method: Type.Optional(Text("Only acts by this method")),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: "Default 50" })),
    cursor: Type.Optional(Type.String()),
  },
  strict,
);
export type AuditListRequest = Static<typeof AuditListRequest>;
