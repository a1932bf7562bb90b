/**
 * The promise of a store. `sqlite.ts` keeps it on one machine, `postgres.ts` for a group of hosts; the same contract tests run for every keeper.
 *
 * All moments are milliseconds since 1970 on the host's corrected clock. A promise resolves only when the change is
 * durable (it survives a power cut); it rejects with {@link StoreUnavailable} when the change was not kept.
 */
import type {
  AccountChange,
  Advanced,
  Ahead,
  AuditEnd,
  AuditQuery,
  Commit,
  ConfirmedClock,
  Glance,
  GroupHost,
  HistoryQuery,
  HistorySums,
  HostCard,
  Judge,
  Lease,
  ListQuery,
  NewAuditEntry,
  PutRequest,
  PutResult,
  RegistrationSaved,
  RepeatKey,
  SealedPlace,
  Settlement,
  StoredAccount,
  StoredAuditEntry,
  StoredDelivery,
  StoredMinute,
  StoredRegistration,
  StoreEvent,
  Taken,
  Tallies,
} from "./stored.ts";

export type * from "./stored.ts";

export class StoreUnavailable extends Error {
  override name = "StoreUnavailable";
  /** The same change may succeed later (a full disk, a lock); else something is wrong with the change itself. */
  readonly mayPass: boolean;

  constructor(message: string, options: { cause: Error; mayPass: boolean }) {
    super(message, { cause: options.cause });
    this.mayPass = options.mayPass;
  }
}

/** The lane has gone to another host meanwhile; nothing was changed. */
export class LeaseLost extends Error {
  override name = "LeaseLost";
}

/** A backup can't be written where it was asked for; the message says to people why, and what to do. */
export class BackupRefused extends Error {
  override name = "BackupRefused";
}
export type BackupProgress = { bytes: number; totalBytes: number };

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
   * it. A delivery that has ended in between is left alone and answered as it is. Rejects with {@link LeaseLost} when
   * the lease is not the lane's any more.
   */
  settle(step: Settlement, lease?: Lease): Promise<StoredDelivery>;
  /** As `settle`, and says what follows in the lane. Rejects where the step can't be written; then nothing is begun either. */
  advance(step: Settlement, ahead: Ahead, lease?: Lease): Promise<Advanced>;
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
  counts(): Promise<{ byState: Tallies; liveByLane: Record<string, number> }>;
  /** Of these the states alone: they are kept as numbers, so that it costs nothing to ask often. */
  tallies(): Promise<Tallies>;
  /** Grows with what is live; whoever asks often keeps the answer for a while. */
  glance(): Promise<Glance>;
  /** Writes something small, durably. Rejects when nothing can be written. */
  proveWritable(): Promise<void>;
  /** Tells of each commit from now on; a keeper that knows of none leaves it out. */
  watchCommits?(listener: (commit: Commit) => void): void;
  /** How long a lease lives without a heartbeat, in milliseconds; for ever where there is one host only. */
  readonly leaseMs: number;
  /**
   * Takes a lane that nobody holds; undefined when another host does. What another process had begun in it is in doubt
   * from then on (its request may have left): such posts become `in-doubt`, to be looked up when `quietMs` have passed
   * since its lease ended where it may still live; `sending` deliveries go back to `queued` or `in-doubt`. `recovered`:
   * what was changed. A host that takes a lane of its own gets a new lease, so that nothing of the old one that is still on
   * its way counts; nothing is recovered, since it knows itself what it had begun.
   */
  take(lane: string, host: string, now: number, quietMs: number): Promise<Taken | undefined>;
  /**
   * Prolongs those of these leases of this host that have not ended, and answers them; tells the others of the host.
   * What is not named ends by itself: a host that lost count of a lane must not keep it from the others.
   */
  heartbeat(card: HostCard, wall: number, leases: Lease[]): Promise<Lease[]>;
  /** Gives lanes back; another host may take them at once. */
  release(leases: Lease[]): Promise<void>;
  /** Lanes that have something to deliver and that nobody holds. */
  unheldLanes(): Promise<string[]>;
  /** The hosts that were heard of within the last minute, oldest first. */
  hosts(): Promise<GroupHost[]>;
  /** Calls back when another host has changed something; the answer ends it. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /**
   * Deletes ended deliveries accepted before `endedBefore`, repeat keys before `repeatsBefore`, and accounts that no
   * registration names, that nothing waits for, and that were last heard of before `orphansBefore`. What a clock dated
   * that nothing has confirmed stays, and its repeat keys: nobody knows how old it is. Answers how many deliveries went.
   */
  prune(endedBefore: number, repeatsBefore: number, orphansBefore: number): Promise<number>;

  registrations(): Promise<StoredRegistration[]>;
  /**
   * Puts it in the place of `before`, which is the whole of it as it was read; a new one has none. Where that does not
   * stand any more, since another host has changed or deleted it, nothing is changed, and the answer is `stale`.
   * `conflict` when another has the same company, content, functional user, mechanism and account (names compared without case).
   */
  saveRegistration(registration: StoredRegistration, before?: StoredRegistration): Promise<RegistrationSaved>;
  /**
   * Deletes it and cancels its deliveries that have not begun, in one transaction; answers those. Undefined when it is
   * gone: another host may have deleted it.
   */
  deleteRegistration(id: string, now: number): Promise<StoredDelivery[] | undefined>;
  accounts(): Promise<StoredAccount[]>;
  /** Inserts or replaces by lane. */
  saveAccount(account: StoredAccount): Promise<void>;
  /** Puts one sealed text in the place of another, where that still stands; answers whether it did. Two hosts may try at once. */
  reseal(place: SealedPlace, before: string, after: string): Promise<boolean>;
  /** Changes what is named and nothing else, so that two hosts may change one account; undefined when it is gone. */
  changeAccount(lane: string, change: AccountChange): Promise<StoredAccount | undefined>;

  /** Adds an entry to the audit trail. */
  appendAudit(entry: NewAuditEntry): Promise<void>;
  /** Gives an entry that is `begun` its end; rejects for any other, which stays as it is. */
  endAudit(id: string, end: AuditEnd): Promise<void>;
  /** Newest first. */
  listAudit(query: AuditQuery): Promise<StoredAuditEntry[]>;
  /** Deletes entries from before that moment, and answers how many. */
  pruneAudit(before: number): Promise<number>;

  /** Adds what was counted; a row that is there already stays as it is. */
  addMinutes(minutes: readonly StoredMinute[]): Promise<void>;
  /** What all hosts counted, oldest first. */
  sumMinutes(query: HistoryQuery): Promise<HistorySums>;
  /** Deletes what is from before that minute, and answers how many rows. */
  pruneMinutes(before: number): Promise<number>;

  /**
   * Copies everything, as it is at one moment, into a new file while work goes on. In the copy every lane is paused, and
   * the composed posts of live deliveries are `begun`: what was done after that moment is not in it. `file` is absolute. Rejects with {@link BackupRefused} when the file exists or can't be written; then, and
   * when the store is closed meanwhile, nothing of it is left.
   */
  backup(file: string, onProgress?: (progress: BackupProgress) => void): Promise<{ bytes: number }>;

  close(): Promise<void>;
}
