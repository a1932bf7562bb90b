/**
 * AR System's side of a failure: values, status lists, message numbers, and the faults that are the host's own.
 *
 * A failure travels through Perch as a {@link Fault}: the name of a row and the facts of the case. Only a door turns
 * it into numbers and texts, with {@link reportFault}, so that every door says the same.
 */
import type { Static } from "typebox";
import { cutBytes } from "./cut-bytes.ts";
import { Type } from "./type.ts";

export { cutBytes, MAX_APPENDED_BYTES } from "./cut-bytes.ts";

/** AR's data types by number (AR System C API, `ar.h`: AR_DATA_TYPE_*). */
export const DATA_TYPES = [
  "NULL",
  "KEYWORD",
  "INTEGER",
  "REAL",
  "CHAR",
  "DIARY",
  "ENUM",
  "TIME",
  "BITMASK",
  "BYTES",
  "DECIMAL",
  "ATTACH",
  "CURRENCY",
  "DATE",
  "TIME_OF_DAY",
] as const;

/** One value of a filter call: plain JSON for CHAR, INTEGER, REAL and NULL, and a tagged object for the rest. */
export const ARValue = Type.Union(
  [
    Type.String(),
    Type.Number(),
    Type.Null(),
    Type.Object(
      {
        type: Type.Enum(DATA_TYPES),
        value: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
      },
      { additionalProperties: false },
    ),
  ],
  { title: "ARValue" },
);
export type ARValue = Static<typeof ARValue>;

/** The four kinds of entry that Perch uses, with AR's numbers (AR_RETURN_OK … AR_RETURN_FATAL). */
export const MESSAGE_TYPES = { NOTE: 0, WARNING: 1, ERROR: 2, FATAL: 3 } as const;
export type MessageType = keyof typeof MESSAGE_TYPES;

export const StatusEntry = Type.Object(
  {
    messageType: Type.Enum(["NOTE", "WARNING", "ERROR", "FATAL"]),
    messageNum: Type.Integer(),
    messageText: Type.String(),
    appendedText: Type.String({ description: "At most 255 bytes of UTF-8" }),
  },
  { additionalProperties: false, title: "StatusEntry" },
);
export type StatusEntry = Static<typeof StatusEntry>;

