import { Preview, PreviewRequest } from "../../shapes.ts";
import { defineMethod } from "../method.ts";

export const preview = defineMethod({
  name: "preview",
  role: "workflow",
  summary: "Shows how a text would be posted, without posting it.",
  params: PreviewRequest,
  result: Preview,
  run: (host, params) => host.preview(params),
});
