/**
 * The shapes of `perch.yaml` and of the credentials file. Types are derived from them, ajv checks with them, and
 * `publish.ts` writes them for editors.
 *
 * A property with a default is never missing once it is loaded; only what may truly be absent is `Optional`.
 * Two keywords are Perch's own: `x-path` (`true`: a path, made absolute against the file it stands in; `"file"`: it
 * must also be a readable file; `"store"`: the path after `sqlite:`, and the files that the options of an address name) and `x-expected` (what stands after "must be").
 */
import type { Static } from "typebox";
import { ROLES } from "../contract.ts";
import { LINE_LEVELS } from "../log-shapes.ts";
import { strict } from "../shape-parts.ts";
import { Type } from "../type.ts";

const filePath = (description: string) => Type.String({ minLength: 1, "x-path": "file", description });

/** AR System's names (C API: AR_LOG_LEVEL…) and pino's; `log.ts` says which is which. */
export const LOG_LEVELS = [
  ...LINE_LEVELS,
  "silent",
  ...(["SEVERE", "WARNING", "INFO", "CONFIG", "FINE", "FINER", "FINEST", "OFF", "ALL"] as const),
] as const;
const LogLevel = (description: string) => Type.Enum(LOG_LEVELS, { description, default: "info" });

const Tls = Type.Object(
  {
    certFile: filePath("Certificate chain, PEM"),
    keyFile: filePath("Private key, PEM"),
    clientCaFile: Type.Optional(filePath("Callers must show a certificate that this authority signed, PEM")),
  },
  strict,
);

const Group = Type.Object(
  {
    leaseSeconds: Type.Number({
      minimum: 3,
      maximum: 60,
      default: 10,
      description: "When nothing was heard of a host for so long, others take over its accounts; the same on every host",
    }),
  },
  { ...strict, default: {}, description: "Several hosts on one PostgreSQL" },
);

const Server = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      default: "127.0.0.1",
      description: "Address to listen on. Any but a loopback address needs tls, or insecure: true",
    }),
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 9999, description: "9999 is AR System's plug-in port; 0 takes a free one" }),
    publicUrl: Type.Optional(
      Type.String({
        pattern: "^https?://[^/?#\\s]+[^?#\\s]*$",
        "x-expected": "an http:// or https:// address",
        description: "What the WSDL and OpenAPI say; default http(s)://host:port",
      }),
    ),
    socket: Type.String({
      minLength: 1,
      "x-path": true,
      default: "../data/perch.sock",
      description: "Unix socket (mode 0600) of the command line: who may open it is admin",
    }),
    tls: Type.Optional(Tls),
    insecure: Type.Boolean({ default: false, description: "Listen beyond loopback without TLS, behind a proxy that does it" }),
    trustProxy: Type.Array(
      Type.String({
        pattern: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
        "x-expected": "an IP address, or a network such as 10.0.0.0/8",
        description: "An address or a network",
      }),
      { maxItems: 100, default: [], description: "Proxies whose X-Forwarded-For is believed; of all others it is ignored" },
    ),
    group: Group,
    stopTimeoutSeconds: Type.Number({ minimum: 0, maximum: 3600, default: 15, description: "How long a stop waits for what is in flight" }),
  },
  { ...strict, default: {}, description: "Where the host listens" },
);

const Plugin = Type.Object(
  {
    module: Type.String({ minLength: 1, description: "A folder of plugins/, or a path (.ts, .js or a folder with an index of these)" }),
    filterApiTimeoutSeconds: Type.Integer({ minimum: 1, maximum: 300, default: 40, description: "After so long a call is answered 9940" }),
    threads: Type.Integer({ minimum: 1, maximum: 64, default: 1, description: "Workers of this plug-in" }),
    maxMemoryMb: Type.Integer({ minimum: 16, maximum: 65536, default: 256, description: "What each worker may hold in heap and buffers" }),
    userDefined: Type.Record(Type.String(), Type.Unknown(), {
      default: {},
      description: "The plug-in's own settings, validated by its own schema",
    }),
  },
  strict,
);

const Outbox = Type.Object(
  {
    maxQueued: Type.Integer({ minimum: 1, default: 100_000, description: "Deliveries that may wait; more are refused" }),
    maxAgeHours: Type.Number({
      exclusiveMinimum: 0,
      maximum: 8760,
      default: 24,
      description: "A delivery that has not begun by then is expired; the default of ttlSeconds",
    }),
    dedupeHours: Type.Number({ minimum: 0, maximum: 8760, default: 24, description: "How long a repeated call is recognised" }),
    retentionDays: Type.Number({ exclusiveMinimum: 0, maximum: 36500, default: 90, description: "How long ended deliveries are kept" }),
  },
  { ...strict, default: {}, description: "What is kept, and for how long" },
);

const Audit = Type.Object(
  {
    retentionDays: Type.Number({ exclusiveMinimum: 0, maximum: 36500, default: 365, description: "How long it is kept who did what" }),
  },
  { ...strict, default: {}, description: "The record of what administrators and operators do" },
);

const UserColumns = Type.Object(
  {
    loginName: Type.Optional(Type.String({ minLength: 1, description: "AR login name" })),
    fullName: Type.Optional(Type.String({ minLength: 1 })),
    email: Type.Optional(Type.String({ minLength: 1 })),
  },
  { ...strict, description: "Columns (CSV) or keys (JSON) that are not recognised by their names" },
);