/** What X answered, as far as it helps the reader. */
export const XFacts = Type.Object(
  {
    status: Type.Integer({ description: "HTTP status" }),
    code: Type.Optional(Type.Integer({ description: "v1.1 error code" })),
    title: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type XFacts = Static<typeof XFacts>;

/** `offsetSeconds` = service − host: positive where the host is slow. `serverDate` is the Date header as it came. */
export const ClockFacts = Type.Object({ offsetSeconds: Type.Number(), serverDate: Type.String() }, { additionalProperties: false });
export type ClockFacts = Static<typeof ClockFacts>;

/** A failure on its way: which row of the table, and the facts of this case. Plain data; it is stored as it is. */
export type Fault = {
  /** The row's name: `clock-skew`, `not-registered`, … */
  reason: string;
  /** Appended text of the first status entry. The door cuts it at 255 bytes. */
  cause: string;
  /** Appended text of the note: the figures of this case. */
  detail?: string;
  x?: XFacts;
  clock?: ClockFacts;
  /** What to do in this case, where the row's advice does not fit; one sentence. */
  advice?: string;
};

/** One row of a table of failures. */
export type FaultRow = {
  /** AR message number of the first entry; 8753 where it is left out. */
  number?: number;
  /** Number of the explaining NOTE, 20000–20999; left out where the AR number says it all. */
  note?: number;
  /** What it means, one sentence. */
  text: string;
  /** What to do about it, one sentence. */
  advice: string;
  /** Whether the same call, or the same attempt, can succeed later without anybody changing anything. */
  retryable: boolean;
};
export type FaultTable<Row extends FaultRow = FaultRow> = Readonly<Record<string, Row>>;

/** AR System's own numbers and texts. Where only a number's meaning is published, the text is Perch's own. */
export const MESSAGES = {
  8753: "Error in plugin",
  8755: "The specified plug-in does not exist",
  8756: "An error has occurred while loading a plug-in.",
  8760: "Cannot establish a network connection to the AR System Plug-In server",
  8761: "The user name or password given to the plug-in server is missing or wrong",
  8762: "The plug-in failed its initialisation and cannot be called",
  8769: "The configuration of the plug-in server is wrong",
  9940: "Time-out during plug-in call -- the request has been accepted by the plug-in server, but the plugin has not yet responded.",
} as const satisfies Record<number, string>;
export type MessageNumber = keyof typeof MESSAGES;

/** The faults that are the host's own; a plug-in brings the table of its service. */
export const HOST_FAULTS = {
  "plugin-error": {
    text: "The plug-in failed.",
    advice: "Look for the plug-in's name in the host's log; the appended text is the plug-in's own.",
    retryable: false,
  },
  "worker-ended": {
    text: "The plug-in's worker ended during the call.",
    advice: "It is being replaced; call again, and look for the cause in the host's log.",
    retryable: true,
  },
  "no-such-plugin": {
    number: 8755,
    text: "No plug-in or alias of that name.",
    advice: "Compare the name with `perch plugins list` and the aliases in the configuration.",
    retryable: false,
  },
  "load-failed": {
    number: 8756,
    text: "The plug-in could not be loaded.",
    advice: "Check the module's path in the configuration and its default export.",
    retryable: false,
  },
  "no-connection": {
    number: 8760,
    text: "The host does not answer.",
    advice: "Start it with `perch start`, or give its address with --url.",
    retryable: true,
  },
  "bad-password": {
    number: 8761,
    text: "Wrong or missing credentials.",
    advice: "Give the name and password of a client in the credentials file.",
    retryable: false,
  },
  "init-failed": {
    number: 8762,
    text: "The plug-in could not start.",
    advice: "Mend the cause and run `perch plugins restart`.",
    retryable: false,
  },
  "bad-config": {
    number: 8769,
    text: "The configuration does not validate.",
    advice: "Mend the line that is named and run `perch check`.",
    retryable: false,
  },
  "time-out": {
    number: 9940,
    text: "The call passed its time-out.",
    advice: "Look at the plug-in's log lines; raise filterApiTimeoutSeconds if the work really takes so long.",
    retryable: true,
  },
  "not-registered": {
    note: 20020,
    text: "No registration matches that functional user and content.",
    advice: "Create one with `perch registrations create`, or correct the name in the call.",
    retryable: false,
  },
  disabled: {
    note: 20021,
    text: "The registration is disabled.",
    advice: "Enable it with `perch registrations enable`.",
    retryable: false,
  },
  "not-authorized": {
    note: 20022,
    text: "The account has not been authorised.",
    advice: "Authorise it first with `perch registrations authorize`.",
    retryable: false,
  },
  "bad-input": { note: 20023, text: "An input is missing or wrong.", advice: "Correct the input that is named.", retryable: false },
  "not-allowed": {
    note: 20026,
    text: "The client's role does not allow this call.",
    advice: "Use a client with the role that is named.",
    retryable: false,
  },
  conflict: {
    note: 20027,
    text: "It contradicts something that exists.",
    advice: "Use a new idempotency key, or change the existing registration.",
    retryable: false,
  },
  "not-found": { note: 20028, text: "There is no such thing.", advice: "List what there is; correct the id or name.", retryable: false },
  "outbox-full": {
    note: 20030,
    text: "The outbox is full; nothing was accepted.",
    advice: "Call again later; see `perch lanes list` for what holds the lanes up.",
    retryable: true,
  },
  expired: {
    note: 20031,
    text: "Its time to live passed before its first post could begin.",
    advice: "If it still matters, run `perch deliveries retry`.",
    retryable: false,
  },
  "store-unavailable": {
    note: 20032,
    text: "The store can't be written; nothing was accepted.",
    advice: "Check the disk that holds the store, then call again.",
    retryable: true,
  },
  "no-directory": { note: 20034, text: "The users' directory gave no answer.", advice: "Run `perch doctor`.", retryable: true },
  stopping: { note: 20033, text: "The host is going down; nothing was accepted.", advice: "Call again when it is up.", retryable: true },
} as const satisfies FaultTable;
export type HostReason = keyof typeof HOST_FAULTS;

/** The shape of `error.data` and, with `message`, of a delivery's `lastError`. */
export const FaultReport = Type.Object(
  {
    message: Type.String({ description: "The line that people see" }),
    statusList: Type.Array(StatusEntry),
    reason: Type.String(),
    retryable: Type.Boolean(),
    x: Type.Optional(XFacts),
    clock: Type.Optional(ClockFacts),
    advice: Type.String(),
  },
  { additionalProperties: false, title: "FaultReport" },
);
export type FaultReport = Static<typeof FaultReport>;

/** A value or the fault that stands in its place. */
export type Answer<T> = { ok: true; value: T } | { ok: false; fault: Fault };

export const done = <T>(value: T): Answer<T> => ({ ok: true, value });
export const refused = (fault: Fault): Answer<never> => ({ ok: false, fault });

/** A fault of the host's own table. */
export const hostFault = (reason: HostReason, cause: string, detail?: string): Fault =>
  detail === undefined ? { reason, cause } : { reason, cause, detail };

/** The line that people see: `messageText : appendedText (ARERR messageNum)`. */
export function statusLine(entry: StatusEntry): string {
  const appended = entry.appendedText === "" ? "" : ` : ${entry.appendedText}`;
  return `${entry.messageText}${appended} (ARERR ${entry.messageNum})`;
}

const UNKNOWN_ROW: FaultRow = {
  text: "The plug-in that reported this is not loaded.",
  advice: "Load it to read what it meant.",
  retryable: false,
};

/** Turns a fault into numbers and texts with the tables that are loaded. */
export function reportFault(fault: Fault, table: FaultTable): FaultReport {
  const row = (Object.hasOwn(table, fault.reason) ? table[fault.reason] : undefined) ?? UNKNOWN_ROW;
  // A plug-in's table may hold any number; one whose text nobody knows would be an entry without one.
  const number = row.number !== undefined && Object.hasOwn(MESSAGES, row.number) ? (row.number as MessageNumber) : 8753;
  const first: StatusEntry = {
    messageType: "ERROR",
    messageNum: number,
    messageText: MESSAGES[number],
    appendedText: cutBytes(fault.cause),
  };
  const advice = fault.advice ?? row.advice;
  const statusList = row.note === undefined ? [first] : [first, noteOf(row.note, `${row.text} ${advice}`, fault.detail)];
  return {
    message: statusLine(first),
    statusList,
    reason: fault.reason,
    retryable: row.retryable,
    ...(fault.x && { x: fault.x }),
    ...(fault.clock && { clock: fault.clock }),
    advice,
  };
}

function noteOf(note: number, text: string, detail = ""): StatusEntry {
  const messageText = cutBytes(`Perch: ${text}`);
  return { messageType: "NOTE", messageNum: note, messageText, appendedText: cutBytes(detail) };
}
