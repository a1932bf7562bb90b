import type { HostReason } from "../ar.ts";

/**
 * The HTTP status (RFC 9110, section 15; 429: RFC 6585) of each failure of the host's own. 4xx: the call must change,
 * 5xx: it may come again as it is, or somebody has to look at the host.
 */
export const STATUSES = {
  "bad-input": 400,
  "bad-password": 401,
  "not-allowed": 403,
  "not-registered": 404,
  "not-found": 404,
  "no-such-plugin": 404,
  disabled: 409,
  "not-authorized": 409,
  conflict: 409,
  expired: 409,
  "bad-config": 500,
  "plugin-error": 502,
  "no-directory": 502,
  "worker-ended": 503,
  "load-failed": 503,
  "init-failed": 503,
  "no-connection": 503,
  "outbox-full": 503,
  "store-unavailable": 503,
  stopping: 503,
  "time-out": 504,
} as const satisfies Record<HostReason, number>;

const BY_REASON: ReadonlyMap<string, number> = new Map(Object.entries(STATUSES));

/** What a plug-in's own table holds failed behind the host, as 502 says. */
export const statusOf = (reason: string): number => BY_REASON.get(reason) ?? 502;
