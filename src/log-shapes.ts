/** The log's last lines, as the outside sees them. */
import type { Static } from "typebox";
import { Moment, strict, Text } from "./shape-parts.ts";
import { Type } from "./type.ts";

/** From what says most to what matters most; the log's own names. */
export const LINE_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export const LineLevel = Type.Enum(LINE_LEVELS);
export type LineLevel = Static<typeof LineLevel>;

export const LogLine = Type.Object(
  {
    number: Type.Integer({ description: "Counted since the host started, from 1" }),
    at: Moment,
    level: LineLevel,
    plugin: Type.Optional(Type.String({ description: "Left out: the host itself" })),
    message: Type.String({ description: "A fixed sentence" }),
    fields: Type.Record(Type.String(), Type.Unknown(), { description: "What else the line says, without secrets" }),
  },
  { ...strict, title: "LogLine" },
);
export type LogLine = Static<typeof LogLine>;

export const LogRequest = Type.Object(
  {
    level: Type.Optional(Type.Enum(LINE_LEVELS, { description: "Only lines of this level or a graver one" })),
    plugin: Type.Optional(Text("Only lines of this plug-in; host: of the host itself")),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: "Default 200" })),
    cursor: Type.Optional(Type.String({ maxLength: 64, description: "Only lines after it; left out: the newest" })),
  },
  strict,
);
export type LogRequest = Static<typeof LogRequest>;

export const LogPage = Type.Object(
  {
    lines: Type.Array(LogLine, { description: "Oldest first" }),
    cursor: Type.String({ description: "Leads to what is logged after these lines" }),
    missed: Type.Integer({ description: "Lines after the cursor that are no longer in memory" }),
    levels: Type.Object(
      {
        host: Type.String(),
        plugins: Type.Record(Type.String(), Type.String(), { description: "Of each plug-in that has logged or has a level of its own" }),
      },
      { ...strict, description: "In force now" },
    ),
  },
  { ...strict, title: "LogPage" },
);
export type LogPage = Static<typeof LogPage>;
