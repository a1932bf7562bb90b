import { type Html, html } from "./html.ts";

/** What a state means to whoever has to do something. The word itself is always shown: colour alone says nothing. */
const TONES: Readonly<Record<string, string>> = {
  queued: "info",
  sending: "info",
  begun: "info",
  starting: "info",
  waiting: "warn",
  "in-doubt": "warn",
  held: "warn",
  paused: "warn",
  restarting: "warn",
  delivered: "good",
  posted: "good",
  ready: "good",
  done: "good",
  Enabled: "good",
  authorized: "good",
  pending: "info",
  "not protected": "warn",
  revoked: "bad",
  failed: "bad",
  info: "info",
  warn: "warn",
  error: "bad",
  fatal: "bad",
  retry: "warn",
  found: "good",
  absent: "warn",
  unknown: "warn",
  refused: "bad",
  "not ready": "bad",
};

export const toneOf = (state: string): string => TONES[state] ?? "plain";
export const badge = (state: string): Html => html`<span class="badge ${toneOf(state)}">${state}</span>`;
