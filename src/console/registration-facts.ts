/** What is known of a registration beside its fields, and what is against the practice that BMC's administrators are told. */
import type { Delivery, Lane, Registration } from "../shapes.ts";
import type { Asked } from "./asked.ts";
import { badge } from "./badge.ts";
import { DELIVERIES, deliveriesWith } from "./delivery-filter.ts";
import { fact } from "./fact.ts";
import { type Fill, type Html, html } from "./html.ts";
import { moment } from "./moment.ts";
import { FIELDS, LABELS, pathOf } from "./registration-form.ts";
import { troubleList } from "./trouble-list.ts";

/** `lane` and `last` of its account, where it has them. */
export type Around = {
  lane?: Lane | undefined;
  last?: Delivery | undefined;
  /** Registrations of other functional users on the same account. */
  sharers: readonly Registration[];
  /** False where the directory knows no such user; undefined where nobody could say. */
  isKnownUser?: boolean | undefined;
};

export const registrationFacts = ({ now }: Asked, registration: Registration, { lane, last }: Around): Html => html`<dl class="facts">
${fact("Authorization", badge(registration.authorization))}
${fact("Protected", registration.protected === undefined ? "not known" : registration.protected ? "yes" : badge("not protected"))}
${registration.accessLevel !== undefined && fact("Access level", registration.accessLevel)}
${registration.accountId !== undefined && fact("Account id", html`<code>${registration.accountId}</code>`)}
${registration.authorizedAt !== undefined && fact("Authorised", moment(registration.authorizedAt, now))}
${fact("Lane", lane ? html`${badge(lane.state)} ${lane.queued} queued, <a href="/console/lanes">all lanes</a>` : "none yet")}
${fact("Last delivery", last ? html`${badge(last.state)} <a href="${DELIVERIES}/${last.id}">${moment(last.acceptedAt, now)}</a>` : "none yet")}
${fact("Deliveries", html`<a href="${deliveriesWith({ account: registration.accountName })}">of @${registration.accountName}</a>`)}
${fact("Created", moment(registration.createdAt, now))}${fact("Last changed", moment(registration.updatedAt, now))}</dl>`;

/** For who may look and not change. */
export const fieldFacts = (registration: Registration): Html =>
  html`<dl class="facts wide">${FIELDS.map((name) => fact(LABELS[name], name === "status" ? badge(registration.status) : registration[name]))}</dl>`;

export function warningsOf(
  { accountName, functionalUser, protected: isProtected, advice, authorization }: Registration,
  around: Around,
): Html | undefined {
  const warnings: Fill[] = [];
  if (advice !== undefined && authorization === "revoked") warnings.push(advice);
  if (isProtected === false)
    warnings.push(
      `Everybody can read what @${accountName} posts. Protect its posts in the service’s settings, so that each follower has to be approved.`,
    );
  if (around.sharers.length > 0)
    warnings.push(
      html`@${accountName} is also the account of ${listed(around.sharers)}. An account that serves one functional user only is easier to watch and to hand over.`,
    );
  if (around.isKnownUser === false)
    warnings.push(`The directory knows no user ${functionalUser}. Workflow that names another one finds no registration.`);
  return troubleList(warnings, "Warnings");
}

const listed = (registrations: readonly Registration[]): Html[] =>
  registrations.map(({ id, functionalUser }, index) => html`${index > 0 && ", "}<a href="${pathOf(id)}">${functionalUser}</a>`);
