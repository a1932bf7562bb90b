/** What the outside sees: the shapes that host and doors share. Types are derived from the schemas that validate. */
import type { Static, TSchema } from "typebox";
import { ARValue, FaultReport } from "./ar.ts";
import { HostReport } from "./host-report.ts";
import { ATTEMPTS_KEPT, Attempt, Post } from "./post-shapes.ts";
import { MAX_NAME, Moment, strict, Text } from "./shape-parts.ts";
import { Type } from "./type.ts";

export * from "./audit-shapes.ts";
export * from "./history-shapes.ts";
export * from "./post-shapes.ts";
export * from "./registration-shapes.ts";
export * from "./user-shapes.ts";
export type { HostReport };
export { MAX_NAME };

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const DELIVERY_STATES = ["queued", "sending", "waiting", "in-doubt", "delivered", "failed", "expired", "cancelled"] as const;
/** States that a delivery does not leave by itself. */
export const ENDED_STATES: readonly string[] = ["delivered", "failed", "expired", "cancelled"];

export const DeliveryState = Type.Enum(DELIVERY_STATES);
export type DeliveryState = Static<typeof DeliveryState>;

export const Delivery = Type.Object(
  {
    id: Type.String({ description: "UUIDv7" }),
    state: DeliveryState,
    registrationId: Type.String(),
    functionalUser: Type.String(),
    accountName: Type.String(),
    content: Type.String(),
    entryId: nullable(Type.String()),
    text: Type.String(),
    priority: Type.Integer(),
    posts: Type.Array(Post, { description: "Empty until the text has been composed, right before the first post" }),
    attempts: Type.Integer(),
    acceptedAt: Moment,
    expiresAt: Moment,
    deliveredAt: Type.Optional(Moment),
    nextAttemptAt: Type.Optional(Moment),
    lastError: Type.Optional(FaultReport),
    history: Type.Optional(
      Type.Array(Attempt, {
        description: `In \`deliveries.get\`, from the first attempt on that did not post at once; at most the first ${ATTEMPTS_KEPT.first} and the last ${ATTEMPTS_KEPT.last}`,
      }),
    ),
    historyLeftOut: Type.Optional(Type.Integer({ description: `How many are missing after the first ${ATTEMPTS_KEPT.first}` })),
  },
  { ...strict, title: "Delivery" },
);
export type Delivery = Static<typeof Delivery>;

/** As long as the longest post that X allows anybody (25,000), with room for splitting. */
export const MAX_TEXT = 100_000;
const WaitSeconds = Type.Optional(Type.Number({ minimum: 0, maximum: 300, description: "Seconds to wait for the outcome; default 0" }));

export const NotifyRequest = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: MAX_TEXT }),
    content: Type.Optional(Text("Notification Content; default Broadcast")),
    functionalUser: Type.Optional(Text("AR Functional User; left out: every enabled registration of that content")),
    entryId: Type.Optional(Text("AR entry that the notification is about; makes repeats recognisable")),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 10, description: "0 highest, default 5" })),
    ttlSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000, description: "Default: outbox.maxAgeHours" })),
    idempotencyKey: Type.Optional(Text("A repeat with the same key posts nothing")),
    waitSeconds: WaitSeconds,
  },
  { ...strict, title: "NotifyRequest" },
);
export type NotifyRequest = Static<typeof NotifyRequest>;
export const NotifyResult = Type.Object(
  { deliveries: Type.Array(Delivery), duplicate: Type.Optional(Type.Literal(true)) },
  { ...strict, title: "NotifyResult" },
);
export type NotifyResult = Static<typeof NotifyResult>;

export const FilterCallRequest = Type.Object(
  {
    plugin: Text("Name or alias"),
    inValues: Type.Array(ARValue, { maxItems: 100 }),
    user: Type.Optional(Text("AR login name")),
    waitSeconds: WaitSeconds,
  },
  { ...strict, title: "FilterCallRequest" },
);
export type FilterCallRequest = Static<typeof FilterCallRequest>;

export const PreviewRequest = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: MAX_TEXT }),
    content: Type.Optional(Text("Notification Content; default Broadcast")),
    functionalUser: Type.Optional(Text("AR Functional User")),
    mechanism: Type.Optional(
      Text("Notification Mechanism; default: the functional user's, that of the first account it goes to, or the one that is loaded"),
    ),
  },
  strict,
);
export type PreviewRequest = Static<typeof PreviewRequest>;
export const Preview = Type.Object(
  {
    posts: Type.Array(Type.Object({ text: Type.String(), weightedLength: Type.Integer(), valid: Type.Boolean() }, strict)),
    overflow: Type.String({ description: "What the plug-in is configured to do with a text that is too long" }),
    limit: Type.Optional(Type.Integer({ description: "The weighted length that one post may have, where its service has such a limit" })),
    accounts: Type.Array(Type.Object({ accountName: Type.String(), functionalUser: Type.String(), mechanism: Type.String() }, strict), {
      description: "Where `notify` with this content and functional user would have it posted",
    }),
    nowhere: Type.Optional(FaultReport),
  },
  { ...strict, title: "Preview" },
);
export type Preview = Static<typeof Preview>;

const filterProperties = {
  states: Type.Optional(Type.Array(DeliveryState)),
  accountName: Type.Optional(Text("Account")),
  entryId: Type.Optional(Text("AR entry")),
  since: Type.Optional(Type.String({ description: "Accepted at or after; ISO 8601" })),
  until: Type.Optional(Type.String({ description: "Accepted before; ISO 8601" })),
  text: Type.Optional(Text("Part of the text", MAX_TEXT)),
};
export const DeliveryFilter = Type.Object(filterProperties, strict);
export type DeliveryFilter = Static<typeof DeliveryFilter>;
export const DeliveryListRequest = Type.Object(
  {
    ...filterProperties,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: "Default 50" })),
    cursor: Type.Optional(Type.String()),
  },
  strict,
);
export type DeliveryListRequest = Static<typeof DeliveryListRequest>;
/** Either ids, or the filter of `deliveries.list`. */
export const DeliverySelection = Type.Object(
  { ids: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 10_000 })), ...filterProperties },
  strict,
);
export type DeliverySelection = Static<typeof DeliverySelection>;

