/** One host of a group, as the outside sees it. */
import type { Static } from "typebox";
import { Moment, strict } from "./shape-parts.ts";
import { Type } from "./type.ts";

export const HostReport = Type.Object(
  {
    id: Type.String({ description: "Of its process" }),
    name: Type.String({ description: "Of its machine" }),
    version: Type.String(),
    url: Type.String(),
    startedAt: Moment,
    self: Type.Boolean({ description: "It is the host that answers" }),
    seenSeconds: Type.Number({ description: "How long ago the store heard from it" }),
    lanes: Type.Array(Type.String(), { description: "Accounts whose lanes it holds" }),
    clocks: Type.Record(Type.String(), Type.Number(), { description: "By plug-in: service − machine, in seconds, as last measured" }),
    aheadSeconds: Type.Number({ description: "Its machine's clock − the store's" }),
    keys: Type.Array(Type.String(), { description: "Ids of the vault's keys that it knows; the first is the one that it seals with" }),
  },
  { ...strict, title: "Host" },
);
export type HostReport = Static<typeof HostReport>;
