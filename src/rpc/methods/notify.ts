import { NotifyRequest, NotifyResult } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const notify = defineMethod({
  name: "notify",
  role: "workflow",
  summary: "Accepts a notification: one durable delivery for each account of an enabled registration that matches.",
  params: NotifyRequest,
  result: NotifyResult,
  run: (host, params, caller) => host.notify(params, caller),
});
