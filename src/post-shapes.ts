/** The posts of a delivery, and what became of each attempt, as the outside sees them. */
import type { Static } from "typebox";
import { FaultReport } from "./ar.ts";
import { Moment, strict } from "./shape-parts.ts";
import { Type } from "./type.ts";

export const POST_STATES = ["queued", "begun", "in-doubt", "posted"] as const;
export const PostState = Type.Enum(POST_STATES);
export type PostState = Static<typeof PostState>;

export const Post = Type.Object(
  { index: Type.Integer(), state: PostState, id: Type.Optional(Type.String()), url: Type.Optional(Type.String()), text: Type.String() },
  { ...strict, title: "Post" },
);

/** Of a try to deliver a post: `posted` to `in-doubt`. Of a look for one in doubt: `found` to `unknown`. */
export const AttemptOutcome = Type.Enum(["posted", "retry", "failed", "in-doubt", "found", "absent", "unknown"] as const);
export type AttemptOutcome = Static<typeof AttemptOutcome>;

/** So many of the first attempts are kept, and of the last: how it began, and how it stands. */
export const ATTEMPTS_KEPT = { first: 10, last: 40 } as const;

export const Attempt = Type.Object(
  {
    at: Moment,
    index: Type.Integer({ description: "Of the post" }),
    outcome: AttemptOutcome,
    error: Type.Optional(FaultReport),
    nextAttemptAt: Type.Optional(Moment),
  },
  { ...strict, title: "Attempt" },
);
export type Attempt = Static<typeof Attempt>;
