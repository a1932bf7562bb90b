/**
 * Every failure at X, one row each: AR note, what it means, what to do, and how the lane goes on.
 *
 * A new failure is a row here and its rule in `verdict.ts`. `retryable` is true where Perch itself tries again or looks
 * the post up, false where somebody has to send it again.
 */
import type { ServiceFaultTable } from "../../src/contract.ts";

export const FAULTS = {
  "clock-skew": {
    note: 20001,
    text: "The clock of this host and the clock of X differ, so X refused the signature.",
    advice: "Synchronise this host's clock (NTP), or set clock.correction to auto.",
    verdict: "failed",
    retryable: false,
  },
  "token-invalid": {
    note: 20002,
    text: "X does not accept the account's access token.",
    advice: "Authorise the account again on the registration's page; the lane resumes by itself.",
    verdict: "retry",
    holds: "lane",
    pace: "probe",
    revokes: true,
    retryable: true,
  },
  "consumer-key-invalid": {
    note: 20003,
    text: "X does not accept the application's consumer key.",
    advice: "Check consumerKey and consumerSecret in the credentials file; the lanes resume by themselves.",
    verdict: "retry",
    holds: "key",
    pace: "probe",
    retryable: true,
  },
  "not-permitted": {
    note: 20004,
    text: "The X app or the account's token may not post.",
    advice: "Give the app Read and write permission at X, then authorise the account again.",
    verdict: "failed",
    retryable: false,
  },
  "duplicate-content": {
    note: 20005,
    text: "X refuses the same words twice.",
    advice: "Look whether the text was posted already, and send it with other words.",
    verdict: "failed",
    provesDuplicate: true,
    retryable: false,
  },
  "too-long": {
    note: 20006,
    text: "X refused the text as too long.",
    advice: "Shorten it, or set text.overflow to split.",
    verdict: "failed",
    retryable: false,
  },
  "rate-limited": {
    note: 20007,
    text: "X allows no more requests for now.",
    advice: "Nothing to do: Perch goes on when the limit resets.",
    verdict: "retry",
    holds: "lane",
    pace: "back-off",
    free: true,
    retryable: true,
  },
  "credits-depleted": {
    note: 20008,
    text: "The X app has no credits left, or reached its spending limit.",
    advice: "Buy credits or raise the spending limit in X's console; Perch goes on by itself.",
    verdict: "retry",
    holds: "key",
    pace: "slow",
    retryable: true,
  },
  "x-unavailable": {
    note: 20009,
    text: "X is out of order or overloaded.",
    advice: "Nothing to do: nothing is lost, and Perch tries again until the delivery expires.",
    verdict: "retry",
    pace: "back-off",
    retryable: true,
  },
  unreachable: {
    note: 20010,
    text: "X can't be reached from this host.",
    advice: "Check name resolution, firewall, proxy and certificates from this host; Perch tries again.",
    verdict: "retry",
    pace: "back-off",
    retryable: true,
  },
  "account-locked": {
    note: 20011,
    text: "X has locked or suspended the account.",
    advice: "Log in to X with the account and unlock it; the lane resumes by itself.",
    verdict: "retry",
    holds: "lane",
    pace: "probe",
    retryable: true,
  },
  "account-not-protected": {
    note: 20012,
    text: "Everybody can read the account's posts, and protectedAccount is block.",
    advice: "Protect the account's posts in X's settings; the lane resumes by itself.",
    verdict: "retry",
    holds: "lane",
    pace: "probe",
    retryable: true,
  },
  "reply-refused": {
    note: 20013,
    text: "X refused the post as a reply.",
    advice: "Nothing to do: it is posted as a numbered post of its own.",
    verdict: "retry",
    pace: "back-off",
    retryable: true,
  },
  "in-doubt": {
    note: 20014,
    text: "The post was sent and X's answer did not come or can't be read.",
    advice: "Nothing to do: Perch looks for it at X before it sends anything again.",
    verdict: "in-doubt",
    retryable: true,
  },
  "pin-rejected": {
    note: 20024,
    text: "X did not accept the PIN; each PIN has one try.",
    advice: "Click Authorize Account again and type the new PIN.",
    verdict: "failed",
    retryable: false,
  },
  "account-mismatch": {
    note: 20025,
    text: "The PIN came from another X account; its token was given back.",
    advice: "Log out of X, and authorise as the account that is named in the registration.",
    verdict: "failed",
    retryable: false,
  },
} as const satisfies ServiceFaultTable;

export type Reason = keyof typeof FAULTS;
