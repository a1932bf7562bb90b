/** What can be set of the sandbox, at its start and while it runs (`POST /sandbox/settings`). */
import Type, { type Static } from "typebox";

const strict = { additionalProperties: false } as const;

/** What a token may do, as the header `x-access-level` names it. */
export const ACCESS_LEVELS = ["read", "read-write", "read-write-directmessages"] as const;
export type AccessLevel = (typeof ACCESS_LEVELS)[number];

const Limits = Type.Object(
  {
    windowSeconds: Type.Integer({ minimum: 1 }),
    /** Posts of a user in one window, of a user in 24 hours, of the app in 24 hours. */
    postsPerUser: Type.Integer({ minimum: 0 }),
    postsPerUserDay: Type.Integer({ minimum: 0 }),
    postsPerAppDay: Type.Integer({ minimum: 0 }),
    /** Requests of a user in one window. */
    me: Type.Integer({ minimum: 0 }),
    timeline: Type.Integer({ minimum: 0 }),
    deletes: Type.Integer({ minimum: 0 }),
  },
  strict,
);
const Timeline = Type.Object(
  {
    /** False: 403 client-forbidden, as an access tier without it gets. */
    readable: Type.Boolean(),
    /** A post shows only after so many seconds. */
    lagSeconds: Type.Number({ minimum: 0 }),
  },
  strict,
);

export const Settings = Type.Object(
  {
    /** Sandbox clock − machine clock. */
    clockOffsetSeconds: Type.Number(),
    /** How far `oauth_timestamp` may be from the sandbox clock. X publishes no figure; 300 s is OAuth 1 practice. */
    toleranceSeconds: Type.Number({ minimum: 0 }),
    /** What the app may do. Raising it does not raise tokens that exist (docs.x.com, developer apps). */
    appPermission: Type.Enum(ACCESS_LEVELS),
    duplicateRule: Type.Boolean(),
    /** Among how many last posts of the account, deleted ones left out, the same text is refused. */
    duplicateWindow: Type.Integer({ minimum: 1 }),
    cashtagRule: Type.Boolean(),
    /** X has been seen to use both. */
    tooLongStatus: Type.Union([Type.Literal(400), Type.Literal(403)]),
    repliesRefused: Type.Boolean(),
    limits: Limits,
    timeline: Timeline,
    /** `UTC`: X's suffix until January 2025. `cached`: an hour old, with an `Age`. */
    dateFormat: Type.Enum(["GMT", "UTC", "missing", "cached"]),
    /** Form of errors under /2. `plain401`: every 401, everywhere, is the plain text of 2009–2013. */
    errorStyle: Type.Enum(["v1", "v2", "plain401"]),
    /** Form of the 401 for a revoked token under /2: v1 is code 89. */
    revokedStyle: Type.Enum(["v1", "v2"]),
    /** Life of a request token and its PIN. X publishes none. */
    requestTokenSeconds: Type.Number({ minimum: 0 }),
  },
  strict,
);
export type Settings = Static<typeof Settings>;

/** What `POST /sandbox/settings` takes: any part, and who is protected by account name. */
export const SettingsChange = Type.Object(
  {
    ...Type.Partial(Settings).properties,
    limits: Type.Optional(Type.Partial(Limits)),
    timeline: Type.Optional(Type.Partial(Timeline)),
    protected: Type.Optional(Type.Record(Type.String(), Type.Boolean())),
  },
  strict,
);
export type SettingsChange = Static<typeof SettingsChange>;

/** Limits from docs.x.com "Rate limits"; 2,400 posts a day is the limit of an account, not of the API. */
export const DEFAULT_SETTINGS: Settings = {
  clockOffsetSeconds: 0,
  toleranceSeconds: 300,
  appPermission: "read-write",
  duplicateRule: true,
  duplicateWindow: 100,
  cashtagRule: true,
  tooLongStatus: 400,
  repliesRefused: false,
  limits: {
    windowSeconds: 900,
    postsPerUser: 100,
    postsPerUserDay: 2400,
    postsPerAppDay: 10_000,
    me: 75,
    timeline: 900,
    deletes: 50,
  },
  timeline: { readable: true, lagSeconds: 0 },
  dateFormat: "GMT",
  errorStyle: "v2",
  revokedStyle: "v1",
  requestTokenSeconds: 3600,
};

/** Lays a change over settings. */
export function mergeSettings(settings: Settings, { protected: _, limits, timeline, ...rest }: SettingsChange): Settings {
  return { ...settings, ...rest, limits: { ...settings.limits, ...limits }, timeline: { ...settings.timeline, ...timeline } };
}
