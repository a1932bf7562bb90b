/**
 * The promise of a store. `sqlite.ts` keeps it on one machine; the same contract tests run for every keeper.
 *
 * All moments are milliseconds since 1970 on the host's corrected clock. A promise resolves only when the change is
 * durable (it survives a power cut); it rejects with {@link StoreUnavailable} when the change was not kept.
 */
import type { Fault } from "../ar.ts";
import type { DeliveryState, PostState } from "../shapes.ts";

export class StoreUnavailable extends Error {
  override name = "StoreUnavailable";
  /** The same change may succeed later (a full disk, a lock); else something is wrong with the change itself. */
  readonly mayPass: boolean;

  constructor(message: string, options: { cause: Error; mayPass: boolean }) {
    super(message, { cause: options.cause });
    this.mayPass = options.mayPass;
  }
}

/** A backup can't be written where it was asked for; the message says to people why, and what to do. */
export class BackupRefused extends Error {
  override name = "BackupRefused";
}
export type BackupProgress = { bytes: number; totalBytes: number };

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
};

/** How a repeated call is recognised; both windows end at `since`. */
export type RepeatKey =
  /** The caller's own key: scope is the client's name. The same key with another digest is a conflict. */
  | { kind: "key"; scope: string; key: string; digest: string }
  /** Content, functional user, entry and text; a repeat only while some delivery of then did not end badly. */
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
};
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

/** What an operator's instruments show of the store. */
export type Glance = {
  byState: Partial<Record<DeliveryState, number>>;
  /** By lane: its live deliveries, and when the oldest of them was accepted (ms). */
  lanes: Record<string, { live: number; oldestAcceptedAt: number }>;
};

/** One try to commit: how many changes it held, how long it took, and whether it was kept. */
export type Commit = { changes: number; ms: number; kept: boolean };

export interface Store {
  /** For people: `sqlite:/path/perch.db`. */
  readonly name: string;
  /** Resolves with the cause when the store can no longer be trusted (a failed fsync); the host must stop. */
  readonly broken: Promise<Error>;

  /** Accepts a call, or recognises it as a repeat, in one transaction. */
  put(request: PutRequest): Promise<PutResult>;
  /** Whether a call is a repeat, where nothing is to be accepted any more; undefined when it is none. */
  recall(repeat: RepeatKey, repeatSince: number): Promise<Extract<PutResult, { outcome: "duplicate" | "conflict" }> | undefined>;
  /**
   * The head of a lane: the delivery that has begun (one that was put back after its first posts stands behind one that
   * is under way), else the lowest (priority, seq) whose registration is enabled and which has not
   * expired at `now`, as far as the clock can judge that. Changes nothing.
   */
  claim(lane: string, now: number, judge: Judge): Promise<StoredDelivery | undefined>;
  /**
   * Writes one step and answers the delivery as it is then. `begun` and `deliveredAt` (state `delivered`) follow from
   * it. A delivery that has ended in between is left alone and answered as it is.
   */
  settle(step: Settlement): Promise<StoredDelivery>;
  /** Expires what has not begun, as far as the clock can judge that; answers what was expired. */
  expire(plugin: string, now: number, judge: Judge): Promise<StoredDelivery[]>;
  /**
   * Puts moments right that were given by clocks nothing had confirmed: those of this clock are moved with it; what
   * another dated, of which nobody will ever know how wrong it was, has its whole time to live before it again. The
   * times of repeat keys are moved along.
   */
  redate(plugin: string, clock: ConfirmedClock, now: number): Promise<void>;

  get(id: string): Promise<StoredDelivery | undefined>;
  /** Newest first. */
  list(query: ListQuery): Promise<StoredDelivery[]>;
  /**
   * Puts ended (not delivered) ones back, with a new `expiresAt`, and lets waiting ones try at once; those whose
   * registration is gone stay as they are. Answers what it changed.
   */
  retry(ids: string[], now: number, expiresAt: number): Promise<StoredDelivery[]>;
  /** Cancels what is live and has not begun; answers what it changed. */
  cancel(ids: string[], now: number): Promise<StoredDelivery[]>;
  /** The highest ids (at most 1,000) of posts of this lane that other deliveries own, and the highest known for the account (numeric order). */
  knownPosts(lane: string, exceptDeliveryId: string): Promise<{ ownedIds: string[]; highestId: string | undefined }>;
  /** How many other posts of this lane, in any delivery, have exactly this text and may stand at the service (posted, begun or in doubt). */
  countSameText(lane: string, text: string, exceptDeliveryId: string, exceptIndex: number): Promise<number>;
  /** Live deliveries by lane, and all by state. */
  counts(): Promise<{ byState: Partial<Record<DeliveryState, number>>; liveByLane: Record<string, number> }>;
  /** Grows with what is live; whoever asks often keeps the answer for a while. */
  glance(): Promise<Glance>;
  /** Writes something small, durably. Rejects when nothing can be written. */
  proveWritable(): Promise<void>;
  /** Tells of each commit from now on; a keeper that knows of none leaves it out. */
  watchCommits?(listener: (commit: Commit) => void): void;
  /**
   * At the start of a host: every post that is `begun` becomes `in-doubt` since `now` (its request may have left),
   * `sending` deliveries go back to `queued` or `in-doubt`. Answers what it changed.
   */
  recover(now: number): Promise<StoredDelivery[]>;
  /**
   * Deletes ended deliveries accepted before `endedBefore`, repeat keys before `repeatsBefore`, and accounts that no
   * registration names, that nothing waits for, and that were last heard of before `orphansBefore`. What a clock dated
   * that nothing has confirmed stays, and its repeat keys: nobody knows how old it is. Answers how many deliveries went.
   */
  prune(endedBefore: number, repeatsBefore: number, orphansBefore: number): Promise<number>;

  registrations(): Promise<StoredRegistration[]>;
  /** Inserts or replaces by id; `conflict` when another has the same company, content, functional user, mechanism and account (names compared without case). */
  saveRegistration(registration: StoredRegistration): Promise<"saved" | "conflict">;
  /** Deletes it and cancels its deliveries that have not begun, in one transaction; answers those. */
  deleteRegistration(id: string, now: number): Promise<StoredDelivery[]>;
  accounts(): Promise<StoredAccount[]>;
  /** Inserts or replaces by lane. */
  saveAccount(account: StoredAccount): Promise<void>;

  /** Adds an entry to the audit trail. */
  appendAudit(entry: NewAuditEntry): Promise<void>;
  /** Gives an entry that is `begun` its end; rejects for any other, which stays as it is. */
  endAudit(id: string, end: AuditEnd): Promise<void>;
  /** Newest first. */
  listAudit(query: AuditQuery): Promise<StoredAuditEntry[]>;
  /** Deletes entries from before that moment, and answers how many. */
  pruneAudit(before: number): Promise<number>;

  /**
   * Copies everything, as it is at one moment, into a new file while work goes on. In the copy every lane is paused, and
   * the composed posts of live deliveries are `begun`: what was done after that moment is not in it. `file` is absolute. Rejects with {@link BackupRefused} when the file exists or can't be written; then, and
   * when the store is closed meanwhile, nothing of it is left.
   */
  backup(file: string, onProgress?: (progress: BackupProgress) => void): Promise<{ bytes: number }>;

  close(): Promise<void>;
}
