/** What X's Date header says about the clocks. Nothing here reads a clock. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** RFC 9110 5.6.7 (IMF-fixdate) with the suffix GMT; X's servers of 2013 to 2025 wrote UTC instead. */
const DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC)$/;

/** A Date header in milliseconds since 1970; undefined for whatever is not exactly one. */
export function parseDate(header: string | undefined): number | undefined {
  const [, day, monthName, year, hour, minute, second] = DATE.exec(header ?? "") ?? [];
  const month = MONTHS.indexOf(monthName ?? "");
  if (month < 0) return undefined;
  const at = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  const read = new Date(at);
  // Date.UTC carries over: 31 February would silently become a day in March. A leap second (60) is refused with it.
  const exact = read.getUTCDate() === Number(day) && read.getUTCHours() === Number(hour) && read.getUTCSeconds() === Number(second);
  return exact && read.getUTCMinutes() === Number(minute) ? at : undefined;
}

/** When an answer's request left and its head came, by `clock.wall()` in ms, and its headers in lower case. */
export type Timing = { sentAt: number; receivedAt: number; headers: Readonly<Record<string, string>> };
export type Measurement = { offsetMs: number; serverDate: string };

/** A longer exchange says too little: the Date may be from either end of it. The limit is that of the AWS SDKs. */
const LONGEST_EXCHANGE_MS = 15 * 60_000;

/**
 * X − this host, in milliseconds; undefined where the answer tells nothing.
 *
 * The header was written somewhere between sending and receiving, so the middle is the best guess; it holds whole
 * seconds, cut, so half a second is added. An answer with an Age header came from a cache with an old Date (RFC 9111
 * 5.1; aws-sdk-go-v2 issue 3409). When the host's clock was set back during the exchange, nothing can be said.
 */
export function measure({ sentAt, receivedAt, headers }: Timing): Measurement | undefined {
  const took = receivedAt - sentAt;
  const serverDate = headers.date;
  const date = headers.age === undefined ? parseDate(serverDate) : undefined;
  if (date === undefined || serverDate === undefined || took < 0 || took > LONGEST_EXCHANGE_MS) return undefined;
  return { offsetMs: date + 500 - (sentAt + receivedAt) / 2, serverDate };
}

/** Whether the Date of an answer (ms) says that the timestamp signed in that request (s) was off by more than the tolerance (s). */
export const contradicts = (answerDate: number, signedTimestamp: number, toleranceSeconds: number): boolean =>
  Math.abs(answerDate / 1000 - signedTimestamp) > toleranceSeconds;
