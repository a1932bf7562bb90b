/** The store on one machine, as the main thread sees it: a writer in a thread of its own, and a reader once there is a search. */
import { isAbsolute } from "node:path";
import { justAccepted } from "./just-accepted.ts";
import { SoleLeases } from "./sole-leases.ts";
import { SqliteBackup } from "./sqlite-backup.ts";
import type { ReaderData, ReaderOperations } from "./sqlite-reader.ts";
import { SqliteThread } from "./sqlite-thread.ts";
import type { WriterData, WriterOperations } from "./sqlite-writer.ts";
import {
  type AccountChange,
  type Advanced,
  type Ahead,
  type AuditEnd,
  type AuditQuery,
  type BackupProgress,
  BackupRefused,
  type Commit,
  type ConfirmedClock,
  type HistoryQuery,
  type HostCard,
  type Judge,
  type Lease,
  type ListQuery,
  type NewAuditEntry,
  type PutRequest,
  type PutResult,
  type RepeatKey,
  type SealedPlace,
  type Settlement,
  type Store,
  type StoredAccount,
  type StoredDelivery,
  type StoredMinute,
  type StoredRegistration,
  StoreUnavailable,
} from "./store.ts";

/** `maxPages` bounds the file, in SQLite's pages of 4 KiB. */
export type SqliteOptions = { maxPages?: number };

/** Deletions share a commit up to this number, so that accepting never waits for more. */
const PRUNE_AT_ONCE = 500;

