/** A host of object literals: what a test of the door needs, and a log of the verbs that were called. */
import { type Answer, done, type Fault, HOST_FAULTS, hostFault, refused } from "../../src/ar.ts";
import type { Act, Caller, Host } from "../../src/host/verbs.ts";
import type { AuditEntry, Delivery, HostStatus, Lane, PluginReport, Registration } from "../../src/shapes.ts";

const AT = "2026-11-24T12:00:00.000Z";

export const DELIVERY: Delivery = {
  id: "019f0000-0000-7000-8000-000000000001",
  state: "queued",
  registrationId: "r1",
  functionalUser: "ITSM",
  accountName: "ITSM_Notify",
  content: "Broadcast",
  entryId: null,
  text: "E-mail is down in Paris",
  priority: 5,
  posts: [],
  attempts: 0,
  acceptedAt: AT,
  expiresAt: AT,
};
const LANE: Lane = { accountName: "ITSM_Notify", accountId: "1", plugin: "twitter", state: "idle", queued: 0, paused: false };
const REGISTRATION: Registration = {
  id: "r1",
  company: "Global",
  content: "Broadcast",
  functionalUser: "ITSM",
  mechanism: "Twitter",
  accountName: "ITSM_Notify",
  status: "Enabled",
  authorization: "authorized",
  pinEnabled: false,
  createdAt: AT,
  updatedAt: AT,
};
const PLUGIN: PluginReport = {
  name: "twitter",
  module: "twitter",
  state: "ready",
  filters: ["ARSYS.ALRT.TWITTER"],
  workers: 1,
  restarts: 0,
  callsInFlight: 0,
};
const STATUS: HostStatus = {
  version: "0.1.0",
  pid: 1,
  node: "24",
  startedAt: AT,
  ready: true,
  reasons: [],
  store: "sqlite:perch.db",
  deliveries: {},
  plugins: [],
  lanes: [],
  hosts: [],
  configuration: {
    file: "perch.yaml",
    loadedAt: AT,
    needsRestart: [],
    why: {},
    warnings: [],
    vault: { key: "test", sealed: 0, sealedWithOthers: 0 },
  },
};

const ENTRY: AuditEntry = {
  id: "019f0000-0000-7000-8000-00000000000a",
  at: AT,
  client: "admin",
  role: "admin",
  address: "192.0.2.1",
  method: "lanes.pause",
  target: "ITSM_Notify",
  detail: {},
  outcome: "done",
};

/** What was to be kept of an act. */
export type KeptAct = { act: Act; kept?: unknown; fault?: Fault };
export type Call = { verb: string; request: unknown; caller?: Caller };

