/** What a host answers; `recorded.test.ts` holds each against the schema that the host answers with. */
import { HOST_FAULTS, hostFault, reportFault } from "../../src/ar.ts";
import type { AuditEntry, Delivery, HostStatus, Lane, NotifyResult, PluginReport, Preview, Registration } from "../../src/shapes.ts";

/** 24 November 2026, 12:00 UTC. */
export const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString();

export const DELIVERY_ID = "0199c1a0-5f3e-7c44-9a58-2f6d3b1e7a10";
export const REGISTRATION_ID = "0199c1a0-0000-7000-8000-000000000001";

export const delivered: Delivery = {
  id: DELIVERY_ID,
  state: "delivered",
  registrationId: REGISTRATION_ID,
  functionalUser: "Allen Allbrook",
  accountName: "ITSM_Notify",
  content: "Broadcast",
  entryId: "INC000000012345",
  text: "E-mail is down in Paris, we are on it",
  priority: 5,
  posts: [
    {
      index: 0,
      state: "posted",
      id: "1700000000000000001",
      url: "https://x.example/ITSM_Notify/status/1700000000000000001",
      text: "E-mail is down in Paris, we are on it",
    },
  ],
  attempts: 1,
  acceptedAt: at(10),
  expiresAt: at(-86_390),
  deliveredAt: at(8),
};

export const failure = {
  message: "Error in plugin : 401:Authentication credentials (http://dev.twitter.com/pages/auth) were missing or incorrect. (ARERR 8753)",
  statusList: [
    {
      messageType: "ERROR" as const,
      messageNum: 8753,
      messageText: "Error in plugin",
      appendedText: "401:Authentication credentials (http://dev.twitter.com/pages/auth) were missing or incorrect.",
    },
    {
      messageType: "NOTE" as const,
      messageNum: 20001,
      messageText: "Perch: The host's clock is wrong. Synchronise the clock (NTP).",
      appendedText: "the host is 1200 s slow",
    },
  ],
  reason: "clock-skew",
  retryable: false,
  x: { status: 401, code: 135, detail: "Timestamp out of bounds." },
  clock: { offsetSeconds: 1200, serverDate: "Tue, 24 Nov 2026 12:20:00 GMT" },
  advice: "Synchronise the clock (NTP).",
};

export const failed: Delivery = {
  ...delivered,
  id: "0199c1a0-5f3e-7c44-9a58-2f6d3b1e7a11",
  state: "failed",
  text: "VPN is slow\nsince 09:00",
  entryId: null,
  posts: [
    {
      index: 0,
      state: "posted",
      id: "1700000000000000002",
      url: "https://x.example/ITSM_Notify/status/1700000000000000002",
      text: "VPN is slow",
    },
    { index: 1, state: "queued", text: "since 09:00" },
  ],
  attempts: 3,
  acceptedAt: at(90_000),
  lastError: failure,
};
delete failed.deliveredAt;

export const waiting: Delivery = {
  ...failed,
  id: "0199c1a0-5f3e-7c44-9a58-2f6d3b1e7a12",
  state: "waiting",
  posts: [],
  nextAttemptAt: at(-60),
};

export const registration: Registration = {
  id: REGISTRATION_ID,
  company: "Global",
  content: "Broadcast",
  functionalUser: "Allen Allbrook",
  mechanism: "Example",
  accountName: "ITSM_Notify",
  status: "Disabled",
  authorization: "authorized",
  accountId: "1500000000000000001",
  protected: true,
  accessLevel: "read-write",
  authorizedAt: at(60),
  pinEnabled: false,
  createdAt: at(120),
  updatedAt: at(60),
};
export const enabled: Registration = { ...registration, status: "Enabled" };
export const unauthorized: Registration = {
  id: "0199c1a0-0000-7000-8000-000000000002",
  company: "Global",
  content: "Broadcast",
  functionalUser: "Mary Mann",
  mechanism: "Example",
  accountName: "Paris_Desk",
  status: "Disabled",
  authorization: "none",
  pinEnabled: false,
  createdAt: at(120),
  updatedAt: at(120),
};

export const lane: Lane = {
  accountName: "ITSM_Notify",
  accountId: "1500000000000000001",
  plugin: "example",
  state: "held",
  queued: 7,
  paused: false,
  hold: { since: at(30), until: at(-870), error: { ...failure, reason: "rate-limited" } },
};

export const plugin: PluginReport = {
  name: "example",
  module: "example",
  state: "ready",
  filters: ["ARSYS.ALRT.EXAMPLE", "ARSYS.ARF.EXAMPLE"],
  mechanism: "Example",
  workers: 1,
  restarts: 2,
  callsInFlight: 0,
  clock: { offsetSeconds: 1200.4, measuredAt: at(8) },
};

export const hostStatus: HostStatus = {
  version: "0.1.0",
  pid: 4242,
  node: "v24.0.0",
  startedAt: at(7_800),
  ready: true,
  reasons: [],
  store: "sqlite:/srv/perch/data/perch.db",
  deliveries: { delivered: 12, failed: 1, queued: 0 },
  plugins: [plugin],
  lanes: [lane],
  hosts: [
    {
      id: "0b9d0a44-0000-4000-8000-000000000001",
      name: "desk-1",
      version: "0.1.0",
      url: "http://desk-1:9999",
      startedAt: at(7_800),
      self: true,
      seenSeconds: 0.4,
      lanes: [],
      clocks: {},
      aheadSeconds: 0,
      keys: ["test"],
    },
  ],
  configuration: {
    file: "/srv/perch/config/perch.yaml",
    loadedAt: at(7_800),
    needsRestart: [],
    why: {},
    warnings: [],
    vault: { key: "test", sealed: 0, sealedWithOthers: 0 },
  },
};

export const acts: AuditEntry[] = [
  {
    id: "0199c1a0-0000-7000-8000-00000000000b",
    at: at(5),
    client: "=cmd|' /C calc'!A0",
    address: "198.51.100.9",
    method: "login",
    detail: { cause: "wrong passwords" },
    outcome: "refused",
    arerr: 8761,
    reason: "bad-password",
  },
  {
    id: "0199c1a0-0000-7000-8000-00000000000a",
    at: at(60),
    client: "admin",
    role: "admin",
    address: "192.0.2.1 CN=desk",
    method: "registrations.update",
    target: REGISTRATION_ID,
    detail: { status: "Enabled", functionalUser: 'Allen "Al" Allbrook' },
    outcome: "done",
  },
];

export const preview: Preview = {
  posts: [
    { text: "(1/2) first half", weightedLength: 16, valid: true },
    { text: "(2/2) second half", weightedLength: 17, valid: true },
  ],
  overflow: "split",
  accounts: [{ accountName: "ITSM_Notify", functionalUser: "Allen", mechanism: "Twitter" }],
};

export const notified: NotifyResult = { deliveries: [delivered] };

const { message, ...data } = reportFault(hostFault("not-registered", "no registration for Nobody"), HOST_FAULTS);
export const notRegistered = { error: { code: 8753, message, data } };