export const HoldReport = Type.Object({ since: Moment, until: Type.Optional(Moment), error: FaultReport }, strict);
export const Lane = Type.Object(
  {
    accountName: Type.String(),
    accountId: Type.String(),
    plugin: Type.String(),
    state: Type.Enum(["idle", "sending", "waiting", "held", "paused"] as const),
    queued: Type.Integer({ description: "Deliveries that have not ended" }),
    paused: Type.Boolean({ description: "By an operator" }),
    hold: Type.Optional(HoldReport),
    host: Type.Optional(Type.String({ description: "In a group: the host that works it" })),
  },
  { ...strict, title: "Lane" },
);
export type Lane = Static<typeof Lane>;

export const PluginReport = Type.Object(
  {
    name: Type.String({ description: "The module's name in the configuration" }),
    module: Type.String(),
    state: Type.Enum(["starting", "ready", "restarting", "failed", "stopped"] as const),
    filters: Type.Array(Type.String()),
    mechanism: Type.Optional(Type.String()),
    withoutPin: Type.Optional(
      Type.Literal(true, { description: "Accounts of its mechanism stand in the credentials file: there is no PIN" }),
    ),
    workers: Type.Integer(),
    restarts: Type.Integer({ description: "Workers replaced since the host started" }),
    callsInFlight: Type.Integer(),
    cause: Type.Optional(Type.String({ description: "Why it could not be loaded or started" })),
    lastDeath: Type.Optional(Type.Object({ at: Moment, cause: Type.String() }, { ...strict, description: "Of a worker" })),
    nextTryAt: Type.Optional(Moment),
    clock: Type.Optional(Type.Object({ offsetSeconds: Type.Number(), measuredAt: Moment }, strict)),
  },
  { ...strict, title: "Plugin" },
);
export type PluginReport = Static<typeof PluginReport>;

const waiting = {
  needsRestart: Type.Array(Type.String(), { description: "What changed in the file and waits for a restart" }),
  why: Type.Record(Type.String(), Type.String(), { description: "Why each of these can't be changed while the host runs" }),
};
export const VaultReport = Type.Object(
  {
    key: Type.String({ description: "Id of the key that seals: the first one, or the first that every host of the group knows" }),
    sealed: Type.Integer({ description: "Tokens, and what is awaited with a PIN" }),
    sealedWithOthers: Type.Integer({ description: "Those that another key sealed: while there are any, it must stay" }),
    closed: Type.Optional(Type.Array(Type.String(), { description: "What no key opens" })),
    waitsFor: Type.Optional(
      Type.Array(Type.String(), { description: "Hosts that lack the first key: until they know it, nothing is sealed with it" }),
    ),
  },
  strict,
);
export type VaultReport = Static<typeof VaultReport>;
const Warnings = Type.Array(Type.String(), { description: "What somebody should look at, although the configuration is in force" });

export const ConfigurationReport = Type.Object(
  {
    file: Type.String(),
    loadedAt: Moment,
    lastError: Type.Optional(Type.String({ description: "Why the last change of the files was refused" })),
    ...waiting,
    warnings: Warnings,
    vault: VaultReport,
  },
  strict,
);
export type ConfigurationReport = Static<typeof ConfigurationReport>;

export const HostStatus = Type.Object(
  {
    version: Type.String(),
    pid: Type.Integer(),
    node: Type.String(),
    startedAt: Moment,
    ready: Type.Boolean(),
    reasons: Type.Array(Type.String(), { description: "Why it is not ready" }),
    store: Type.String(),
    deliveries: Type.Record(Type.String(), Type.Integer(), { description: "Count by state" }),
    plugins: Type.Array(PluginReport),
    lanes: Type.Array(Lane),
    hosts: Type.Array(HostReport, { description: "Those that the store heard from within the last minute; one where there is no group" }),
    configuration: ConfigurationReport,
  },
  { ...strict, title: "HostStatus" },
);
export type HostStatus = Static<typeof HostStatus>;

export const ReloadRequest = Type.Object(
  {
    force: Type.Optional(Type.Boolean({ description: "Put credentials in force although a service refuses them; default false" })),
  },
  { ...strict, title: "ReloadRequest" },
);
export type ReloadRequest = Static<typeof ReloadRequest>;
export const ReloadReport = Type.Object(
  {
    changed: Type.Array(Type.String(), { description: "What is in force now" }),
    ...waiting,
    warnings: Warnings,
    lastChange: Type.Optional(
      Type.Object(
        { at: Moment, changed: Type.Array(Type.String()) },
        { ...strict, description: "The reload before that changed something" },
      ),
    ),
  },
  { ...strict, title: "ReloadReport" },
);
export type ReloadReport = Static<typeof ReloadReport>;

/**
 * How the vault's keys change. `rotate` puts a new one first; in a server group `add` puts it last everywhere, and then
 * `promote` puts it first. `drop-old` leaves the first alone. Without an id a new key is named after the day.
 */
export type KeyStep = { do: "rotate" | "add"; id?: string } | { do: "promote"; id: string } | { do: "drop-old" };
/** `keys`: ids, in the order in which they stand now; `id`: of the key that was made or moved. */
export type KeyChange = { file: string; keys: string[]; dropped: string[]; id?: string };
