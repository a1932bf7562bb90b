import { AuditEntry, AuditListRequest } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

export const auditList = defineMethod({
  name: "audit.list",
  role: "admin",
  summary: "What administrators and operators did, newest first; `cursor` leads to the next page.",
  params: AuditListRequest,
  result: Type.Object(
    { entries: Type.Array(AuditEntry), cursor: Type.Optional(Type.String()) },
    { additionalProperties: false, title: "AuditPage" },
  ),
  run: (host, params) => host.listAudit(params),
});
