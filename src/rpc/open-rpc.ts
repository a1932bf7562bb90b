import type { TObject } from "typebox";
import { MESSAGES } from "../ar.ts";
import { type Method, parameterNames } from "./method.ts";

/** JSON-RPC 2.0 section 5.1, with the texts of the specification. */
export const JSON_RPC_ERRORS = {
  [-32700]: "Parse error",
  [-32600]: "Invalid Request",
  [-32601]: "Method not found",
  [-32602]: "Invalid params",
  [-32603]: "Internal error",
} as const;
export type JsonRpcNumber = -32700 | -32600 | -32601 | -32602 | -32603;

/** Version of the published interface: it grows with the table, it is not the program's version. */
const INTERFACE_VERSION = "1.0.0";

const ERRORS = Object.entries({ ...MESSAGES, ...JSON_RPC_ERRORS })
  .map(([code, message]) => ({ code: Number(code), message }))
  .sort((a, b) => a.code - b.code);

/** The OpenRPC 1.3 document of a table of methods. Schemas stand in it whole, so that each compiles by itself. */
export function openRpcDocument(methods: readonly Method[]) {
  return {
    openrpc: "1.3.2",
    info: {
      title: "Perch",
      version: INTERFACE_VERSION,
      description:
        "AR System-style plug-in server. Roles contain each other: admin, operator, workflow; `x-role` is the smallest that may call.",
      license: { name: "Apache-2.0" },
    },
    servers: [{ name: "this host", url: "/rpc" }],
    methods: methods.map(describeMethod),
  };
}

function describeMethod(method: Method) {
  return {
    name: method.name,
    summary: method.summary,
    "x-role": method.role,
    paramStructure: "either",
    params: parameterNames(method.params).map((name) => describeParameter(method.params, name)),
    result: { name: "result", schema: method.result },
    errors: ERRORS,
  };
}

function describeParameter(params: TObject, name: string) {
  const required: readonly string[] = params.required ?? [];
  return { name, required: required.includes(name), schema: params.properties[name] ?? {} };
}
