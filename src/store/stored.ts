/** What a store keeps. All moments are milliseconds since 1970 on the host's corrected clock. */
import type { Fault } from "../ar.ts";
import type { Counts } from "../minute-counts.ts";
import type { AttemptOutcome, DeliveryState, PostState } from "../shapes.ts";

export type StoredPost = {
  index: number;
  state: PostState;
  text: string;
  /** Answers the post before it. */
  reply: boolean;
  id: string | null;
  url: string | null;
  /** When its request was about to leave, the last time. */
  begunAt: number | null;
  /** Since when it is in doubt: when its request ended, or when the host found it begun at its start. */
  doubtAt: number | null;
  /** How many looks at the service found it absent since it came in doubt; kept when it is sent again. */
  looks: number;
  /** A look can't settle it: the service does not show its time line, or shows it too late. Its duplicate rule decides. */
  blind: boolean;
};

export type NewDelivery = {
  id: string;
  plugin: string;
  /** Whose account: `<plugin>:<account id>`. */
  lane: string;
  registrationId: string;
  functionalUser: string;
  accountName: string;
  content: string;
  entryId: string | null;
  text: string;
  priority: number;
  /** Name of the client that called. */
  client: string;
  acceptedAt: number;
  expiresAt: number;
  /** Id of the clock that gave these moments, when no service had confirmed it yet; null when one had. */
  datedBy: string | null;
};

/**
 * What a clock can judge: the moments of deliveries accepted at or after `since` that confirmed clocks gave (`by` is
 * null), or only those that it gave itself (`by` is its id), as long as nothing has confirmed it.
 */
export type Judge = { by: string | null; since: number };
/** A clock that has been confirmed, and how far it was put forward then, in milliseconds. */
export type ConfirmedClock = { id: string; shiftMs: number };

export type StoredDelivery = NewDelivery & {
  /** Order of acceptance; given by the transaction that accepts. */
  seq: number;
  state: DeliveryState;
  /** Some post of it is begun, in doubt or posted: it can't expire, be overtaken or cancelled. */
  begun: boolean;
  posts: StoredPost[];
  attempts: number;
  deliveredAt: number | null;
  nextAttemptAt: number | null;
  lastFault: Fault | null;
  /** Null as long as all went well, and in lists. */
  history: AttemptHistory | null;
};

/** One try to deliver a post, or one look for it; `index` is the post's. */
export type StoredAttempt = { at: number; index: number; outcome: AttemptOutcome; fault: Fault | null; nextAttemptAt: number | null };
/** From the first attempt on that did not post at once. `leftOut`: how many are missing between the first ones and the last ones. */
export type AttemptHistory = { attempts: StoredAttempt[]; leftOut: number };

/** How a repeated call is recognised; both windows end at `since`. */
export type RepeatKey =
  /** The caller's own key: scope is the client's name. The same key with another digest is a conflict. */
  | { kind: "key"; scope: string; key: string; digest: string }
  /** Content, functional user, entry and text, with the entry in front; a repeat only while some delivery of then did not end badly. */
  | { kind: "content"; digest: string };

export type PutRequest = { deliveries: NewDelivery[]; repeat?: RepeatKey; repeatSince: number; maxQueued: number };
export type PutResult =
  | { outcome: "accepted"; deliveries: StoredDelivery[] }
  | { outcome: "duplicate"; deliveries: StoredDelivery[] }
  | { outcome: "conflict" }
  | { outcome: "full"; queued: number };

/** One step of one delivery, written in one commit. What is left out stays as it is. */
export type Settlement = {
  deliveryId: string;
  at: number;
  /** Posts, when they have just been composed. Replaces nothing: a delivery is composed once. */
  compose?: { text: string; reply: boolean }[];
  posts?: PostChange[];
  state: DeliveryState;
  nextAttemptAt: number | null;
  /** Added to the count. */
  attempts?: number;
  lastFault?: Fault | null;
  /** What was tried, for the history. */
  tried?: Pick<StoredAttempt, "index" | "outcome"> & { fault?: Fault };
};
/**
 * What follows a step in its lane, in the same commit. `begin` is written where its delivery is the lane's head once the
 * step is, has not begun and waits for nothing; `now` and `judge` as for `claim`.
 */
export type Ahead = { begin?: Settlement; now: number; judge: Judge };
/** `begun`: as `begin` left it. `next`: where one is being sent then, the first of the lane that has not begun. */
export type Advanced = { settled: StoredDelivery; begun?: StoredDelivery; next?: StoredDelivery };
export type PostChange = { index: number } & Partial<Omit<StoredPost, "index" | "text" | "reply">>;

export type ListQuery = {
  states?: DeliveryState[];
  accountName?: string;
  entryId?: string;
  since?: number;
  until?: number;
  text?: string;
  limit: number;
  /** Only deliveries whose `seq` is below it. */
  beforeSeq?: number;
};

export type StoredRegistration = {
  id: string;
  company: string;
  content: string;
  functionalUser: string;
  mechanism: string;
  accountName: string;
  enabled: boolean;
  /** Lane of the authorised account, else null. */
  lane: string | null;
  authorizedAt: number | null;
  /** What `confirm` needs, sealed, while a PIN is awaited. */
  pending: string | null;
  createdAt: number;
  updatedAt: number;
};

