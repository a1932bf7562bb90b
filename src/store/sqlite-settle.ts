/** One step of one delivery, and what follows it in its lane. */
import type Database from "better-sqlite3";
import { applyStep } from "./apply-step.ts";
import { laneHeads } from "./sqlite-lookups.ts";
import { DELIVERY, type DeliveryRow, deliveryReader, toJson } from "./sqlite-rows.ts";
import type { Advanced, Ahead, Settlement, StoredDelivery, StoredPost } from "./store.ts";

type Write = (before: StoredDelivery, step: Settlement) => StoredDelivery;

export function settleOperations(db: Database.Database) {
  const read = deliveryReader(db);
  const heads = laneHeads(db);
  const write = stepWriter(db);
  const find = db.prepare<[string], DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries WHERE id = ?`);

  function settle(step: Settlement): StoredDelivery {
    const row = find.get(step.deliveryId);
    if (row === undefined) throw new Error(`there is no delivery ${step.deliveryId}`);
    return write(read(row), step);
  }

  function beginHead(lane: string, begin: Settlement, { now, judge }: Ahead): StoredDelivery | undefined {
    if (heads.begun(lane)) return undefined;
    const head = heads.next(lane, now, judge);
    return head?.id === begin.deliveryId && head.nextAttemptAt === null ? write(read(head), begin) : undefined;
  }

  return {
    settle,
    advance(step: Settlement, ahead: Ahead): Advanced {
      const settled = settle(step);
      const { lane } = settled;
      const begun = ahead.begin && beginHead(lane, ahead.begin, ahead);
      const next = (begun ?? settled).state === "sending" ? heads.next(lane, ahead.now, ahead.judge) : undefined;
      return { settled, ...(begun && { begun }), ...(next && { next: read(next) }) };
    },
  };
}

/** Writes what a step changes, and nothing else. */
function stepWriter(db: Database.Database): Write {
  const addPost = db.prepare<
    [object]
  >(`INSERT INTO posts (delivery_seq, idx, lane, state, text, reply, id, url, begun_at, doubt_at, looks, blind)
    VALUES (@seq, @index, @lane, @state, @text, @reply, @id, @url, @begunAt, @doubtAt, @looks, @blind)`);
  const changePost = db.prepare<[object]>(`UPDATE posts SET state = @state, id = @id, url = @url, begun_at = @begunAt,
    doubt_at = @doubtAt, looks = @looks, blind = @blind WHERE delivery_seq = +@seq AND idx = +@index`);
  const change = db.prepare<[object]>(`UPDATE deliveries SET state = @state, begun = @begun, attempts = @attempts,
    next_attempt_at = @nextAttemptAt, delivered_at = @deliveredAt, last_fault = @lastFault, history = @history WHERE seq = +@seq`);

  function writePost({ seq, lane }: StoredDelivery, before: StoredPost | undefined, after: StoredPost): void {
    if (after === before) return;
    (before ? changePost : addPost).run({ ...after, seq, lane, reply: Number(after.reply), blind: Number(after.blind) });
  }

  return (before, step) => {
    const after = applyStep(before, step);
    if (after === before) return before;
    for (const [place, post] of after.posts.entries()) writePost(before, before.posts[place], post);
    const { posts: _, lastFault, history, begun, ...rest } = after;
    change.run({ ...rest, begun: Number(begun), lastFault: toJson(lastFault), history: toJson(history) });
    return after;
  };
}
