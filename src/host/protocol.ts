/** What host and worker say to each other: plain data only. */
import type { Answer, ARValue } from "../ar.ts";
import type {
  Account,
  AccountFacts,
  Composition,
  DiagnosisLine,
  DiagnosisRequest,
  Finding,
  Notification,
  PluginContext,
  PluginEvent,
  PostInDoubt,
  PostToDeliver,
  Role,
  ServiceFaultTable,
  Token,
  Trial,
  Verdict,
} from "../contract.ts";

/** What a module says of itself once it is loaded. */
export type Manifest = {
  filters: { name: string; role: Role }[];
  /** `withoutPin`: its accounts stand in the credentials file, and nothing is authorised on a page. */
  mechanism?: { name: string; alertFilter: string; registrationFilter?: string; withoutPin?: true };
  faults: ServiceFaultTable;
  /** It can say what is between the host and the service. */
  diagnoses?: true;
  /** It has `tryCredentials`. */
  triesCredentials?: true;
  settingsSchema?: object;
  secretsSchema?: object;
};

/** Settings and secrets of a plug-in, validated by its own schemas. */
export type PluginPart = { settings: unknown; secrets: unknown };

/** Each thing that a worker can be asked: its request and its answer. */
export type Verbs = {
  initialize: [PluginPart & { proxy: PluginContext["proxy"] }, null];
  configure: [PluginPart & { event: PluginEvent }, null];
  terminate: [null, null];
  filter: [{ name: string; inValues: ARValue[] }, Answer<ARValue[]>];
  authorize: [{ accountName: string }, Answer<{ authorizeUrl: string; pending: Token }>];
  confirm: [{ accountName: string; pending: Token; pin: string }, Answer<{ account: AccountFacts; token: Token }> & { spent?: true }];
  compose: [Notification, Answer<Composition>];
  deliver: [PostToDeliver, Verdict];
  lookUp: [PostInDoubt, Finding];
  probe: [null, Answer<AccountFacts>];
  /** Its lines come one by one before the answer. */
  diagnose: [DiagnosisRequest, null];
  tryCredentials: [PluginPart, Trial];
};
export type Verb = keyof Verbs;

/** What a call brought. `unsent`: no worker could be asked, so nothing of it can have been done. */
export type Called<T> = Answer<T> & { unsent?: true };

/** The case of a call: what changes from call to call. `untilMs`: nothing may begin after it, on the machine's monotonic clock (`process.hrtime`). */
export type CallCase = { user?: string; account?: Account; failingElsewhere?: readonly string[]; untilMs?: number };
/** `hear` is told what the worker says of the call before its answer; it stays on the host's side. */
export type CallAbout = CallCase & { hear?: (said: unknown) => void; lease?: CallLease };
/** A call that may go on only as long as its lane is this host's. */
export type CallLease = { signal: AbortSignal; remainingMs(): number };
export type CallMessage = { type: "call"; id: number; verb: Verb; request: unknown; now: number; wall: number } & CallCase;
export type ToWorker = CallMessage | { type: "abort"; id: number } | { type: "ping"; id: number } | { type: "collect" };

export type ClockReport = { offsetMs: number; serverDate: string };
export type Reply = { type: "reply"; id: number; clock?: ClockReport } & ({ ok: true; value: unknown } | { ok: false; message: string });
export type LogLevel = "debug" | "info" | "warn" | "error";
export type FromWorker =
  | Reply
  | { type: "loaded"; manifest: Manifest }
  | { type: "load-failed"; cause: string }
  | { type: "line"; id: number; line: DiagnosisLine }
  | { type: "pong"; id: number }
  /** Its garbage is gone, as `collect` asked. */
  | { type: "collected" }
  | { type: "log"; level: LogLevel; fields: Record<string, unknown>; sentence: string };
