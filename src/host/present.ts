/** From what the store keeps to what the outside sees. */
import { type Fault, type FaultTable, hostFault, reportFault } from "../ar.ts";
import type { Attempt, Delivery, Lane as LaneReport, Registration } from "../shapes.ts";
import type { StoredAccount, StoredAttempt, StoredDelivery, StoredPost, StoredRegistration } from "../store/store.ts";
import type { ActiveHold } from "./holds.ts";
import { type Obstacle, sentencesOf } from "./obstacle.ts";

const moment = (ms: number): string => new Date(ms).toISOString();

export function presentDelivery(stored: StoredDelivery, faults: FaultTable): Delivery {
  return {
    id: stored.id,
    state: stored.state,
    registrationId: stored.registrationId,
    functionalUser: stored.functionalUser,
    accountName: stored.accountName,
    content: stored.content,
    entryId: stored.entryId,
    text: stored.text,
    priority: stored.priority,
    posts: stored.posts.map(presentPost),
    attempts: stored.attempts,
    acceptedAt: moment(stored.acceptedAt),
    expiresAt: moment(stored.expiresAt),
    ...(stored.deliveredAt !== null && { deliveredAt: moment(stored.deliveredAt) }),
    ...(stored.nextAttemptAt !== null && { nextAttemptAt: moment(stored.nextAttemptAt) }),
    ...lastErrorOf(stored, faults),
  };
}

/** With what became of each attempt: for whoever asks for one delivery. */
export function presentStory(stored: StoredDelivery, faults: FaultTable): Delivery {
  const { history } = stored;
  return {
    ...presentDelivery(stored, faults),
    ...(history && { history: history.attempts.map((attempt) => presentAttempt(attempt, faults)) }),
    ...(history && history.leftOut > 0 && { historyLeftOut: history.leftOut }),
  };
}

function presentAttempt({ at, index, outcome, fault, nextAttemptAt }: StoredAttempt, faults: FaultTable): Attempt {
  return {
    at: moment(at),
    index,
    outcome,
    ...(fault && { error: reportFault(fault, faults) }),
    ...(nextAttemptAt !== null && { nextAttemptAt: moment(nextAttemptAt) }),
  };
}

/** Why a delivery is where it is. That of an expired one says so, and what held it up till then. */
export function lastFaultOf(stored: StoredDelivery): Fault | undefined {
  if (stored.state !== "expired") return stored.lastFault ?? undefined;
  const held = stored.lastFault ? `; it waited for: ${stored.lastFault.cause}` : "";
  return hostFault("expired", `not begun by ${moment(stored.expiresAt)}${held}`);
}

function lastErrorOf(stored: StoredDelivery, faults: FaultTable): Pick<Delivery, "lastError"> {
  const fault = lastFaultOf(stored);
  return fault ? { lastError: reportFault(fault, faults) } : {};
}

function presentPost({ index, state, text, id, url }: StoredPost): Delivery["posts"][number] {
  return { index, state, text, ...(id !== null && { id }), ...(url !== null && { url }) };
}

export function presentRegistration(stored: StoredRegistration, account: StoredAccount | undefined, obstacle?: Obstacle): Registration {
  const authorization = authorizationOf(stored, account);
  return {
    id: stored.id,
    company: stored.company,
    content: stored.content,
    functionalUser: stored.functionalUser,
    mechanism: stored.mechanism,
    accountName: stored.accountName,
    status: stored.enabled ? "Enabled" : "Disabled",
    authorization,
    ...(obstacle && authorization !== "authorized" && { advice: sentencesOf(obstacle) }),
    ...(account && { accountId: account.accountId }),
    ...(account && account.protected !== null && { protected: account.protected }),
    ...(account?.accessLevel && { accessLevel: account.accessLevel }),
    ...(stored.authorizedAt !== null && { authorizedAt: moment(stored.authorizedAt) }),
    pinEnabled: stored.pending !== null,
    createdAt: moment(stored.createdAt),
    updatedAt: moment(stored.updatedAt),
  };
}

/** Re-authorising leaves `authorized` in force until the PIN is confirmed; `pinEnabled` shows that one is awaited. */
export function authorizationOf(stored: StoredRegistration, account: StoredAccount | undefined): Registration["authorization"] {
  if (stored.lane !== null && account) return account.revoked ? "revoked" : "authorized";
  return stored.pending === null ? "none" : "pending";
}

export type LaneFacts = { queued: number; sending: boolean; hold: ActiveHold | undefined };

export function presentLane(account: StoredAccount, facts: LaneFacts, faults: FaultTable): LaneReport {
  const { hold, queued, sending } = facts;
  const state = account.paused ? "paused" : hold ? "held" : sending ? "sending" : queued > 0 ? "waiting" : "idle";
  return {
    accountName: account.accountName,
    accountId: account.accountId,
    plugin: account.plugin,
    state,
    queued,
    paused: account.paused,
    ...(hold && {
      hold: {
        since: moment(hold.since),
        ...(Number.isFinite(hold.waitMs) && { until: moment(hold.since + hold.waitMs) }),
        error: reportFault(hold.fault, faults),
      },
    }),
  };
}
