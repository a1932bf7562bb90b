/** What can go wrong at an endpoint. Notes 20100 to 20109 are this plug-in's. */
import type { ServiceFaultTable } from "../../src/contract.ts";

/**
 * Nothing here is in doubt: the webhook-id is the same in each attempt, so what may have arrived is sent again. What
 * somebody has to mend first holds the lane, so that no broadcast is lost meanwhile, and is tried every five minutes; an
 * endpoint that is gone, once a day.
 */
export const FAULTS = {
  "webhook-unreachable": {
    note: 20100,
    text: "The endpoint can't be reached from this host.",
    advice: "Check its name, the firewall, the proxy and its certificate; Perch tries again.",
    verdict: "retry",
    pace: "back-off",
    retryable: true,
  },
  "webhook-no-answer": {
    note: 20101,
    text: "The post was sent and no readable answer came.",
    advice: "Nothing to do: Perch sends it again with the same webhook-id, by which the receiver drops repeats.",
    verdict: "retry",
    pace: "back-off",
    retryable: true,
  },
  "webhook-busy": {
    note: 20102,
    text: "The endpoint takes nothing for now.",
    advice: "Nothing to do: Perch goes on by itself.",
    verdict: "retry",
    holds: "lane",
    pace: "back-off",
    retryable: true,
  },
  "webhook-broken": {
    note: 20103,
    text: "The receiver failed.",
    advice: "Look into the receiver's log; Perch tries again.",
    verdict: "retry",
    pace: "back-off",
    retryable: true,
  },
  "webhook-signature": {
    note: 20104,
    text: "The receiver does not accept the signature.",
    advice: "Give both sides the same secret and the right time; Perch tries every five minutes.",
    verdict: "retry",
    holds: "lane",
    pace: "slow",
    retryable: true,
  },
  "webhook-not-found": {
    note: 20105,
    text: "There is no webhook at the endpoint's address.",
    advice: "Correct the url in the credentials file; Perch tries every five minutes.",
    verdict: "retry",
    holds: "lane",
    pace: "slow",
    retryable: true,
  },
  "webhook-moved": {
    note: 20106,
    text: "The endpoint redirects elsewhere, which is not followed.",
    advice: "Put the new url into the credentials file; Perch tries every five minutes.",
    verdict: "retry",
    holds: "lane",
    pace: "slow",
    retryable: true,
  },
  "webhook-gone": {
    note: 20107,
    text: "The receiver wants no more posts (410 Gone).",
    advice: "Change url or secret in the credentials file, or delete the registration.",
    verdict: "retry",
    holds: "lane",
    pace: "slow",
    revokes: true,
    retryable: true,
  },
  "webhook-refused": {
    note: 20108,
    text: "The receiver refused the post.",
    advice: "Look into the receiver's log, and send it again when it is mended.",
    verdict: "failed",
    retryable: false,
  },
  "webhook-address": {
    note: 20109,
    text: "The settings do not allow the endpoint's address.",
    advice: "Use https:// and a public address, or set allowInsecure or allowPrivate; Perch tries every five minutes.",
    verdict: "retry",
    holds: "lane",
    pace: "slow",
    retryable: true,
  },
} as const satisfies ServiceFaultTable;
export type Reason = keyof typeof FAULTS;
