/** Moments and lengths of time, as people write and read them. */
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

const two = (number: number) => String(number).padStart(2, "0");

/** A moment (ISO 8601) in local time, as short as it can be understood at `now` (milliseconds since 1970). */
export function localTime(moment: string, now: number): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return moment;
  const today = new Date(now);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === today.toDateString()) return `${clock}:${two(at.getSeconds())}`;
  if (at.getFullYear() === today.getFullYear()) return `${two(at.getDate())} ${MONTHS[at.getMonth()]} ${clock}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

/** Reads `2026-11-24`, `2026-11-24T10:00` (local) or `2h` (ago); answers ISO 8601 in UTC, undefined when it is neither. */
export function readMoment(text: string, now: number): string | undefined {
  const ago = /^(\d{1,6})([smhdw])$/.exec(text);
  if (ago) return new Date(now - Number(ago[1]) * (SECONDS_OF_UNIT[ago[2] ?? ""] ?? 0) * 1000).toISOString();
  const iso = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text);
  // A date alone would be midnight in UTC (ECMA-262, 21.4.1.32); people mean their own.
  const at = iso ? new Date(text.length === 10 ? `${text}T00:00` : text) : new Date(Number.NaN);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
