/** What an endpoint's answer means (Standard Webhooks, "Delivery success and failure"). */
import { STATUS_CODES } from "node:http";
import type { Fault } from "../../src/ar.ts";
import type { Verdict } from "../../src/contract.ts";
import { RefusedAddress } from "./address.ts";
import { FAULTS, type Reason } from "./faults.ts";

export type Exchange = { status: number; headers: Readonly<Record<string, string | string[] | undefined>> };

/** The first that fits decides. A status below 200 or over 599 is none. */
const RULES: readonly { reason: Reason; when: (status: number) => boolean }[] = [
  { reason: "webhook-busy", when: (status) => [429, 502, 503, 504].includes(status) },
  // 408: the request did not arrive whole.
  { reason: "webhook-broken", when: (status) => status === 408 || (status >= 500 && status <= 599) },
  { reason: "webhook-signature", when: (status) => status === 401 || status === 403 },
  { reason: "webhook-not-found", when: (status) => status === 404 || status === 405 },
  { reason: "webhook-gone", when: (status) => status === 410 },
  { reason: "webhook-moved", when: (status) => status >= 300 && status < 400 },
  { reason: "webhook-refused", when: (status) => status >= 400 && status < 500 },
];

/** `sentAtMs` is the time that was signed, since a receiver refuses a wrong one with 401. */
export function verdictOf({ status, headers }: Exchange, id: string, sentAtMs: number): Verdict {
  if (status >= 200 && status < 300) return { verdict: "delivered", id };
  const reason = RULES.find(({ when }) => when(status))?.reason ?? "webhook-no-answer";
  const date = readDate(headers.date);
  const clock = reason === "webhook-signature" ? clockFacts(headers, date, sentAtMs) : {};
  const fault: Fault = { reason, cause: `${status}:${STATUS_CODES[status] ?? "unknown"}`, x: { status }, ...clock };
  return verdictFor(fault, reason, waitOf(reason, headers["retry-after"], date ?? sentAtMs));
}

/** Of a request that ended without an answer. */
export function verdictOfError(error: unknown): Verdict {
  const reason = reasonOfError(error);
  return verdictFor({ reason, cause: causeOfError(error) }, reason);
}

function causeOfError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What AbortSignal.timeout throws is not about requests.
  if (error.name === "TimeoutError") return "No answer within requestTimeoutSeconds";
  // Where several addresses were tried, the message of all of them together is empty.
  const [first] = error instanceof AggregateError ? error.errors : [];
  return error.message || (first === undefined ? error.name : causeOfError(first));
}

export function verdictFor(fault: Fault, reason: Reason, waitMs?: number): Verdict {
  const { verdict } = FAULTS[reason];
  return verdict === "failed" ? { verdict, fault } : { verdict, fault, ...(waitMs !== undefined && { waitMs }) };
}

/** With one of these nothing of the request has left: names, TCP, TLS, the proxy, a caFile that is gone since. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT|UND_ERR_PRX|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ENOENT|EACCES)/;

function reasonOfError(error: unknown): Reason {
  if (error instanceof RefusedAddress) return "webhook-address";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return NOT_SENT.test(code) ? "webhook-unreachable" : "webhook-no-answer";
}

/** Whatever an endpoint asks for, it is tried once a day: even a 410 may have been a mistake. */
const LONGEST_WAIT_MS = 86_400_000;

function waitOf(reason: Reason, retryAfter: unknown, nowMs: number): number | undefined {
  if (reason === "webhook-gone") return LONGEST_WAIT_MS;
  const waitMs = reason === "webhook-busy" ? readRetryAfter(retryAfter, nowMs) : undefined;
  return waitMs === undefined ? undefined : Math.min(waitMs, LONGEST_WAIT_MS);
}

/** RFC 9110, section 10.2.3: seconds, or a date, which is reckoned from the same answer's Date. */
function readRetryAfter(header: unknown, nowMs: number): number | undefined {
  if (typeof header === "string" && /^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const until = readDate(header);
  return until === undefined ? undefined : Math.max(0, until - nowMs);
}

function readDate(header: unknown): number | undefined {
  const ms = typeof header === "string" && /GMT$/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** The usual tolerance of receivers is five minutes; a smaller difference is not what they refused. */
const NOTEWORTHY_MS = 60_000;

function clockFacts(headers: Exchange["headers"], date: number | undefined, sentAtMs: number): Pick<Fault, "clock" | "detail"> {
  if (date === undefined || headers.age !== undefined || Math.abs(date - sentAtMs) < NOTEWORTHY_MS) return {};
  const offsetSeconds = Math.round((date - sentAtMs) / 1000);
  const detail = `The receiver's clock is ${Math.abs(offsetSeconds)} s ${offsetSeconds > 0 ? "ahead of" : "behind"} the time of this host`;
  return { clock: { offsetSeconds, serverDate: String(headers.date) }, detail };
}
