/** One step of one delivery. */
import type Database from "better-sqlite3";
import { ENDED_STATES } from "../shapes.ts";
import { DELIVERY, type DeliveryRow, deliveryReader, toJson } from "./sqlite-rows.ts";
import type { PostChange, Settlement, StoredDelivery } from "./store.ts";

type Post = {
  state: string;
  id: string | null;
  url: string | null;
  begunAt: number | null;
  doubtAt: number | null;
  looks: number;
  blind: number;
};
type PostKey = { seq: number; index: number };

export function settleOperations(db: Database.Database) {
  const read = deliveryReader(db);
  const find = db.prepare<[string], DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries WHERE id = ?`);
  const compose = db.prepare<[number, number, string, string, number]>(
    "INSERT INTO posts (delivery_seq, idx, lane, text, reply) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const findPost = db.prepare<[PostKey], Post>(`SELECT state, id, url, begun_at AS begunAt, doubt_at AS doubtAt, looks, blind
    FROM posts WHERE delivery_seq = +@seq AND idx = +@index`);
  const changePost = db.prepare<[PostKey & Post]>(`UPDATE posts SET state = @state, id = @id, url = @url, begun_at = @begunAt,
    doubt_at = @doubtAt, looks = @looks, blind = @blind WHERE delivery_seq = +@seq AND idx = +@index`);
  const change = db.prepare<[object], DeliveryRow>(`UPDATE deliveries SET state = @state, next_attempt_at = @nextAttemptAt,
    attempts = attempts + @attempts, last_fault = iif(@keepsFault, last_fault, @lastFault),
    delivered_at = iif(@state = 'delivered', coalesce(delivered_at, @at), delivered_at),
    begun = EXISTS (SELECT 1 FROM posts WHERE delivery_seq = deliveries.seq AND posts.state <> 'queued')
    WHERE seq = +@seq RETURNING ${DELIVERY}`);

  function applyPostChange(deliveryId: string, seq: number, { index, blind, ...rest }: PostChange): void {
    const post = findPost.get({ seq, index });
    if (post === undefined) throw new Error(`delivery ${deliveryId} has no post ${index}`);
    changePost.run({ ...post, ...rest, ...(blind !== undefined && { blind: Number(blind) }), seq, index });
  }

  return {
    settle(step: Settlement): StoredDelivery {
      const before = find.get(step.deliveryId);
      if (before === undefined) throw new Error(`there is no delivery ${step.deliveryId}`);
      if (ENDED_STATES.includes(before.state)) return read(before);
      const { seq, lane } = before;
      if (step.compose !== undefined && read(before).posts.length === 0) {
        for (const [index, post] of step.compose.entries()) compose.run(seq, index, lane, post.text, Number(post.reply));
      }
      for (const post of step.posts ?? []) applyPostChange(step.deliveryId, seq, post);
      const after = change.get({
        seq,
        state: step.state,
        at: step.at,
        nextAttemptAt: step.nextAttemptAt,
        attempts: step.attempts ?? 0,
        keepsFault: Number(step.lastFault === undefined),
        lastFault: toJson(step.lastFault),
      });
      return read(after ?? before);
    },
  };
}