/**
 * Opens the store in a file, which is created with its folder where it does not exist. Rejects with a sentence for
 * people when the file is in use by another host, comes from a newer Perch, or can't be written.
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<SqliteStore> {
  const writerData: WriterData = { path, maxPages: options.maxPages };
  const writer = new SqliteThread<WriterOperations>(new URL("./sqlite-writer.ts", import.meta.url), writerData);
  try {
    await writer.ready;
  } catch (error) {
    await writer.close();
    throw error;
  }
  return new SqliteStore(path, writer);
}

const closed = () => new StoreUnavailable("the store is closed", { cause: new Error("closed"), mayPass: false });

export class SqliteStore implements Store {
  readonly name: string;
  readonly broken: Promise<Error>;
  readonly #broken = Promise.withResolvers<Error>();
  readonly #writer: SqliteThread<WriterOperations>;
  #reader: SqliteThread<ReaderOperations> | undefined;
  readonly #path: string;
  readonly #backups = new Set<SqliteBackup>();
  readonly #leases = new SoleLeases();
  readonly leaseMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(path: string, writer: SqliteThread<WriterOperations>) {
    this.name = `sqlite:${path}`;
    this.#path = path;
    this.#writer = writer;
    this.broken = this.#broken.promise;
    void writer.broken.then(this.#broken.resolve);
  }

  /** Its thread starts with the first search: most hosts are up long before somebody asks, and it costs 10 MB. */
  async #search<N extends keyof ReaderOperations & string>(name: N, ...args: Parameters<ReaderOperations[N]>) {
    if (this.#closed) throw closed();
    this.#reader ??= this.#startReader();
    return this.#reader.call(name, ...args);
  }

  #startReader(): SqliteThread<ReaderOperations> {
    const readerData: ReaderData = { path: this.#path };
    const reader = new SqliteThread<ReaderOperations>(new URL("./sqlite-reader.ts", import.meta.url), readerData);
    void reader.broken.then(this.#broken.resolve);
    return reader;
  }

  async put(request: PutRequest): Promise<PutResult> {
    const answer = await this.#writer.call("put", request);
    if (answer.outcome !== "accepted") return answer;
    const deliveries = request.deliveries.map((delivery, index) => justAccepted(delivery, answer.firstSeq + index));
    return { outcome: "accepted", deliveries };
  }

  recall = (repeat: RepeatKey, repeatSince: number) => this.#writer.call("recall", repeat, repeatSince);
  claim = (lane: string, now: number, judge: Judge) => this.#writer.call("claim", lane, now, judge);
  async settle(step: Settlement, lease?: Lease): Promise<StoredDelivery> {
    this.#leases.check(lease);
    return this.#writer.call("settle", step);
  }
  async advance(step: Settlement, ahead: Ahead, lease?: Lease): Promise<Advanced> {
    this.#leases.check(lease);
    return this.#writer.call("advance", step, ahead);
  }

  expire = (plugin: string, now: number, judge: Judge) => this.#writer.call("expire", plugin, now, judge);
  redate = (plugin: string, clock: ConfirmedClock, now: number) => this.#writer.call("redate", plugin, clock, now);
  get = (id: string) => this.#writer.call("get", id);
  list = (query: ListQuery) => this.#search("list", query);
  retry = (ids: string[], now: number, expiresAt: number) => this.#writer.call("retry", ids, now, expiresAt);
  cancel = (ids: string[], now: number) => this.#writer.call("cancel", ids, now);
  knownPosts = (lane: string, exceptDeliveryId: string) => this.#search("knownPosts", lane, exceptDeliveryId);
  countSameText = (lane: string, text: string, exceptDeliveryId: string, exceptIndex: number) =>
    this.#search("countSameText", lane, text, exceptDeliveryId, exceptIndex);
  counts = () => this.#search("counts");
  tallies = () => this.#writer.call("tallies");
  glance = () => this.#search("glance");
  proveWritable = () => this.#writer.call("proveWritable");
  watchCommits = (listener: (commit: Commit) => void) => this.#writer.watchCommits(listener);
  take = (lane: string, _host: string, now: number) => this.#leases.take(lane, () => this.#writer.call("recover", lane, now));
  heartbeat = async (card: HostCard, wall: number) => this.#leases.heartbeat(card, wall);
  release = async (leases: Lease[]) => this.#leases.release(leases);
  unheldLanes = async () => this.#leases.unheld(await this.#writer.call("liveLanes"));
  hosts = async () => this.#leases.hosts();
  subscribe = () => () => {};
  registrations = () => this.#writer.call("registrations");
  saveRegistration = (registration: StoredRegistration, before?: StoredRegistration) =>
    this.#writer.call("saveRegistration", registration, before);
  deleteRegistration = (id: string, now: number) => this.#writer.call("deleteRegistration", id, now);
  accounts = () => this.#writer.call("accounts");
  saveAccount = (account: StoredAccount) => this.#writer.call("saveAccount", account);
  reseal = (place: SealedPlace, before: string, after: string) => this.#writer.call("reseal", place, before, after);
  changeAccount = (lane: string, change: AccountChange) => this.#writer.call("changeAccount", lane, change);

  appendAudit = (entry: NewAuditEntry) => this.#writer.call("appendAudit", entry);
  endAudit = (id: string, end: AuditEnd) => this.#writer.call("endAudit", id, end);
  listAudit = (query: AuditQuery) => this.#search("listAudit", query);
  addMinutes = (minutes: readonly StoredMinute[]) => this.#writer.call("addMinutes", minutes);
  sumMinutes = (query: HistoryQuery) => this.#search("sumMinutes", query);

  prune(endedBefore: number, repeatsBefore: number, orphansBefore: number): Promise<number> {
    return inPortions(() => this.#writer.call("prune", endedBefore, repeatsBefore, orphansBefore, PRUNE_AT_ONCE));
  }

  pruneAudit(before: number): Promise<number> {
    return inPortions(() => this.#writer.call("pruneAudit", before, PRUNE_AT_ONCE));
  }

  pruneMinutes(before: number): Promise<number> {
    return inPortions(() => this.#writer.call("pruneMinutes", before, PRUNE_AT_ONCE));
  }

  async backup(file: string, onProgress?: (progress: BackupProgress) => void): Promise<{ bytes: number }> {
    if (!isAbsolute(file)) throw new BackupRefused(`${file} is no absolute path; begin with /`);
    if (this.#closed) throw closed();
    const backup = new SqliteBackup({ path: this.#path, file }, onProgress);
    this.#backups.add(backup);
    try {
      return await backup.done;
    } finally {
      this.#backups.delete(backup);
    }
  }

  /** What the durability of the two connections rests on, as SQLite reports it, and the commits so far. */
  async inspect() {
    const [writer, reader] = await Promise.all([this.#writer.call("inspect"), this.#search("inspect")]);
    return { writer, reader };
  }

  /** The writer last: the last connection that closes moves the WAL into the file. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#backups].map((backup) => backup.abort()));
    await this.#reader?.close();
    await this.#writer.close();
  }
}

/** Deletes until a portion is not full any more; answers how many rows went. */
async function inPortions(prune: () => Promise<number>): Promise<number> {
  let pruned = 0;
  for (let last = PRUNE_AT_ONCE; last === PRUNE_AT_ONCE; pruned += last) last = await prune();
  return pruned;
}
