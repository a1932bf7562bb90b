/** One log line for each change of a delivery: a fixed sentence, ids, AR number and reason. */
import { type FaultTable, reportFault } from "../ar.ts";
import { DELIVERY_STATES, type DeliveryState } from "../shapes.ts";
import type { StoredDelivery } from "../store/store.ts";
import type { LevelLog } from "./log.ts";
import { lastFaultOf } from "./present.ts";

type Sentence = { level: "info" | "warn" | "error"; sentence: string };

const SENTENCES: Record<DeliveryState, Sentence> = {
  queued: { level: "info", sentence: "delivery accepted" },
  sending: { level: "info", sentence: "post begun" },
  waiting: { level: "warn", sentence: "delivery waits" },
  "in-doubt": { level: "warn", sentence: "delivery in doubt" },
  delivered: { level: "info", sentence: "delivery delivered" },
  failed: { level: "error", sentence: "delivery failed" },
  expired: { level: "error", sentence: "delivery expired" },
  cancelled: { level: "warn", sentence: "delivery cancelled" },
};

/** States in which the last fault explains the state. */
const EXPLAINED: ReadonlySet<DeliveryState> = new Set(
  DELIVERY_STATES.filter((state) => !["queued", "sending", "delivered"].includes(state)),
);

export function chronicle(log: LevelLog, delivery: StoredDelivery, faults: FaultTable, sentence?: string): void {
  const entry = SENTENCES[delivery.state];
  log[entry.level]({ ...fieldsOf(delivery), ...explanation(delivery, faults) }, sentence ?? entry.sentence);
}

function fieldsOf(delivery: StoredDelivery): Record<string, unknown> {
  const posted = delivery.posts.filter((post) => post.state === "posted");
  return {
    delivery: delivery.id,
    account: delivery.accountName,
    functionalUser: delivery.functionalUser,
    ...(delivery.entryId !== null && { entryId: delivery.entryId }),
    state: delivery.state,
    attempts: delivery.attempts,
    ...(delivery.posts.length > 0 && { posts: `${posted.length}/${delivery.posts.length}` }),
    ...(posted.length > 0 && { postIds: posted.map((post) => post.id) }),
    ...(delivery.nextAttemptAt !== null && { nextAttemptAt: new Date(delivery.nextAttemptAt).toISOString() }),
  };
}

function explanation(delivery: StoredDelivery, faults: FaultTable): Record<string, unknown> {
  const fault = EXPLAINED.has(delivery.state) ? lastFaultOf(delivery) : undefined;
  if (!fault) return {};
  const report = reportFault(fault, faults);
  return {
    arerr: report.statusList[0]?.messageNum,
    note: report.statusList[1]?.messageNum,
    reason: report.reason,
    error: report.message,
    detail: report.statusList[1]?.appendedText,
  };
}
