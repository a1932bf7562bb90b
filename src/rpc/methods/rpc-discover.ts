import { done } from "../../ar.ts";
import { Type } from "../../type.ts";
import { defineMethod, type Method } from "../method.ts";
import { openRpcDocument } from "../open-rpc.ts";

/** OpenRPC's service discovery. It describes the table that it stands in, so it is given that table. */
export const rpcDiscover = (table: readonly Method[]): Method => {
  const method: Method = defineMethod({
    name: "rpc.discover",
    role: "workflow",
    summary: "This document: every method with the schemas that validate it.",
    params: Type.Object({}, { additionalProperties: false }),
    result: Type.Object({}, { title: "OpenRPC document" }),
    run: async () => done(openRpcDocument([...table, method])),
  });
  return method;
};
