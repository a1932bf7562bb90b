import { LogPage, LogRequest } from "../../log-shapes.ts";
import { defineMethod } from "../method.ts";

export const serverLogs = defineMethod({
  name: "server.logs",
  role: "operator",
  summary: "The last lines of this host's log, from memory; `cursor` leads to those that follow.",
  params: LogRequest,
  result: LogPage,
  run: (host, params) => host.readLog(params),
});
