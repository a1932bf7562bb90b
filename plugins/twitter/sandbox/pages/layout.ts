/** The frame of every page. */
import { createHash } from "node:crypto";
import { type Html, html, trusted } from "./html.ts";
import { CHOOSE_SCRIPT, COPY_SCRIPT, REFRESH_SCRIPT, STYLE } from "./style.ts";

/** A bird's perch: a branch and what sits on it. */
const LOGO = html`<svg class="logo" viewBox="0 0 40 40" aria-hidden="true"><circle cx="20" cy="20" r="20" fill="var(--accent)"/><path d="M8 29h24" stroke="var(--accent-ink)" stroke-width="2.5" stroke-linecap="round"/><path d="M13 27c-1-9 4-15 11-15 1 0 2 .4 2.6 1L30 14.500l-3 1.700C27 23 22 27 16 27z" fill="var(--accent-ink)"/><circle cx="24.300" cy="15" r="1.100" fill="var(--accent)"/></svg>`;

export type Page = { title: string; body: Html; script?: keyof typeof SCRIPTS };

const SCRIPTS = { refresh: REFRESH_SCRIPT, copy: COPY_SCRIPT, choose: CHOOSE_SCRIPT };

export function layout({ title, body, script }: Page): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>${title} · Sandbox X</title><style>${trusted(STYLE)}</style></head>
<body><div class="column"><header>${LOGO}<div><a href="/">Sandbox X</a><p>A stand-in for X on this machine. Nothing here leaves it.</p></div></header>
<main>${body}</main></div>${script && html`<script>${trusted(SCRIPTS[script])}</script>`}</body></html>`.source;
}

const hash = (source: string): string => `'sha256-${createHash("sha256").update(source).digest("base64")}'`;

/** Only our own style and scripts run, whatever a post holds. */
export const PAGE_HEADERS: Record<string, string> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": [
    "default-src 'none'",
    `style-src ${hash(STYLE)}`,
    `script-src ${Object.values(SCRIPTS).map(hash).join(" ")}`,
    "img-src data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
};
