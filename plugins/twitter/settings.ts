/** The plug-in's part of the configuration (`userDefined`) and of the credentials file. */
import type { Static } from "typebox";
import { Type } from "../../src/contract.ts";

const strict = { additionalProperties: false } as const;

/** https anywhere, http on loopback only. No user, query or fragment: an address is no place for a secret. */
const BASE_URL =
  "^(https://(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]+)|http://(localhost|127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|\\[::1\\]))(:[0-9]{1,5})?(/[^?#\\s]*)?$";

/** What applies where the configuration is silent. */
export const DEFAULTS = {
  apiBaseUrl: "https://api.x.com",
  clock: { correction: "auto", toleranceSeconds: 60 },
  text: { overflow: "split", mentions: "defuse" },
  protectedAccount: "warn",
  requestTimeoutSeconds: 15,
} as const;

const ClockSettings = Type.Object(
  {
    correction: Type.Optional(
      Type.Enum(["auto", "off"] as const, {
        default: DEFAULTS.clock.correction,
        description: "auto: sign with X's time, as measured on its answers; off: sign with this host's clock",
      }),
    ),
    toleranceSeconds: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 3600,
        default: DEFAULTS.clock.toleranceSeconds,
        description: "A 401 is the clock's when X's Date differs from the signed timestamp by more than this",
      }),
    ),
  },
  { ...strict, default: {}, description: "What to do when this host's clock differs from X's" },
);

const TextSettings = Type.Object(
  {
    overflow: Type.Optional(
      Type.Enum(["split", "thread", "truncate", "reject"] as const, {
        default: DEFAULTS.text.overflow,
        description: "A text over 280 weighted characters: numbered posts, numbered replies, cut, or refused",
      }),
    ),
    mentions: Type.Optional(
      Type.Enum(["defuse", "keep"] as const, {
        default: DEFAULTS.text.mentions,
        description: "Whether @name in a text may notify that person; X restricts mentions by programs",
      }),
    ),
  },
  { ...strict, default: {}, description: "How texts become posts" },
);

export const Settings = Type.Object(
  {
    apiBaseUrl: Type.Optional(
      Type.String({
        pattern: BASE_URL,
        default: DEFAULTS.apiBaseUrl,
        description: "Where X's API is; http:// is allowed for loopback only",
      }),
    ),
    proxy: Type.Optional(
      Type.String({
        pattern: "^https?://[^\\s]+$",
        description: "HTTP proxy for all requests to X; without it HTTPS_PROXY and NO_PROXY of the host decide",
      }),
    ),
    caFile: Type.Optional(
      Type.String({
        minLength: 1,
        "x-path": "file",
        description: "PEM file with certificate authorities to trust besides the usual ones (a proxy that inspects TLS)",
      }),
    ),
    clock: Type.Optional(ClockSettings),
    text: Type.Optional(TextSettings),
    protectedAccount: Type.Optional(
      Type.Enum(["warn", "block", "off"] as const, {
        default: DEFAULTS.protectedAccount,
        description: "An account whose posts everybody can read: warn when it is authorised, block every post, or say nothing",
      }),
    ),
    requestTimeoutSeconds: Type.Optional(
      Type.Number({
        minimum: 0.1,
        maximum: 120,
        default: DEFAULTS.requestTimeoutSeconds,
        description: "Seconds until a request to X is given up, from connecting to the last byte of the answer",
      }),
    ),
  },
  { ...strict, title: "Twitter plug-in settings" },
);
/** As it may stand in the file. */
export type Settings = Static<typeof Settings>;

/** As the plug-in uses it: nothing left open but what has no default. */
export type CompleteSettings = {
  [Key in keyof typeof DEFAULTS]-?: Key extends "clock" | "text" ? Required<NonNullable<Settings[Key]>> : NonNullable<Settings[Key]>;
} & Pick<Settings, "proxy" | "caFile">;

/** Fills in the defaults, whether or not the validator has done so. */
export const completeSettings = (settings: Settings): CompleteSettings => ({
  ...DEFAULTS,
  ...settings,
  clock: { ...DEFAULTS.clock, ...settings.clock },
  text: { ...DEFAULTS.text, ...settings.text },
});

const Secret = (description: string) => Type.String({ minLength: 1, description });

export const Secrets = Type.Object(
  {
    consumerKey: Secret("API key of the X app"),
    consumerSecret: Secret("API key secret of the X app"),
    accounts: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          { accessToken: Secret("Access token of the account"), accessTokenSecret: Secret("Its secret") },
          { ...strict, description: "An administrator's own token; wins over the one that a PIN brought" },
        ),
        { description: "By account name, without @" },
      ),
    ),
  },
  { ...strict, title: "Twitter plug-in secrets" },
);
export type Secrets = Static<typeof Secrets>;
