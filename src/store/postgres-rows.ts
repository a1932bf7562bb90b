/** What the tables hold and what the promise speaks of, turned into each other. */
import type { StoredAccount, StoredDelivery, StoredRegistration } from "./store.ts";

/** Word by word the condition of the partial indexes. */
export const LIVE = "state IN ('queued', 'sending', 'waiting', 'in-doubt')";
export const UNDELIVERED = "state IN ('failed', 'expired', 'cancelled')";
export const OPEN_POST = "state IN ('begun', 'in-doubt')";
/** What a clock can judge; $n and $n+1 are its `since` and `by`. */
export const judged = (n: number): string => `accepted_at >= $${n} AND dated_by IS NOT DISTINCT FROM $${n + 1}`;

const POSTS = `(SELECT coalesce(jsonb_agg(jsonb_build_object('index', idx, 'state', p.state, 'text', p.text, 'reply', reply,
  'id', p.id, 'url', url, 'begunAt', begun_at, 'doubtAt', doubt_at, 'looks', looks, 'blind', blind) ORDER BY idx), '[]')
  FROM posts p WHERE p.delivery_seq = deliveries.seq)`;

/** The columns of {@link StoredDelivery}. */
export const DELIVERY = `seq, id, plugin, lane, registration_id AS "registrationId", functional_user AS "functionalUser",
  account_name AS "accountName", content, entry_id AS "entryId", text, priority, client, accepted_at AS "acceptedAt",
  expires_at AS "expiresAt", dated_by AS "datedBy", state, begun, ${POSTS} AS posts, attempts, delivered_at AS "deliveredAt",
  next_attempt_at AS "nextAttemptAt", last_fault AS "lastFault", history`;
/** As lists have it: a history may be longer than all the rest. */
export const LISTED = DELIVERY.replace(/history$/, "NULL AS history");
export type DeliveryRow = StoredDelivery;

/** What RETURNING answers comes in no promised order. */
export const inOrder = (rows: StoredDelivery[]): StoredDelivery[] => rows.sort((one, other) => one.seq - other.seq);

export const REGISTRATION = `id, company, content, functional_user AS "functionalUser", mechanism, account_name AS "accountName", enabled,
  lane, authorized_at AS "authorizedAt", pending, created_at AS "createdAt", updated_at AS "updatedAt"`;
export type RegistrationRow = StoredRegistration;

export const ACCOUNT = `lane, plugin, account_id AS "accountId", account_name AS "accountName", token, protected,
  access_level AS "accessLevel", checked_at AS "checkedAt", revoked, paused, hold`;
export type AccountRow = StoredAccount;