/** What became of a registration that was to be saved. */
export type RegistrationSaved = "saved" | "conflict" | "stale";

/** The account at the service, which is also the lane. */
export type StoredAccount = {
  lane: string;
  plugin: string;
  accountId: string;
  accountName: string;
  /** Sealed token; null when only the credentials file holds one. */
  token: string | null;
  protected: boolean | null;
  accessLevel: string | null;
  checkedAt: number | null;
  /** The service said that the token is dead. */
  revoked: boolean;
  /** By an operator. */
  paused: boolean;
  hold: StoredHold | null;
};
export type AccountChange = Partial<Omit<StoredAccount, "lane" | "plugin" | "accountId">>;
/** Where the store keeps something sealed: the token of an account, or what is awaited with a PIN. */
export type SealedPlace = { account: string } | { registration: string };
/** Why the whole lane waits: until a moment, or until a probe says yes. */
export type StoredHold = { fault: Fault; since: number; until: number | null; probe: boolean };

/** What an act was about: names, numbers and lists of these. Never a secret. */
export type AuditDetail = Record<string, string | number | boolean | null | string[]>;
/** `begun`: its end is not known (yet). `failed`: by a bug of the host's. */
export type AuditOutcome = "begun" | "done" | "refused" | "failed";

export type NewAuditEntry = {
  id: string;
  at: number;
  /** Name of the client, `local` for the Unix socket, or what the host acted on by itself (`signal`, `file`). */
  client: string;
  role: string | null;
  /** Where the call came from; null for the Unix socket and for the host itself. */
  address: string | null;
  method: string;
  /** Id or name of what was acted on. */
  target: string | null;
  detail: AuditDetail;
  outcome: AuditOutcome;
  /** AR message number of a refusal. */
  arerr: number | null;
  /** Machine name of a refusal. */
  reason: string | null;
};
/** `seq` is the order of writing. */
export type StoredAuditEntry = NewAuditEntry & { seq: number };
/** How an act ended. All of it replaces what the entry said before. */
export type AuditEnd = Pick<NewAuditEntry, "target" | "detail" | "arerr" | "reason"> & { outcome: Exclude<AuditOutcome, "begun"> };
export type AuditQuery = {
  since?: number;
  until?: number;
  client?: string;
  method?: string;
  limit: number;
  /** Only entries whose `seq` is below it. */
  beforeSeq?: number;
};
/** A lane that this host may work: nobody else sends in it as long as `token` is the lane's. */
export type Lease = { lane: string; token: number };
/**
 * `recovered`: what an earlier holder had left. `firstLookAt`: when a post of the lane that is in doubt, and that nobody
 * has looked at yet, may be looked up, the latest of them (ms since 1970, corrected clock); null where nothing makes it
 * wait. It outlives the lease that found it: a lane that is given back and taken again has the same wait before it.
 */
export type Taken = Lease & { recovered: StoredDelivery[]; firstLookAt: number | null };

/** What a host says of itself to the others of its group. */
export type HostCard = {
  /** Of this process, never of another. */
  id: string;
  /** For people. */
  name: string;
  version: string;
  url: string;
  startedAt: number;
  /** Ids of the vault's keys that it knows; the first is the one that it seals with. */
  keyIds: string[];
  /** By plug-in that has measured: service − machine, in milliseconds. */
  offsets: Record<string, number>;
};
/** `seenMs`: how long ago its heartbeat came; `aheadMs`: its machine's clock − the store's. */
export type GroupHost = HostCard & { lanes: string[]; seenMs: number; aheadMs: number };

/** Something that another host changed. `everything`: it is not known what, since nothing was heard for a while. */
export type StoreEvent = { kind: "lane"; lane: string } | { kind: "registrations" | "accounts" | "everything" };

/** How many deliveries are in each state that has any. */
export type Tallies = Partial<Record<DeliveryState, number>>;

/** What an operator's instruments show of the store. */
export type Glance = {
  byState: Tallies;
  /** By lane: its live deliveries, and when the oldest of them was accepted (ms). */
  lanes: Record<string, { live: number; oldestAcceptedAt: number }>;
};

/** One try to commit: how many changes it held, how long it took, and whether it was kept. */
export type Commit = { changes: number; ms: number; kept: boolean };

/**
 * What one host counted in one minute, by minutes since 1970. `queued`: deliveries of the whole store that had not ended
 * when the minute had; null where the host could not tell. `id` is the row's own: a host whose clock was set back may
 * have two of one minute.
 */
export type StoredMinute = Counts & { minute: number; id: string; queued: number | null };
/** Sums by steps of so many minutes since 1970, from `since` to before `until` (minutes), without rows of these ids. */
export type HistoryQuery = { since: number; until: number; step: number; except: readonly string[] };
/** `queuedMost` of the minutes of the step, and `queuedLast` of the last that tells. A step without rows is left out. */
export type HistoryStep = Counts & { step: number; queuedMost: number | null; queuedLast: number | null };
/** `queuedBefore`: as the last minute before `since` tells. */
export type HistorySums = { steps: HistoryStep[]; queuedBefore: number | null };
