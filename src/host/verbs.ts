/** What a door may ask of the host: each verb once. Doors import this type and nothing else of the host. */
import type { Answer, ARValue, Fault, FaultTable, StatusEntry } from "../ar.ts";
import type { Role } from "../contract.ts";
import type { LogPage, LogRequest } from "../log-shapes.ts";
import type {
  AuditEntry,
  AuditListRequest,
  Delivery,
  DeliveryListRequest,
  DeliverySelection,
  FilterCallRequest,
  History,
  HistoryRequest,
  HostStatus,
  Lane,
  NotifyRequest,
  NotifyResult,
  PluginReport,
  Preview,
  PreviewRequest,
  Registration,
  RegistrationChange,
  RegistrationDraft,
  ReloadReport,
  ReloadRequest,
  UserSuggestions,
  UserSuggestRequest,
} from "../shapes.ts";

/** Who calls: a client of the credentials file, or `local` for whoever may open the Unix socket. */
export type Caller = {
  name: string;
  role: Role;
  address?: string;
  /** The name (CN) in the certificate that it showed. */
  certificate?: string;
};

/** What the audit trail may keep of an act: only what its method names, so a secret is left out unless it is let in. */
export type ActDetail = Record<string, unknown>;
/** Something that an administrator or operator does. `target`: id or name of what it is done to. */
export type Act = { caller: Omit<Caller, "role"> & { role?: Role }; method: string; target?: string; detail: ActDetail };
/** What is known of an act once it is done. */
export type ActResult = { target?: string; detail: ActDetail };

/**
 * `file`: an absolute path on the host's machine. `wait` (the default) answers at the end, `start` at once, and
 * `progress` says how the one that was started to that file is doing.
 */
export type BackupRequest = { file: string; mode?: "wait" | "start" | "progress" };
/** `totalBytes` is 0 until the copy has begun. */
export type BackupReport = { file: string; done: boolean; bytes: number; totalBytes: number };

export interface Host {
  /** All tables of failures that are loaded, for the doors to report with. */
  readonly faults: FaultTable;

  filterApiCall(request: FilterCallRequest, caller: Caller): Promise<Answer<{ outValues: ARValue[]; statusList: StatusEntry[] }>>;
  notify(request: NotifyRequest, caller: Caller): Promise<Answer<NotifyResult>>;
  preview(request: PreviewRequest): Promise<Answer<Preview>>;

  getDelivery(request: { id: string; waitSeconds?: number }): Promise<Answer<Delivery>>;
  listDeliveries(request: DeliveryListRequest): Promise<Answer<{ deliveries: Delivery[]; cursor?: string }>>;
  retryDeliveries(selection: DeliverySelection): Promise<Answer<{ ids: string[] }>>;
  cancelDeliveries(selection: DeliverySelection): Promise<Answer<{ ids: string[] }>>;

  listLanes(): Promise<Answer<{ lanes: Lane[] }>>;
  pauseLane(request: { accountName: string }): Promise<Answer<Lane>>;
  resumeLane(request: { accountName: string }): Promise<Answer<Lane>>;

  listRegistrations(): Promise<Answer<{ registrations: Registration[] }>>;
  getRegistration(request: { id: string }): Promise<Answer<Registration>>;
  createRegistration(draft: RegistrationDraft): Promise<Answer<Registration>>;
  updateRegistration(change: RegistrationChange): Promise<Answer<Registration>>;
  deleteRegistration(request: { id: string }): Promise<Answer<{ id: string; cancelled: string[] }>>;
  authorizeRegistration(request: { id: string }): Promise<Answer<{ authorizeUrl: string }>>;
  confirmRegistration(request: { id: string; pin: string }): Promise<Answer<Registration>>;

  suggestUsers(request: UserSuggestRequest): Promise<Answer<UserSuggestions>>;

  listPlugins(): Promise<Answer<{ plugins: PluginReport[] }>>;
  restartPlugin(request: { name: string }): Promise<Answer<PluginReport>>;

  status(): Promise<Answer<HostStatus>>;
  /** What all hosts together did, by steps of time. */
  history(request: HistoryRequest): Promise<Answer<History>>;
  reload(request?: ReloadRequest): Promise<Answer<ReloadReport>>;
  setLogLevel(request: { level: string; plugin?: string }): Promise<Answer<{ level: string; plugin?: string }>>;
  /** The last lines of this host's log. */
  readLog(request: LogRequest): Promise<Answer<LogPage>>;
  /** Copies the store into a new file while work goes on. */
  backup(request: BackupRequest): Promise<Answer<BackupReport>>;

  /**
   * Does `work`, and keeps who asked for it and how it ended: the intent durably before it is begun, the end before it
   * is answered. When the intent can't be kept nothing is done, and the answer is 20032. `keep` picks what is kept of
   * its value.
   */
  act<T>(act: Act, work: () => Promise<Answer<T>>, keep?: (value: T) => ActResult): Promise<Answer<T>>;
  /** Keeps what was refused before it could begin: too small a role, a lock-out. At most so many a minute; never rejects. */
  recordRefusal(act: Act, fault: Fault): Promise<void>;
  /** Keeps what is done already, and changes nothing in the store: a log-in, a log-out. Never rejects. */
  recordDone(act: Act): Promise<void>;
  listAudit(request: AuditListRequest): Promise<Answer<{ entries: AuditEntry[]; cursor?: string }>>;

  /** Whether calls can be accepted: store and configuration, never the service. */
  readiness(): Promise<{ ready: boolean; reasons: string[] }>;
}
