/**
 * The words of Perch, and what a plug-in promises and receives.
 *
 * *notification* what AR System sends · *registration* the functional account: who, what content, which account,
 * enabled or not · *delivery* one notification for one account; what the store keeps · *post* one text at the service;
 * a delivery has one or more · *lane* the deliveries of one account, in order, one at a time · *attempt* one try to
 * deliver one post · *verdict* `delivered` `retry` `failed` `in-doubt`, and no fifth · *settle* to store a verdict ·
 * *fault* one row of the table of failures · *plug-in* an AR plug-in and nothing else · *host* · *door* a way in ·
 * *store* · *vault* seals secrets · *sandbox* the service's stand-in that a plug-in ships.
 *
 * All that crosses between host and plug-in is plain data (a structured clone), since plug-ins run in workers.
 */
import type { Answer, ARValue, Fault, FaultRow, FaultTable } from "./ar.ts";

/** For the schemas of settings and secrets: typebox's builders, without the memory that typebox takes in each worker. */
export { Type } from "./type.ts";

/** Roles contain each other: admin ⊃ operator ⊃ workflow. */
export const ROLES = ["workflow", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** What a row of a plug-in's table says beyond AR's numbers: how the lane goes on. */
export type ServiceFaultRow = FaultRow & {
  /** The verdict that this fault means for a post. */
  verdict: "retry" | "failed" | "in-doubt";
  /** Who waits besides the post: its lane pauses, or every lane of the plug-in (they share one application key). */
  holds?: "lane" | "key";
  /**
   * When it is tried again: `back-off` grows with each attempt, `slow` is the longest back-off at once, `probe` asks
   * the plug-in's `probe` until it says yes. A verdict's own `waitMs` wins.
   */
  pace?: "back-off" | "slow" | "probe";
  /** Such an attempt does not count (a rate limit says nothing about the post). */
  free?: true;
  /** The account's token is dead until somebody authorises it again. */
  revokes?: true;
  /** The service refuses the post because it has the same one: proof of delivery for a post sent blindly again. */
  provesDuplicate?: true;
};
export type ServiceFaultTable = FaultTable<ServiceFaultRow>;

/**
 * The closed set of ends of an attempt. `learned`: what the service said of the account on the way; `limits`: and of its
 * own limits.
 */
export type Verdict = (
  | { verdict: "delivered"; id: string; url?: string; pause?: Pause }
  | { verdict: "retry"; fault: Fault; waitMs?: number; holds?: "lane" | "key" }
  | { verdict: "failed"; fault: Fault }
  | { verdict: "in-doubt"; fault: Fault }
) & { learned?: AccountFacts; limits?: readonly LimitState[] };

/**
 * How much of one of its limits the service still grants, for operators to watch. `name` is the plug-in's (kebab-case, at
 * most 40 characters), `scope` says whether the account or all accounts of the key share it, `size` is the whole of it.
 */
export type LimitState = { name: string; scope: "lane" | "key"; remaining: number; size?: number; resetsInMs?: number };

/** The service allows nothing more for a while, although this post went through. */
export type Pause = { holds: "lane" | "key"; waitMs: number; fault: Fault };

/**
 * What a look for a post in doubt found. `readable: false`: the service will not show it to us, now or later. An
 * `unknown` look waits, and holds, as its fault's row says, or as `waitMs` and `holds` say.
 */
export type Finding =
  | { finding: "found"; id: string; url?: string }
  | { finding: "absent" }
  | { finding: "unknown"; fault: Fault; readable: boolean; waitMs?: number; holds?: "lane" | "key" };

/**
 * What the service says of credentials that are to replace those in force. `unknown`: it could not be asked; they are
 * taken then, since the old ones may be dead already. `account`: whose token it is, where one was tried.
 */
export type Trial = { trial: "accepted"; account?: AccountFacts } | { trial: "refused"; fault: Fault } | { trial: "unknown"; fault: Fault };

/** What the service says of an account. */
export type AccountFacts = { id: string; name: string; protected?: boolean; accessLevel?: string };

/** The secret part of an account; only the plug-in knows its keys. Sealed in the store. */
export type Token = Readonly<Record<string, string>>;

export type Account = AccountFacts & {
  token: Token;
  /** When `protected` was last read, in milliseconds of the corrected clock. */
  checkedAt?: number;
};

export type Notification = { text: string; content: string; entryId: string | null; accountName: string };

export type ComposedPost = {
  text: string;
  /** Length as the service counts it. */
  weightedLength: number;
  valid: boolean;
  /** Answers the post before it (a thread). */
  reply?: true;
};
/** `limit`: the weighted length that one post may have, where the service has such a limit. */
export type Composition = { posts: ComposedPost[]; overflow: string; limit?: number };

/** A notification as the store keeps it, so it is the same in each attempt. `priority`: 0 highest … 10. */
export type KeptNotification = Notification & { functionalUser: string; priority: number };

/**
 * `deliveryId` and `index` together are the same in each attempt: a key for a service that knows repeats by one.
 * `notification`: what the post was composed of. The host always hands it over; a test of a plug-in may leave it out.
 */
export type PostToDeliver = {
  deliveryId: string;
  text: string;
  reply: boolean;
  index: number;
  previousIds: readonly string[];
  notification?: KeptNotification;
};
/** Only ids above `afterId` and not in `ownedIds` can be this post; `begunAt` is when the request left, in ms. */
export type PostInDoubt = PostToDeliver & { afterId?: string; ownedIds: readonly string[]; begunAt: number };

/** The four levels a plug-in may log at. */
export type PluginLog = Record<"debug" | "info" | "warn" | "error", (fields: Record<string, unknown>, sentence: string) => void>;

/** Time as the host knows it. A plug-in never reads `Date.now()`: the host keeps the offset for all workers. */
export type PluginClock = {
  /** Corrected by what was last reported; runs on a monotonic clock. Milliseconds since 1970. */
  now(): number;
  /** What the host machine's clock says. Milliseconds since 1970. */
  wall(): number;
  /** Reports a measurement: service − `wall()`, in milliseconds, and the header it was read from. */
  report(offsetMs: number, serverDate: string): void;
};

/** What comes with every call. */
export type PluginContext<Settings = unknown, Secrets = unknown> = {
  settings: Settings;
  secrets: Secrets;
  log: PluginLog;
  clock: PluginClock;
  /** Aborted when the call's time-out passes or the host stops. */
  signal: AbortSignal;
  /**
   * Asked right before a request leaves that can't be taken back: false when the call has lost its right to make it,
   * such as after a machine that stood still. `signal` alone may come too late for that.
   */
  mayBegin?(): boolean;
  /** Of the machine, for plug-ins that make requests: HTTPS_PROXY and NO_PROXY as the host was started with. */
  proxy: { httpsProxy?: string; noProxy?: string };
  /** AR user of the call, where one was given. */
  user?: string;
  /** The account that the call is for, in `deliver`, `lookUp` and `probe`, and in `tryCredentials` where there is one. */
  account?: Account;
  /** Faults that other accounts of this plug-in are in at the moment. */
  failingElsewhere: readonly string[];
};

/** The part of a plug-in that serves a notification mechanism. The host accepts, stores, orders, retries and limits. */
export type Mechanism<Settings = unknown, Secrets = unknown> = {
  /** As registrations name it: `Twitter`. */
  name: string;
  /** The filter that takes AR's five alert inputs. */
  alertFilter: string;
  /** The filter that registers: a user, then a user with a PIN. */
  registrationFilter?: string;
  /**
   * Begins to authorise: the page to open, and what `confirm` needs later. Left out, with `confirm`, where there is no
   * such page: there is no PIN then, and the accounts stand in the credentials file.
   */
  authorize?(
    request: { accountName: string },
    context: PluginContext<Settings, Secrets>,
  ): Promise<Answer<{ authorizeUrl: string; pending: Token }>>;
  /**
   * Ends it with the PIN. Must refuse a token of another account or one that may not write. `spent`: the service took the
   * PIN although what came after was refused, so it is not awaited any more.
   */
  confirm?(
    request: { accountName: string; pending: Token; pin: string },
    context: PluginContext<Settings, Secrets>,
  ): Promise<Answer<{ account: AccountFacts; token: Token }> & { spent?: true }>;
  /** Pure: the posts of a notification. Called once, before the first post; the result is stored. */
  compose(notification: Notification, context: PluginContext<Settings, Secrets>): Answer<Composition> | Promise<Answer<Composition>>;
  /** Exactly one post. */
  deliver(post: PostToDeliver, context: PluginContext<Settings, Secrets>): Promise<Verdict>;
  lookUp(post: PostInDoubt, context: PluginContext<Settings, Secrets>): Promise<Finding>;
  /** Asks whether the account can be used, without posting anything. */
  probe(context: PluginContext<Settings, Secrets>): Promise<Answer<AccountFacts>>;
};

export type FilterCall<Settings, Secrets> = (
  inValues: ARValue[],
  context: PluginContext<Settings, Secrets>,
) => ARValue[] | Answer<ARValue[]> | Promise<ARValue[] | Answer<ARValue[]>>;

/** Why `onEvent` is called; AR System knows one event, ARPLUGIN_EVENT_CONFIG = 1. */
export type PluginEvent = { event: "configuration-changed"; number: 1 };

/** A stand-in of the service on loopback. */
export type Sandbox = { url: string; close(): Promise<void> };
export type SandboxOptions = { port: number; log?: (line: string) => void };

/** What `perch demo` hands to a plug-in's demo, which tells and checks its own story. */
export type DemoKit = {
  sandboxUrl: string;
  /** Calls a method of the demo's host as admin; a refusal is thrown as an Error with `data`. */
  call(method: string, params?: unknown): Promise<unknown>;
  /** Changes the plug-in's settings in the configuration file and reloads. */
  configure(userDefined: Record<string, unknown>): Promise<void>;
  /** Makes the host's clock wrong by so many seconds. */
  setHostClock(offsetSeconds: number): void;
  say(line: string): void;
  /** Prints ✓ or ✗ and remembers the outcome. */
  check(sentence: string, holds: boolean): void;
};

/** One line of what `perch doctor` shows. */
export type DiagnosisLine = {
  /** What was looked at, in a word or two: `DNS`, `token of ITSM_Notify`. */
  check: string;
  /** `skipped`: it hangs on something that failed, or does not apply here; `found` says which. */
  state: "ok" | "warn" | "fail" | "skipped";
  /** What was found, in a sentence without a secret. */
  found: string;
  /** What to do about it; comes with every `warn` and `fail`. */
  remedy?: string;
  /** It tells whether the service accepts the credentials: `perch credentials check` shows it too. */
  ofCredentials?: true;
};
/** Accounts with their tokens; the id is "" of one that only the credentials file knows. */
export type DiagnosisRequest = { accounts: Account[] };

export type PluginDefinition<Settings = unknown, Secrets = unknown> = {
  apiVersion: 1;
  /** JSON Schemas of `userDefined` and of the plug-in's part of the credentials file. */
  settingsSchema?: object;
  secretsSchema?: object;
  faults?: ServiceFaultTable;
  initialize?(context: PluginContext<Settings, Secrets>): void | Promise<void>;
  filters?: Record<string, FilterCall<Settings, Secrets> | { role: Role; call: FilterCall<Settings, Secrets> }>;
  onEvent?(event: PluginEvent, context: PluginContext<Settings, Secrets>): void | Promise<void>;
  terminate?(context: PluginContext<Settings, Secrets>): void | Promise<void>;
  /**
   * Asks the service, without changing anything there, whether it takes changed secrets; the context holds those in
   * force. Called once for each account that is authorised, with the token that it will have, or once without. A
   * refusal keeps the old configuration in force, so it must be certain.
   */
  tryCredentials?(candidate: { settings: Settings; secrets: Secrets }, context: PluginContext<Settings, Secrets>): Promise<Trial>;
  mechanism?: Mechanism<Settings, Secrets>;
  /**
   * Looks at everything between the host and the service: the way there, the clock, the credentials, each account.
   * Yields a line as soon as it is known, none later than 10 s after the one before; all of them within 40 s. Posts
   * nothing and changes nothing at the service.
   */
  diagnose?(request: DiagnosisRequest, context: PluginContext<Settings, Secrets>): AsyncIterable<DiagnosisLine> | Promise<DiagnosisLine[]>;
  /** Loaded only by `perch sandbox` and `perch demo`. */
  sandbox?: () => Promise<{ start(options: SandboxOptions): Promise<Sandbox>; demo?: Demo }>;
};

/** A story on the sandbox: what the host's configuration must hold, and the telling. */
export type Demo = {
  settings(sandboxUrl: string): Record<string, unknown>;
  secrets(sandboxUrl: string): Record<string, unknown>;
  tell(kit: DemoKit): Promise<void>;
};

/** Gives a plug-in its types; the host checks the version when it loads the module. */
export const definePlugin = <Settings, Secrets>(definition: PluginDefinition<Settings, Secrets>): PluginDefinition<Settings, Secrets> =>
  definition;