/** `calls` is filled as the verbs are called. Texts with a meaning: `full` is refused, `bug` throws, `hang` waits for `release`. */
export function testHost(overrides: Partial<Host> = {}): { host: Host; calls: Call[]; acts: KeptAct[]; release: () => void } {
  const acts: KeptAct[] = [];
  const calls: Call[] = [];
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const verb =
    <T>(name: string, value: T) =>
    async (request?: unknown): Promise<Answer<T>> => {
      calls.push({ verb: name, request });
      return done(value);
    };
  const host: Host = {
    faults: HOST_FAULTS,
    filterApiCall: async (request, caller) => {
      calls.push({ verb: "filterApiCall", request, caller });
      return done({ outValues: request.inValues, statusList: [] });
    },
    notify: async (request, caller) => {
      calls.push({ verb: "notify", request, caller });
      if (request.text === "full") return refused(hostFault("outbox-full", "100000 deliveries are queued", "bound: 100000"));
      if (request.text === "bug") throw new Error("the secret s3cr3t leaked into an exception");
      if (request.text === "hang") await released;
      return done({ deliveries: [{ ...DELIVERY, text: request.text }] });
    },
    preview: verb("preview", { posts: [], overflow: "split", accounts: [] }),
    getDelivery: verb("getDelivery", DELIVERY),
    listDeliveries: verb("listDeliveries", { deliveries: [DELIVERY] }),
    retryDeliveries: verb("retryDeliveries", { ids: [DELIVERY.id] }),
    cancelDeliveries: verb("cancelDeliveries", { ids: [] }),
    listLanes: verb("listLanes", { lanes: [LANE] }),
    pauseLane: verb("pauseLane", LANE),
    resumeLane: verb("resumeLane", LANE),
    listRegistrations: verb("listRegistrations", { registrations: [REGISTRATION] }),
    getRegistration: verb("getRegistration", REGISTRATION),
    createRegistration: verb("createRegistration", REGISTRATION),
    updateRegistration: verb("updateRegistration", REGISTRATION),
    deleteRegistration: verb("deleteRegistration", { id: "r1", cancelled: [] }),
    authorizeRegistration: verb("authorizeRegistration", { authorizeUrl: "https://api.x.com/oauth/authorize" }),
    confirmRegistration: verb("confirmRegistration", REGISTRATION),
    suggestUsers: verb("suggestUsers", { users: [{ name: "ITSM", fullName: "Service Desk" }] }),
    listPlugins: verb("listPlugins", { plugins: [PLUGIN] }),
    restartPlugin: verb("restartPlugin", PLUGIN),
    status: verb("status", STATUS),
    history: verb("history", { stepSeconds: 60, points: [] }),
    reload: verb("reload", { changed: [], needsRestart: [], why: {}, warnings: [] }),
    setLogLevel: verb("setLogLevel", { level: "debug" }),
    readLog: verb("readLog", { lines: [], cursor: "1.0", missed: 0, levels: { host: "info", plugins: {} } }),
    act: async (act, work, keep) => {
      const answer = await work();
      acts.push({ act, ...(answer.ok ? { kept: keep?.(answer.value) } : { fault: answer.fault }) });
      return answer;
    },
    recordRefusal: async (act, fault) => void acts.push({ act, fault }),
    recordDone: async (act) => void acts.push({ act }),
    listAudit: verb("listAudit", { entries: [ENTRY] }),
    backup: verb("backup", { file: "/backup.db", done: true, bytes: 4096, totalBytes: 4096 }),
    readiness: async () => ({ ready: true, reasons: [] }),
    ...overrides,
  };
  return { host, calls, acts, release: () => release() };
}

/** Params that each method takes. */
export const GOOD_PARAMS: Readonly<Record<string, object>> = {
  filterApiCall: {
    plugin: "ARSYS.ALRT.TWITTER",
    inValues: ["ITSM", null, 1, 1.5, { type: "ENUM", value: 2 }],
    user: "Demo",
    waitSeconds: 0,
  },
  notify: { text: "E-mail is down" },
  preview: { text: "E-mail is down" },
  "deliveries.get": { id: DELIVERY.id, waitSeconds: 1 },
  "deliveries.list": { states: ["failed"], limit: 10 },
  "deliveries.retry": { ids: [DELIVERY.id] },
  "deliveries.cancel": { accountName: "ITSM_Notify" },
  "lanes.list": {},
  "lanes.pause": { accountName: "ITSM_Notify" },
  "lanes.resume": { accountName: "ITSM_Notify" },
  "registrations.list": {},
  "registrations.get": { id: "r1" },
  "registrations.create": { functionalUser: "ITSM", accountName: "ITSM_Notify" },
  "registrations.update": { id: "r1", status: "Disabled" },
  "registrations.delete": { id: "r1" },
  "registrations.authorize": { id: "r1" },
  "registrations.confirm": { id: "r1", pin: "1234567" },
  "users.suggest": { prefix: "IT" },
  "plugins.list": {},
  "plugins.restart": { name: "twitter" },
  "server.status": {},
  "server.history": { since: AT, stepSeconds: 60 },
  "server.reload": {},
  "server.logLevel": { level: "FINE" },
  "server.logs": { level: "warn", plugin: "twitter", limit: 10 },
  "server.backup": { file: "/backup.db", mode: "wait" },
  "audit.list": { method: "lanes.pause", limit: 10 },
  "rpc.discover": {},
};
