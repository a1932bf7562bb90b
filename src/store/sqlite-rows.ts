/** What the tables hold and what the promise speaks of, turned into each other. */
import type Database from "better-sqlite3";
import type { Fault } from "../ar.ts";
import type { AttemptHistory, StoredAccount, StoredDelivery, StoredHold, StoredPost, StoredRegistration } from "./store.ts";

/** Word by word the condition of the partial indexes. */
export const LIVE = "state IN ('queued', 'sending', 'waiting', 'in-doubt')";
export const UNDELIVERED = "state IN ('failed', 'expired', 'cancelled')";

/** What the clock of a {@link Judge} can judge. */
export const JUDGED = "accepted_at >= @since AND dated_by IS @by";

export const OPEN_POST = "state IN ('begun', 'in-doubt')";

/** In the order of {@link StoredDelivery}. */
export const DELIVERY = `seq, id, plugin, lane, registration_id AS registrationId, functional_user AS functionalUser,
  account_name AS accountName, content, entry_id AS entryId, text, priority, client, accepted_at AS acceptedAt,
  expires_at AS expiresAt, dated_by AS datedBy, state, begun, attempts, delivered_at AS deliveredAt, next_attempt_at AS nextAttemptAt,
  last_fault AS lastFault, history`;
/** As lists have it: a history may be longer than all the rest. */
export const LISTED = DELIVERY.replace(/history$/, "NULL AS history");
export type DeliveryRow = Omit<StoredDelivery, "begun" | "posts" | "lastFault" | "history"> & {
  begun: number;
  lastFault: string | null;
  history: string | null;
};

/*
 * A plus stands before parameters of what is asked for each delivery. SQLite's planner (built with STAT4) else looks at
 * their values, and prepares the statement anew whenever one is bound: 35 µs in place of 3 for the head of a lane
 * (https://www.sqlite.org/c3ref/prepare.html, "the statement will be automatically recompiled").
 */

const POSTS = `SELECT idx AS "index", state, text, reply, id, url, begun_at AS begunAt, doubt_at AS doubtAt, looks, blind
  FROM posts WHERE delivery_seq = +? ORDER BY idx`;
type PostRow = Omit<StoredPost, "reply" | "blind"> & { reply: number; blind: number };

export const toJson = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));
const fromJson = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

export type ReadDelivery = (row: DeliveryRow) => StoredDelivery;

/** Prepares what completes a row of `deliveries` with its posts. */
export function deliveryReader(db: Database.Database): ReadDelivery {
  const posts = db.prepare<[number], PostRow>(POSTS);
  return (row) => ({
    ...row,
    begun: row.begun === 1,
    lastFault: fromJson<Fault>(row.lastFault),
    history: fromJson<AttemptHistory>(row.history),
    posts: posts.all(row.seq).map((post) => ({ ...post, reply: post.reply === 1, blind: post.blind === 1 })),
  });
}

/** What RETURNING answers comes in no promised order. */
export const inOrder = (rows: DeliveryRow[], read: ReadDelivery): StoredDelivery[] => rows.sort((a, b) => a.seq - b.seq).map(read);

export const REGISTRATION = `id, company, content, functional_user AS functionalUser, mechanism, account_name AS accountName, enabled,
  lane, authorized_at AS authorizedAt, pending, created_at AS createdAt, updated_at AS updatedAt`;
export type RegistrationRow = Omit<StoredRegistration, "enabled"> & { enabled: number };
export const readRegistration = (row: RegistrationRow): StoredRegistration => ({ ...row, enabled: row.enabled === 1 });

export const ACCOUNT = `lane, plugin, account_id AS accountId, account_name AS accountName, token, protected,
  access_level AS accessLevel, checked_at AS checkedAt, revoked, paused, hold`;
export type AccountRow = Omit<StoredAccount, "protected" | "revoked" | "paused" | "hold"> & {
  protected: number | null;
  revoked: number;
  paused: number;
  hold: string | null;
};
export const readAccount = (row: AccountRow): StoredAccount => ({
  ...row,
  protected: row.protected === null ? null : row.protected === 1,
  revoked: row.revoked === 1,
  paused: row.paused === 1,
  hold: fromJson<StoredHold>(row.hold),
});
