import t from "tap";
import { FAULTS } from "../../../plugins/twitter/faults.ts";
import { HOST_FAULTS, MAX_APPENDED_BYTES, MESSAGES, reportFault } from "../../../src/ar.ts";
import type { ServiceFaultRow } from "../../../src/contract.ts";

const rows: [string, ServiceFaultRow][] = Object.entries(FAULTS);

// The numbers that the documentation of the failures gives.
const NOTES: Record<string, number> = {
  "clock-skew": 20001,
  "token-invalid": 20002,
  "consumer-key-invalid": 20003,
  "not-permitted": 20004,
  "duplicate-content": 20005,
  "too-long": 20006,
  "rate-limited": 20007,
  "credits-depleted": 20008,
  "x-unavailable": 20009,
  unreachable: 20010,
  "account-locked": 20011,
  "account-not-protected": 20012,
  "reply-refused": 20013,
  "in-doubt": 20014,
  "pin-rejected": 20024,
  "account-mismatch": 20025,
};

t.test("every failure has the note that is documented for it, and there is no other", async (t) => {
  t.strictSame(Object.fromEntries(rows.map(([reason, { note }]) => [reason, note])), NOTES);
});

t.test("notes are unique, in AR's range for plug-ins, and none is the host's", async (t) => {
  const notes = rows.map(([, { note }]) => note ?? 0);
  const hostNotes = Object.values(HOST_FAULTS).map((row) => ("note" in row ? row.note : 0));
  t.equal(new Set(notes).size, notes.length);
  for (const note of notes) {
    t.ok(note >= 20000 && note <= 20999, String(note));
    t.notOk(
      hostNotes.some((host) => host === note),
      String(note),
    );
  }
});

t.test("every row is an ERROR 8753 with an explaining NOTE whose text fits AR's 255 bytes", async (t) => {
  for (const [reason] of rows) {
    const [error, note] = reportFault({ reason, cause: "why" }, FAULTS).statusList;
    t.match(error, { messageType: "ERROR", messageNum: 8753, messageText: MESSAGES[8753] }, reason);
    t.match(note, { messageType: "NOTE", messageNum: NOTES[reason]! });
    t.match(note?.messageText, /^Perch: [A-Z].*\. [A-Z].*\.$/, reason);
    t.ok(Buffer.byteLength(note?.messageText ?? "") <= MAX_APPENDED_BYTES, reason);
  }
});

t.test("what Perch tries again is retryable, and what it gives up is not", async (t) => {
  for (const [reason, row] of rows) t.equal(row.retryable, row.verdict !== "failed", reason);
});

t.test("only what is tried again has a pace or holds others up", async (t) => {
  for (const [reason, row] of rows) {
    t.equal(row.pace !== undefined, row.verdict === "retry", reason);
    if (row.verdict !== "retry") t.equal(row.holds, undefined, reason);
  }
});
