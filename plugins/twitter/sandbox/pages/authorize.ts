/** The log-in page, and the page that shows the PIN. */
import type { State } from "../state.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";

/** The choice that stands for the name in the text field. */
export const OTHER = "(other)";

export type LoginForm = { token: string; screenName: string; wrong?: string };

export function loginPage(state: State, { token, screenName, wrong }: LoginForm): Page {
  const names = [...state.accounts.values()].map(({ name }) => name);
  const known = names.find((name) => name.toLowerCase() === screenName.toLowerCase());
  const chosen = known ?? (screenName === "" ? names[0] : OTHER);
  const choice = (value: string, label: Html): Html =>
    html`<label class="choice"><input type="radio" name="account" value="${value}"${value === chosen && html` checked`}>${label}</label>`;
  const other = html`<input type="text" name="other" aria-label="Another account name" placeholder="Another account name" maxlength="15" value="${known ? "" : screenName}" autocomplete="off">`;
  return {
    title: "Authorize app",
    script: "choose",
    body: html`<form class="card dialog" method="post" action="/oauth/authorize"><h1>Let ${state.app.name} use your account?</h1>
<p>Choose the account that <b>${state.app.name}</b> may post for.</p>${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
<input type="hidden" name="oauth_token" value="${token}">
<fieldset><legend>Log in as</legend>${names.map((name) => choice(name, html`<span>@${name}</span>`))}${choice(OTHER, other)}</fieldset>
<p>It will be able to:</p><ul class="rights">${rights(state)}</ul>
<div class="buttons"><button name="answer" value="authorize">Authorize app</button><button class="plain" name="answer" value="cancel">Cancel</button></div></form>`,
  };
}

function rights(state: State): Html {
  const write = state.settings.appPermission !== "read";
  return html`<li>see posts of this account</li>${write ? html`<li>post and delete posts for it</li>` : html`<li><b>not</b> post: the app may only read</li>`}`;
}

export const pinPage = (state: State, pin: string, name: string): Page => ({
  title: "PIN",
  script: "copy",
  body: html`<div class="card dialog"><h1>You've let ${state.app.name} in</h1>
<p>Logged in as <b>@${name}</b>. Go back to ${state.app.name} and enter this PIN. It works once.</p>
<code class="pin" id="pin">${pin}</code><div class="buttons"><button type="button" id="copy">Copy PIN</button></div></div>`,
});

export const cancelledPage = (state: State): Page => ({
  title: "Cancelled",
  body: html`<div class="card dialog"><h1>You've kept ${state.app.name} out</h1><p>Nothing was authorized. You can close this page.</p></div>`,
});

export const expiredPage = (): Page => ({
  title: "Not valid",
  body: html`<div class="card dialog"><h1>This page is no longer valid</h1><p>The request token was used, has expired or was never given. Go back to the app and click <b>Authorize Account</b> again.</p></div>`,
});
