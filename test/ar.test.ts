import fc from "fast-check";
import t from "tap";
import {
  cutBytes,
  done,
  type Fault,
  type FaultTable,
  HOST_FAULTS,
  hostFault,
  MAX_APPENDED_BYTES,
  MESSAGES,
  refused,
  reportFault,
  statusLine,
} from "../src/ar.ts";

const bytes = (text: string): number => Buffer.byteLength(text, "utf8");
/** Texts with every width of UTF-8 in them, around the limit. */
const anyText = fc.string({ unit: "binary", maxLength: 400 });

t.test("a cut text is a prefix of at most 255 bytes, and never ends in half a character", (t) => {
  fc.assert(
    fc.property(anyText, fc.nat(260), (text, limit) => {
      const cut = cutBytes(text, limit);
      const next = [...text.slice(cut.length)][0];
      return text.startsWith(cut) && cut.isWellFormed() && bytes(cut) <= limit && (next === undefined || bytes(cut + next) > limit);
    }),
    { numRuns: 2000 },
  );
  t.equal(bytes(cutBytes("é".repeat(200))), 254, "a character that does not fit whole is left out");
  t.equal(cutBytes("x".repeat(255)), "x".repeat(255));
  t.equal(MAX_APPENDED_BYTES, 255);
  t.end();
});

t.test("the line that people see has text, appended text and number, and no empty part", (t) => {
  const entry = { messageType: "ERROR", messageNum: 8753, messageText: "Error in plugin", appendedText: "401:no" } as const;
  t.equal(statusLine(entry), "Error in plugin : 401:no (ARERR 8753)");
  t.equal(statusLine({ ...entry, appendedText: "" }), "Error in plugin (ARERR 8753)");
  t.end();
});

/** Number or note of each reason, as it is published. */
const NUMBERS: Record<keyof typeof HOST_FAULTS, { number?: number; note?: number }> = {
  "plugin-error": {},
  "worker-ended": {},
  "no-such-plugin": { number: 8755 },
  "load-failed": { number: 8756 },
  "no-connection": { number: 8760 },
  "bad-password": { number: 8761 },
  "init-failed": { number: 8762 },
  "bad-config": { number: 8769 },
  "time-out": { number: 9940 },
  "not-registered": { note: 20020 },
  disabled: { note: 20021 },
  "not-authorized": { note: 20022 },
  "bad-input": { note: 20023 },
  "not-allowed": { note: 20026 },
  conflict: { note: 20027 },
  "not-found": { note: 20028 },
  "outbox-full": { note: 20030 },
  expired: { note: 20031 },
  "store-unavailable": { note: 20032 },
  "no-directory": { note: 20034 },
  stopping: { note: 20033 },
};
const TABLE: FaultTable = HOST_FAULTS;

t.test("every row of the host's table has its number, and no other row has it", (t) => {
  t.strictSame(
    Object.fromEntries(
      Object.entries(TABLE).map(([reason, { number, note }]) => [
        reason,
        { ...(number !== undefined && { number }), ...(note !== undefined && { note }) },
      ]),
    ),
    NUMBERS,
  );
  for (const key of ["number", "note"] as const) {
    const used = Object.values(TABLE).flatMap((row) => row[key] ?? []);
    t.equal(new Set(used).size, used.length, `each ${key} means one thing`);
  }
  for (const [reason, { note }] of Object.entries(TABLE)) if (note !== undefined) t.ok(note >= 20_000 && note <= 20_999, reason);
  t.end();
});

t.test("no text is longer than AR System keeps, or says nothing", (t) => {
  for (const [number, text] of Object.entries(MESSAGES)) t.ok(bytes(text) <= MAX_APPENDED_BYTES, number);
  for (const [reason, { text, advice }] of Object.entries(TABLE)) {
    t.ok(bytes(`Perch: ${text} ${advice}`) <= MAX_APPENDED_BYTES, reason);
    t.match(text, /^[A-Z].*\.$/, reason);
    t.match(advice, /^[A-Z].*\.$/, reason);
  }
  t.end();
});

t.test("a case's own advice stands in the place of the row's", (t) => {
  const report = reportFault({ reason: "not-authorized", cause: "Desk", advice: "Mend the file." }, TABLE);
  t.equal(report.advice, "Mend the file.");
  t.match(report.statusList[1], { messageNum: 20022, messageText: "Perch: The account has not been authorised. Mend the file." });
  t.end();
});

t.test("every fault is reported with entries that AR System can take", (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(TABLE)), anyText, fc.option(anyText, { nil: undefined }), (reason, cause, detail) => {
      const fault: Fault = detail === undefined ? { reason, cause } : { reason, cause, detail };
      const report = reportFault(fault, TABLE);
      const [first, note] = report.statusList;
      const row = TABLE[reason];
      return (
        first?.messageType === "ERROR" &&
        report.message === statusLine(first) &&
        first.messageNum === (row?.number ?? 8753) &&
        note?.messageNum === row?.note &&
        (note === undefined || (note.messageType === "NOTE" && note.messageText.startsWith("Perch: "))) &&
        report.statusList.every(({ messageText, appendedText }) => bytes(messageText) <= 255 && bytes(appendedText) <= 255)
      );
    }),
  );
  t.end();
});

t.test("a report carries the facts of the case, and what to do", (t) => {
  const x = { status: 401, code: 135 };
  const clock = { offsetSeconds: 1200, serverDate: "Tue, 24 Nov 2026 08:00:00 GMT" };
  t.strictSame(reportFault({ ...hostFault("stopping", "", "now"), x, clock }, TABLE), {
    message: "Error in plugin (ARERR 8753)",
    statusList: [
      { messageType: "ERROR", messageNum: 8753, messageText: "Error in plugin", appendedText: "" },
      {
        messageType: "NOTE",
        messageNum: 20033,
        messageText: "Perch: The host is going down; nothing was accepted. Call again when it is up.",
        appendedText: "now",
      },
    ],
    reason: "stopping",
    retryable: true,
    x,
    clock,
    advice: "Call again when it is up.",
  });
  t.end();
});

t.test("a reason that no table knows is still an ARERR 8753", (t) => {
  for (const reason of ["gone-with-its-plug-in", "constructor", "__proto__"])
    t.match(reportFault({ reason, cause: "401:no" }, TABLE), {
      message: "Error in plugin : 401:no (ARERR 8753)",
      reason,
      retryable: false,
    });
  t.end();
});

t.test("a plug-in's row cannot make an entry without a text, or one that is cut in the middle of a character", (t) => {
  const table = { odd: { number: 4711, note: 20_500, text: "ü".repeat(300), advice: "", retryable: false } };
  const [first, note] = reportFault({ reason: "odd", cause: "c" }, table).statusList;
  t.match(first, { messageNum: 8753, messageText: "Error in plugin" });
  t.equal(note?.messageText, `Perch: ${"ü".repeat(124)}`);
  t.end();
});

t.test("an answer is a value or a fault", (t) => {
  t.strictSame(done(7), { ok: true, value: 7 });
  t.strictSame(refused(hostFault("expired", "late")), { ok: false, fault: { reason: "expired", cause: "late" } });
  t.strictSame(hostFault("expired", "late", "by a day"), { reason: "expired", cause: "late", detail: "by a day" });
  t.end();
});
