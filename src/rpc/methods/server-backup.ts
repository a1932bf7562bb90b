import { Type } from "../../type.ts";
import { defineMethod } from "../method.ts";

const File = Type.String({
  pattern: "^/[^\\u0000]*[^/\\u0000]$",
  maxLength: 4096,
  description: "Absolute path of a new file on the host's machine; it is never overwritten",
});
const Mode = Type.Enum(["wait", "start", "progress"] as const, {
  description: "Default wait: answers at the end. start: answers at once. progress: how the one that was started is doing",
});

export const serverBackup = defineMethod({
  name: "server.backup",
  role: "admin",
  summary: "Copies the store, as it is at one moment, into a new file while the host goes on.",
  params: Type.Object({ file: File, mode: Type.Optional(Mode) }, { additionalProperties: false }),
  result: Type.Object(
    {
      file: Type.String(),
      done: Type.Boolean(),
      bytes: Type.Integer({ description: "Copied so far" }),
      totalBytes: Type.Integer({ description: "0 until the copy has begun" }),
    },
    { additionalProperties: false, title: "BackupReport" },
  ),
  audited: { target: "file", params: ["mode"], result: ["bytes", "done"], unless: { mode: "progress" } },
  run: (host, params) => host.backup(params),
});