const ArServer = Type.Object(
  {
    url: Type.String({
      pattern: "^https?://[^/?#@\\s]+(/[^?#@\\s]*)?$",
      format: "uri",
      "x-expected": "an https:// address without user and password",
      description: "Where AR System's REST API is, such as https://ar.example.com:8443; http:// is allowed for loopback only",
    }),
    caFile: Type.Optional(filePath("The authority that signed its certificate, PEM")),
    requestTimeoutSeconds: Type.Number({
      exclusiveMinimum: 0,
      maximum: 60,
      default: 5,
      description: "After so long a request is given up",
    }),
    cacheSeconds: Type.Number({ minimum: 1, maximum: 86400, default: 60, description: "How long what it answered is kept" }),
  },
  { ...strict, description: "Users are looked up in AR System's form User; the log-in stands in the credentials file, as directory" },
);

const Directory = Type.Object(
  {
    file: Type.Optional(filePath("CSV with a header, or a JSON array: login name, full name, e-mail; at most 8 MiB")),
    columns: Type.Optional(UserColumns),
    arServer: Type.Optional(ArServer),
  },
  { ...strict, description: "Who is suggested as a functional user; left out: those of the registrations that exist" },
);

const LogRotation = Type.Object(
  {
    maxSizeMb: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1_000_000,
      default: 50,
      description: "A file that large is followed by a new one",
    }),
    every: Type.Enum(["daily", "hourly"] as const, { default: "daily", description: "A new file begins with each day or hour" }),
    keep: Type.Integer({ minimum: 1, maximum: 10_000, default: 14, description: "Older files that are kept" }),
  },
  { ...strict, description: "log.file becomes a link to the newest of several files; {} takes the defaults" },
);

const Log = Type.Object(
  {
    level: LogLevel("AR System's names or pino's"),
    file: Type.Optional(Type.String({ minLength: 1, "x-path": true, description: "Default: standard output" })),
    rotate: Type.Optional(LogRotation),
    format: Type.Optional(Type.Enum(["json", "ar"] as const, { description: "Default: ar on a terminal, else json" })),
    plugins: Type.Record(Type.String(), LogLevel("Level of the plug-in of this name"), {
      default: {},
      description: "Level of single plug-ins",
    }),
  },
  { ...strict, default: {}, description: "The host's log" },
);

export const Config = Type.Object(
  {
    server: Server,
    store: Type.String({
      pattern: "^(sqlite:.|postgres(ql)?://.)",
      "x-path": "store",
      "x-expected": "sqlite:PATH or postgres://user@host/db",
      default: "sqlite:../data/perch.db",
      description: "sqlite:PATH or postgres://user@host/db",
    }),
    credentials: Type.String({ minLength: 1, "x-path": true, description: "The file with the secrets, mode 0600" }),
    plugins: Type.Array(Plugin, { maxItems: 100, description: "The plug-ins to run" }),
    aliases: Type.Record(Type.String(), Type.String({ minLength: 1 }), { default: {}, description: "alias: name that a plug-in offers" }),
    outbox: Outbox,
    audit: Audit,
    directory: Type.Optional(Directory),
    log: Log,
  },
  { ...strict, title: "Perch configuration" },
);
export type Config = Static<typeof Config>;

const VaultKey = Type.Object(
  {
    id: Type.String({
      pattern: "^[A-Za-z0-9_-]{1,64}$",
      "x-expected": 'a text of letters, digits, "-" and "_"',
      description: "Any name, such as the month: it stands before what the key sealed",
    }),
    key: Type.String({
      // 32 bytes are 43 digits of base64 and one filler (RFC 4648, section 4)
      pattern: "^[A-Za-z0-9+/_-]{43}=?$",
      "x-expected": "32 bytes in base64 (openssl rand -base64 32)",
      description: "32 random bytes, base64",
    }),
  },
  strict,
);

const Client = Type.Object(
  {
    name: Type.String({
      // a user-id of HTTP Basic has no colon and no control characters (RFC 7617, section 2)
      pattern: "^[^:\\u0000-\\u001f\\u007f]{1,255}$",
      "x-expected": "1 to 255 characters without a colon",
      description: "User name of the caller",
    }),
    role: Type.Enum(ROLES, { description: "admin contains operator, operator contains workflow" }),
    password: Type.String({ minLength: 1, maxLength: 1024, description: "Plain, or what `perch credentials hash` printed" }),
  },
  strict,
);

export const Credentials = Type.Object(
  {
    vault: Type.Object(
      { keys: Type.Array(VaultKey, { minItems: 1, maxItems: 100, description: "The first seals; all open" }) },
      { ...strict, description: "Keys that seal the tokens in the store" },
    ),
    clients: Type.Array(Client, { minItems: 1, maxItems: 1000, description: "Who may call" }),
    store: Type.Optional(
      Type.Object(
        { password: Type.String({ minLength: 1, description: "Of the user that the store's address names; asked for each connection" }) },
        { ...strict, description: "For a store in PostgreSQL" },
      ),
    ),
    directory: Type.Optional(
      Type.Object(
        {
          username: Type.String({ minLength: 1, maxLength: 254, description: "Login name of a user who can read the form User" }),
          password: Type.String({ minLength: 1, maxLength: 1024 }),
        },
        { ...strict, description: "Log-in at directory.arServer" },
      ),
    ),
    plugins: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
      default: {},
      description: "Each plug-in's secrets, validated by its own schema",
    }),
  },
  { ...strict, title: "Perch credentials" },
);
export type Credentials = Static<typeof Credentials>;
