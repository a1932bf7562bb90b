import { MAX_NAME } from "../../shapes.ts";
import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

/** The log knows which level names there are; it accepts AR System's and its own. */
const Level = Type.String({
  minLength: 1,
  maxLength: 32,
  description: "AR System's (SEVERE, INFO, FINE, …) or pino's (error, info, debug, …), or default: that of the configuration",
});
const Plugin = Type.Optional(Type.String({ minLength: 1, maxLength: MAX_NAME, description: "Left out: the host" }));

export const serverLogLevel = defineMethod({
  name: "server.logLevel",
  role: "admin",
  summary: "Sets the log level of the host or of one plug-in, until the next start.",
  params: Type.Object({ level: Level, plugin: Plugin }, { additionalProperties: false }),
  result: Type.Object({ level: Type.String(), plugin: Type.Optional(Type.String()) }, { additionalProperties: false }),
  audited: { target: "plugin", result: ["level"] },
  run: (host, params) => host.setLogLevel(params),
});
