/** What each table of faults must hold to, so that AR System can show it and nobody's number means two things. */
import { HOST_FAULTS, MAX_APPENDED_BYTES, MESSAGES } from "../ar.ts";
import type { ServiceFaultTable } from "../contract.ts";

/** AR System keeps this range for plug-ins that others write. */
const FIRST_NOTE = 20_000;
const LAST_NOTE = 20_999;

const hostNotes = new Set(Object.values(HOST_FAULTS).flatMap((row) => ("note" in row ? [row.note] : [])));

/** `t.ok` is called once for each promise and row. */
export function checkFaults(t: { ok(value: unknown, message: string): unknown }, faults: ServiceFaultTable): void {
  const notes = Object.values(faults).flatMap(({ note }) => (note === undefined ? [] : [note]));
  t.ok(new Set(notes).size === notes.length, `each note is of one row only: ${notes.join(" ")}`);
  for (const [reason, row] of Object.entries(faults)) {
    t.ok(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(reason), `${reason}: a reason is in kebab-case`);
    t.ok(!Object.hasOwn(HOST_FAULTS, reason), `${reason}: the name is not one of the host's, whose row would win`);
    t.ok(
      row.number === undefined || Object.hasOwn(MESSAGES, row.number),
      `${reason}: ${row.number} is a number of AR System's with a text`,
    );
    t.ok(row.note === undefined || isFree(row.note), `${reason}: its note ${row.note} is in 20000–20999, and not the host's`);
    t.ok(row.number !== undefined || row.note !== undefined, `${reason}: it has a note of its own, since 8753 alone says nothing`);
    const bytes = Buffer.byteLength(`Perch: ${row.text} ${row.advice}`);
    t.ok(bytes <= MAX_APPENDED_BYTES, `${reason}: text and advice have ${bytes} bytes of ${MAX_APPENDED_BYTES}`);
    t.ok(row.retryable === (row.verdict !== "failed"), `${reason}: retryable is what its verdict says`);
  }
}

const isFree = (note: number): boolean =>
  Number.isInteger(note) && note >= FIRST_NOTE && note <= LAST_NOTE && !hostNotes.has(note as never);
