/** What each step says, and its button: of the form of the fields, so that what is typed there is sent along. What is next has the main one. */
import type { Registration } from "../shapes.ts";
import type { Asked } from "./asked.ts";
import { describedField, ownAct } from "./forms.ts";
import { type Html, html } from "./html.ts";
import { moment } from "./moment.ts";
import { type Problem, pathOf } from "./registration-form.ts";
import type { Step, StepName } from "./registration-steps.ts";

export type StepContext = {
  asked: Asked;
  /** Undefined before it is saved. */
  registration: Registration | undefined;
  problems: readonly Problem[];
};
type Saved = Omit<StepContext, "registration"> & { registration: Registration };

export function stepContent({ registration, ...context }: StepContext): (step: Step) => Html {
  return (step) => (registration ? CONTENTS[step.name]({ ...context, registration }, step.state) : BEFORE[step.name]);
}

const BEFORE: Readonly<Record<StepName, Html>> = {
  save: html`<p>Fill in the fields below and save. Nothing is posted yet.</p>`,
  authorize: html`<p>Opens the service’s log-in page.</p>`,
  pin: html`<p>The page shows it; it is typed in here.</p>`,
  credentials: html`<p>The account has to stand in the credentials file.</p>`,
  enable: html`<p>From then on broadcasts are posted.</p>`,
};

type Content = (context: Saved, state: Step["state"]) => Html;

const authorize: Content = ({ asked, registration }, state) => {
  const { accountName, mechanism, pinEnabled, authorization, authorizedAt, id } = registration;
  const again = (kind: "main" | "quiet", label: string): Html => ownAct(`${pathOf(id)}/authorize`, label, kind, html` data-log-in`);
  if (pinEnabled) {
    const page = asked.logInPages.get(id);
    const link =
      page !== undefined &&
      html`<p><a class="button main open" href="${page}" target="_blank" rel="noreferrer">Open ${mechanism}’s log-in page<span class="unseen"> (new tab)</span></a></p>`;
    const where =
      page === undefined
        ? "It was begun elsewhere: type the PIN that was shown there, or begin again."
        : `Log in there as @${accountName}, and as nobody else.`;
    return html`${link}<p>${where}</p>${again("quiet", "Authorize Account again")}`;
  }
  if (authorization === "authorized")
    return html`<p>Associated${authorizedAt !== undefined && html` since ${moment(authorizedAt, asked.now)}`}. The token in force stays in force until a new PIN is taken.</p>${again("quiet", "Authorize Account again")}`;
  const lost = authorization === "revoked" && "The service takes its token no longer; what is queued waits. ";
  return html`<p>${lost}Opens ${mechanism}’s log-in page in a new tab, where @${accountName} lets Perch post.</p>${again(state === "next" ? "main" : "quiet", "Authorize Account")}`;
};

const pin: Content = ({ registration: { id, pinEnabled, authorization }, problems }) => {
  const off = authorization === "authorized" ? "Off: the account is associated already." : "Off until the account is being authorised.";
  const on =
    authorization === "authorized" ? "One try for each PIN. The old token is in force until this one is taken." : "One try for each PIN.";
  const notes = { hint: pinEnabled ? on : off, problem: problems.find(({ field }) => field === "pin")?.text };
  const input = (described: Html) =>
    html`<input id="pin" name="pin" inputmode="numeric" autocomplete="one-time-code" maxlength="64" placeholder=" "${!pinEnabled && html` disabled`}${described}>`;
  return html`<div class="pin">${describedField("pin", "PIN", notes, input)}${pinEnabled && ownAct(`${pathOf(id)}/confirm`, "Confirm PIN", "main")}</div>`;
};

const credentials: Content = ({ registration: { id, authorization, advice } }) =>
  authorization === "authorized"
    ? html`<p>The account stands there, and can be used.</p>`
    : html`<p>${advice ?? "The account is being looked for."}</p><a class="button main" href="${pathOf(id)}">Look again</a>`;

const enable: Content = ({ registration: { id, status, authorization } }, state) => {
  if (status === "Enabled")
    return html`<p>${authorization === "authorized" ? "Broadcasts are posted." : "Broadcasts wait for the account."}</p>${ownAct(`${pathOf(id)}/disable`, "Disable")}`;
  if (authorization !== "authorized") return html`<p>Possible once the account is authorised.</p>`;
  return html`<p>Broadcasts are posted from then on.</p>${ownAct(`${pathOf(id)}/enable`, "Enable", state === "next" ? "main" : "quiet")}`;
};

const CONTENTS: Readonly<Record<StepName, Content>> = {
  save: ({ asked, registration }) => html`<p>Saved; last changed ${moment(registration.updatedAt, asked.now)}.</p>`,
  authorize,
  pin,
  credentials,
  enable,
};
