/** What is around each page. */
import { answerWords } from "../attempt-words.ts";
import { ROLES } from "../contract.ts";
import type { Caller } from "../host/verbs.ts";
import { clockWords } from "../time-words.ts";
import type { Failed } from "./asked.ts";
import { SCRIPTS, STYLES } from "./asset-routes.ts";
import { csrfField } from "./forms.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./page.ts";
import type { Notice } from "./sessions.ts";

type Menu = readonly Pick<Page, "path" | "menu">[];
export type FrameOptions = {
  title: string;
  body: Html;
  notice?: Notice | undefined;
  /** Undefined where nobody is logged in. */
  session?: { caller: Caller; csrf: string; path: string; menu: Menu };
};

const BRAND = html`<a class="brand" href="/"><img src="/console/assets/perch.svg" alt="" width="22" height="22">Perch</a>`;

export const frame = ({ title, body, notice, session }: FrameOptions): Html => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title} · Perch</title>
<link rel="icon" href="/console/assets/perch.svg" type="image/svg+xml">${STYLES.map((name) => html`<link rel="stylesheet" href="/console/assets/${name}">`)}
${SCRIPTS.map((name) => html`<script type="module" src="/console/assets/${name}"></script>`)}</head>
<body${!session && html` class="alone"`}><a class="skip" href="#main">Skip to the content</a>
${session ? headerOf(session) : html`<header>${BRAND}</header>`}
<main id="main" tabindex="-1"><h1>${title}</h1>
${notice && html`<p class="notice ${notice.kind}" role="${notice.kind === "bad" ? "alert" : "status"}">${notice.text}</p>`}
${body}</main>
<footer>${session && "All times are UTC."}</footer></body></html>
`;

const headerOf = ({ caller, csrf, path, menu }: NonNullable<FrameOptions["session"]>): Html => html`<header>
${BRAND}
<nav aria-label="Console"><ul>${menu.map((page) => isShown(page, caller) && html`<li>${linkTo(page, path)}</li>`)}</ul></nav>
<form method="post" action="/console/log-out" class="who">${csrfField({ csrf })}<span>${caller.name} <small>${caller.role}</small></span>
<button class="quiet">Log out</button></form></header>`;

const isShown = ({ menu }: Menu[number], { role }: Caller): boolean =>
  menu !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(menu.role);

function linkTo({ path, menu }: Menu[number], here: string): Html {
  const current = here === path ? html` aria-current="page"` : here.startsWith(`${path}/`) && html` aria-current="true"`;
  return html`<a href="${path}"${current}>${menu?.label}</a>`;
}

/** Why something was not done or shown, and what to do about it. */
export const failureBody = ({ report }: Pick<Failed, "report">): Html => html`<div class="panel">${failureLines(report)}</div>
<p><a href="/">Overview</a></p>`;

export function failureLines({ message, advice, statusList, x, clock }: Failed["report"]): Html {
  const notes = statusList.slice(1).map(({ messageText, appendedText, messageNum }) => {
    // A note's text ends with the advice (see reportFault), and that is to stand out.
    const text = messageText.endsWith(` ${advice}`) ? messageText.slice(0, -advice.length - 1) : messageText;
    return html`<p>${text}${appendedText !== "" && ` : ${appendedText}`} (${messageNum})</p>`;
  });
  const said = answerWords(x);
  return html`<p class="line">${message}</p>${notes}${said && html`<p>The service answered: ${said}</p>`}
${clock && html`<p>The host’s clock was ${clockWords(clock.offsetSeconds)}: the service said ${clock.serverDate}.</p>`}
<p class="advice"><strong>What to do:</strong> ${advice}</p>`;
}
