/** The page of one registration, as it is now or with what was refused of it. */
import { setTimeout } from "node:timers/promises";
import type { Delivery, PluginReport, Registration } from "../shapes.ts";
import { type Asked, askedOr } from "./asked.ts";
import { askedTwice, button, csrfField } from "./forms.ts";
import { failureLines } from "./frame.ts";
import { type Html, html } from "./html.ts";
import { isAdmin, type Shown } from "./page.ts";
import { type Refusal, refusalSummary } from "./refusal.ts";
import { type Around, fieldFacts, registrationFacts, warningsOf } from "./registration-facts.ts";
import { blankForm, pathOf, REGISTRATIONS, registrationFields, same, type Typed } from "./registration-form.ts";
import { stepContent } from "./registration-step-content.ts";
import { stepList, stepsOf } from "./registration-steps.ts";

/** `typed` is kept; `inForce`: somebody else changed it meanwhile. */
export type Refused = Refusal & { typed?: Typed; inForce?: Registration };

/** A directory that is slow must not hold the page up. */
const DIRECTORY_MS = 1_000;

type Mechanisms = readonly Pick<PluginReport, "mechanism" | "withoutPin">[];

async function mechanismsFor({ call }: Asked): Promise<Mechanisms> {
  const { plugins } = await askedOr(call("plugins.list"), { plugins: [] });
  return plugins.filter(({ mechanism }) => mechanism !== undefined);
}
const namesOf = (mechanisms: Mechanisms): string[] => mechanisms.flatMap(({ mechanism }) => mechanism ?? []);
const isWithoutPin = (mechanisms: Mechanisms, name: string): boolean =>
  mechanisms.some(({ mechanism, withoutPin }) => mechanism === name && withoutPin === true);

export async function showNew(asked: Asked, refused?: Refused): Promise<Shown> {
  const mechanisms = await mechanismsFor(asked);
  const names = namesOf(mechanisms);
  const typed = refused?.typed ?? blankForm(names);
  const steps = stepsOf(undefined, isWithoutPin(mechanisms, typed.mechanism));
  const problems = refused?.problems ?? [];
  const body = html`${refused && refusalSummary(refused)}
<section class="panel" aria-label="Steps">${stepList(steps, stepContent({ asked, registration: undefined, problems }))}</section>
<form class="panel" method="post" action="${REGISTRATIONS}/new/save" novalidate>${csrfField(asked)}
${registrationFields({ typed, mechanisms: names, problems })}
<div class="bar"><button class="main">Save</button><a class="button quiet" href="${REGISTRATIONS}">Back without saving</a></div></form>`;
  return { ok: true, title: "New Request", body, status: refused ? 422 : 200 };
}

export async function showRegistration(asked: Asked, registration: Registration, refused?: Refused): Promise<Shown> {
  const [mechanisms, around] = await Promise.all([mechanismsFor(asked), lookAround(asked, registration)]);
  const held = around.lane?.hold;
  const body = html`${refused && refusalSummary(refused)}${warningsOf(registration, around)}
${isAdmin(asked) ? formsOf(asked, registration, mechanisms, around, refused) : storyOf(html`<section class="panel" aria-label="Fields">${fieldFacts(registration)}</section>`, asked, registration, around)}
${held && html`<section class="panel bad" aria-labelledby="held"><h2 id="held">Why its lane is held</h2>${failureLines(held.error)}</section>`}`;
  return { ok: true, title: `Registration of @${registration.accountName}`, body, status: refused ? 422 : 200 };
}

function formsOf(asked: Asked, registration: Registration, mechanisms: Mechanisms, around: Around, refused: Refused | undefined): Html {
  const steps = stepsOf(registration, isWithoutPin(mechanisms, registration.mechanism));
  const problems = refused?.problems ?? [];
  const here = pathOf(registration.id);
  const save = steps.every(({ state }) => state === "done") || refused?.typed !== undefined ? "main" : "quiet";
  const fields = html`<section class="panel" aria-label="Fields">${registrationFields({ typed: refused?.typed ?? registration, mechanisms: namesOf(mechanisms), problems, inForce: refused?.inForce })}
<div class="bar"><button class="${save}">Save</button></div></section>`;
  const queued = around.lane?.queued ?? 0;
  const warning = html`Deliveries of it that have not begun are cancelled${queued > 0 && `; @${registration.accountName} has ${queued} that have not ended`}. This can’t be taken back.`;
  // Enter presses a form's first button, wherever the focus is (HTML, section 4.10.21.2): here it is to save, and not to begin anew.
  return html`<form method="post" action="${here}/save" novalidate>${csrfField(asked)}<input type="hidden" name="updatedAt" value="${registration.updatedAt}"><button hidden>Save</button>
<section class="panel" aria-label="Steps">${stepList(steps, stepContent({ asked, registration, problems }))}</section>
${storyOf(fields, asked, registration, around)}</form>
${askedTwice("Delete…", warning, button(asked, { action: `${here}/delete`, label: "Delete this registration", kind: "danger" }))}`;
}

const storyOf = (main: Html, asked: Asked, registration: Registration, around: Around): Html => html`<div class="story">${main}
<section class="panel" aria-labelledby="facts"><h2 id="facts">Facts</h2>${registrationFacts(asked, registration, around)}</section></div>`;

/** What can't be told is left out: the page is for mending, too. */
async function lookAround(asked: Asked, registration: Registration): Promise<Around> {
  const [lanes, registrations, last, isKnownUser] = await Promise.all([
    askedOr(asked.call("lanes.list"), { lanes: [] }),
    askedOr(asked.call("registrations.list"), { registrations: [] }),
    lastDelivery(asked, registration),
    isAdmin(asked) ? knowsUser(asked, registration.functionalUser) : undefined,
  ]);
  const isSharer = (other: Registration): boolean =>
    other.mechanism === registration.mechanism &&
    same(other.accountName, registration.accountName) &&
    !same(other.functionalUser, registration.functionalUser);
  return {
    lane: lanes.lanes.find(
      ({ accountId, accountName }) => accountId === registration.accountId && same(accountName, registration.accountName),
    ),
    sharers: registrations.registrations.filter(isSharer),
    last,
    isKnownUser,
  };
}

async function lastDelivery({ call }: Asked, { accountName }: Registration): Promise<Delivery | undefined> {
  const { deliveries } = await askedOr(call("deliveries.list", { accountName, limit: 1 }), { deliveries: [] });
  return deliveries[0];
}

async function knowsUser({ call }: Asked, name: string): Promise<boolean | undefined> {
  const suggested = await Promise.race([call("users.suggest", { prefix: name }), setTimeout(DIRECTORY_MS, undefined, { ref: false })]);
  return suggested?.ok ? suggested.value.users.some((user) => same(user.name, name)) : undefined;
}
