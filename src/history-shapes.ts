/** What happened over time, as the outside sees it. */
import type { Static } from "typebox";
import { strict } from "./shape-parts.ts";
import { Type } from "./type.ts";

/** More would be seen on no screen. */
export const MAX_POINTS = 1_000;
/** In minutes: what people read off an axis without reckoning. */
export const USUAL_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 10_080] as const;
const count = (description: string) => Type.Integer({ description });
const seconds = (description: string) => Type.Number({ description });

export const HistoryRequest = Type.Object(
  {
    since: Type.Optional(Type.String({ description: "ISO 8601; the step that it falls in is the first. Default 24 h before `until`" })),
    until: Type.Optional(Type.String({ description: "Before; ISO 8601. Default now" })),
    stepSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 604_800,
        multipleOf: 60,
        description: `Default: the shortest usual step that makes at most ${MAX_POINTS} points`,
      }),
    ),
  },
  strict,
);
export type HistoryRequest = Static<typeof HistoryRequest>;

export const HistoryPoint = Type.Object(
  {
    at: Type.String({ description: "When the step begins: ISO 8601, UTC" }),
    accepted: count("Deliveries accepted"),
    delivered: count("Deliveries delivered"),
    failed: count("Deliveries failed"),
    expired: count("Deliveries expired"),
    cancelled: count("Deliveries cancelled"),
    retried: count("Attempts after which a post is to be sent again"),
    latency: Type.Union(
      [
        Type.Object(
          {
            p50: seconds("Half of them took no longer, as far as the bounds of perch_delivery_latency_seconds tell"),
            p95: seconds("Of twenty, nineteen took no longer; told as p50"),
            mean: seconds("On average"),
          },
          { ...strict, description: "From acceptance to delivery, in seconds" },
        ),
        Type.Null({ description: "Nothing was delivered" }),
      ],
      { description: "Of what was delivered in the step" },
    ),
    queued: Type.Union([Type.Integer(), Type.Null()], {
      description: "Deliveries that had not ended at a minute's end, the most of the step; null before the first that is known",
    }),
  },
  { ...strict, title: "HistoryPoint" },
);
export type HistoryPoint = Static<typeof HistoryPoint>;

export const History = Type.Object(
  { stepSeconds: Type.Integer(), points: Type.Array(HistoryPoint, { description: "Oldest first, one for each step" }) },
  { ...strict, title: "History" },
);
export type History = Static<typeof History>;
