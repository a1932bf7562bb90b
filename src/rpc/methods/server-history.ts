import { History, HistoryRequest } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const serverHistory = defineMethod({
  name: "server.history",
  role: "operator",
  summary: "What happened over time, by steps, of all hosts together.",
  params: HistoryRequest,
  result: History,
  run: (host, params) => host.history(params),
});
