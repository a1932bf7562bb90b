/** What an administrator does with a registration. A refusal shows the page again, with what was typed. */
import { type FaultReport, HOST_FAULTS } from "../ar.ts";
import type { Registration } from "../shapes.ts";
import { askedOr, type Failed } from "./asked.ts";
import { type Html, html } from "./html.ts";
import { type Act, type Done, doneAct, refusedAct, type Sent, type Shown } from "./page.ts";
import { meaningOf } from "./refusal.ts";
import { changesSince } from "./registration-changes.ts";
import { changesOf, type Problem, pathOf, problemsOf, REGISTRATIONS, readTyped, same, type Typed } from "./registration-form.ts";
import { type Refused, showNew, showRegistration } from "./registration-view.ts";
import { isWebAddress } from "./web-address.ts";

const NOT_SAVED = "Nothing was saved";

export const create: Act = async (asked) => {
  const typed = readTyped(asked.form);
  const problems = problemsOf(typed);
  if (problems.length > 0) return showNew(asked, { heading: NOT_SAVED, problems, typed });
  const created = await asked.call("registrations.create", typed);
  if (created.ok) return doneAct(savedWords(created.value), pathOf(created.value.id));
  return showNew(asked, await refusedSave(asked, created, typed));
};

const savedWords = (registration: Registration): string =>
  `Saved. ${registration.authorization === "authorized" ? "Its account is associated already. " : ""}${nextOf(registration)}`;

const nextOf = ({ authorization, status, advice }: Registration): string => {
  if (authorization !== "authorized") return advice ?? "Authorise its account next.";
  return status === "Enabled" ? "Broadcasts are posted." : "Enable it next.";
};

type Kept = { before: Registration; now: Registration };

/** The steps' buttons belong to the fields' form: what was typed is saved first, and what follows is done with that. */
const savedFirst =
  (then: (asked: Sent, kept: Kept) => Promise<Done | Shown>, set?: Partial<Typed>): Act =>
  async (asked) => {
    const kept = await keepTyped(asked, set);
    return "now" in kept ? then(asked, kept) : kept;
  };

/** `set`: what the button changes by itself. */
async function keepTyped(asked: Sent, set?: Partial<Typed>): Promise<Kept | Shown> {
  const { call, form } = asked;
  const typed = readTyped(form);
  const found = await call("registrations.get", { id: idOf(asked) });
  if (!found.ok) return found.report.reason === "not-found" ? deletedMeanwhile(asked, typed) : found;
  const before = found.value;
  const problems = problemsOf(typed);
  if (problems.length > 0) return showTyped(asked, before, { heading: NOT_SAVED, problems, typed });
  const changes = changesOf({ ...typed, ...set }, before);
  if (Object.keys(changes).length === 0) return { before, now: before };
  const saved = await call("registrations.update", { id: before.id, ifUpdatedAt: form.get("updatedAt") ?? "", ...changes });
  if (saved.ok) return { before, now: saved.value };
  return (await changedMeanwhile(asked, saved, typed)) ?? showTyped(asked, before, await refusedSave(asked, saved, typed));
}

/** A PIN that came along has not been sent, and is shown on no page. */
function showTyped(asked: Sent, registration: Registration, refused: Refused): Promise<Shown> {
  const unsent: Problem = { field: "pin", text: "The PIN was not sent; type it again.", off: !registration.pinEnabled };
  const problems = [...(refused.problems ?? []), ...(pinOf(asked) === "" ? [] : [unsent])];
  return showRegistration(asked, registration, { ...refused, problems });
}

const pinOf = ({ form }: Sent): string => (form.get("pin") ?? "").trim();

const withSaved = ({ before, now }: Kept, text: string): string => (before === now ? text : `Saved. ${text}`);

const save = async (asked: Sent, kept: Kept): Promise<Done | Shown> => {
  const { before, now } = kept;
  if (pinOf(asked) !== "") return confirm(asked, kept);
  return doneAct(before === now ? "Nothing was changed." : changedWords(before, now), pathOf(now.id));
};

const changedWords = (before: Registration, after: Registration): string =>
  before.status === "Enabled" && after.authorization !== "authorized"
    ? "Saved, and disabled: the account is another one. Authorise it next."
    : "Saved.";

async function refusedSave(asked: Sent, failed: Failed, typed: Typed): Promise<Refused> {
  const report = inTheConsole(failed.report);
  const problems = problemAt(report);
  return { heading: NOT_SAVED, report, problems, typed, more: report.reason === "conflict" ? await twinOf(asked, typed) : undefined };
}

/** At the field that a refusal is about. */
function problemAt(report: FaultReport): Problem[] {
  if (report.reason === "not-authorized") return [{ field: "status", text: meaningOf(report) }];
  return report.reason === "bad-input" && report.message.includes("mechanism") ? [{ field: "mechanism", text: report.message }] : [];
}

/** The one that exists, where two are the same. */
async function twinOf({ call }: Sent, typed: Typed): Promise<Html | undefined> {
  const { registrations } = await askedOr(call("registrations.list"), { registrations: [] });
  const twin = registrations.find((one) => UNIQUE.every((name) => same(one[name], typed[name])));
  return twin && html`<p><a href="${pathOf(twin.id)}">Open the registration that exists</a></p>`;
}
const UNIQUE = ["company", "content", "functionalUser", "mechanism", "accountName"] as const;

/** Undefined where the form was made of what it is now. Sent again, it counts: by then its owner has seen the other change. */
async function changedMeanwhile(asked: Sent, { report }: Failed, typed: Typed): Promise<Shown | undefined> {
  if (report.reason !== "conflict") return undefined;
  const since = asked.form.get("updatedAt") ?? "";
  const found = await asked.call("registrations.get", { id: idOf(asked) });
  if (!found.ok || found.value.updatedAt === since) return undefined;
  const more = html`${await changesSince(asked, found.value, since)}<p>What you typed is kept; where it differs, what is in force is said at the field. Press the same button again to put yours in its place.</p>`;
  return showTyped(asked, found.value, { heading: `${NOT_SAVED}: it was changed meanwhile`, more, typed, inForce: found.value });
}

async function deletedMeanwhile(asked: Sent, typed: Typed): Promise<Shown> {
  const more = html`${await changesSince(asked, { id: idOf(asked) }, asked.form.get("updatedAt") ?? "")}<p>What you typed is kept: save it as a new request, if it is still wanted.</p>`;
  return showNew(asked, { heading: `${NOT_SAVED}: it was deleted meanwhile`, more, typed: { ...typed, status: "Disabled" } });
}

const saying =
  (done: string) =>
  async (_: Sent, { now }: Kept): Promise<Done> =>
    doneAct(done, pathOf(now.id));

async function authorize(asked: Sent, kept: Kept): Promise<Done | Shown> {
  const { id } = kept.now;
  const begun = await asked.call("registrations.authorize", { id });
  if (!begun.ok) return showRefused(asked, begun, withSaved(kept, "Authorising did not begin"));
  const { authorizeUrl } = begun.value;
  if (!isWebAddress(authorizeUrl)) return doneAct(withSaved(kept, `Go on there: ${authorizeUrl}`), pathOf(id));
  asked.logInPages.set(id, authorizeUrl);
  return doneAct(
    withSaved(kept, "Begun. Log in with the account on the service’s log-in page, and type the PIN that it shows."),
    pathOf(id),
  );
}

async function confirm(asked: Sent, kept: Kept): Promise<Done | Shown> {
  const { id } = kept.now;
  const pin = pinOf(asked);
  const heading = withSaved(kept, "The PIN was not taken");
  if (pin === "") return showRefused(asked, undefined, heading, { field: "pin", text: "The PIN is missing." });
  const confirmed = await asked.call("registrations.confirm", { id, pin });
  if (!confirmed.ok) return showRefused(asked, confirmed, heading, { field: "pin", text: meaningOf(inTheConsole(confirmed.report)) });
  asked.logInPages.delete(id);
  return doneAct(withSaved(kept, `@${confirmed.value.accountName} is authorised. ${nextOf(confirmed.value)}`), pathOf(id));
}

const remove: Act = async (asked) => {
  const id = idOf(asked);
  const deleted = await asked.call("registrations.delete", { id });
  if (!deleted.ok) return refusedAct(deleted, REGISTRATIONS);
  return doneAct(`The registration is deleted; deliveries cancelled: ${deleted.value.cancelled.length}.`, REGISTRATIONS);
};

async function showRefused(asked: Sent, failed: Failed | undefined, heading: string, problem?: Problem): Promise<Shown | Done> {
  const found = await asked.call("registrations.get", { id: idOf(asked) });
  if (!found.ok) return refusedAct(failed ?? found, REGISTRATIONS);
  // A PIN that is spent takes its page along.
  if (!found.value.pinEnabled) asked.logInPages.delete(found.value.id);
  const report = failed && inTheConsole(failed.report);
  const problems = problem ? [{ ...problem, off: !found.value.pinEnabled }] : report ? problemAt(report) : [];
  return showRegistration(asked, found.value, { heading, report, problems });
}

const idOf = ({ params }: Sent): string => params.id ?? "";

/** What to do about it here, where the table's advice names a command. */
const HERE = {
  "not-authorized": "Authorise the account first: Authorize Account, then the PIN. Until then its status is Disabled.",
  conflict: "Change the registration that exists, or type another user, content, company or account.",
} as const;
const isTold = (reason: string): reason is keyof typeof HERE => Object.hasOwn(HERE, reason);

function inTheConsole(report: FaultReport): FaultReport {
  const { advice, reason, statusList } = report;
  if (!isTold(reason) || advice !== HOST_FAULTS[reason].advice) return report;
  const inNote = (text: string): string => (text.endsWith(` ${advice}`) ? `${text.slice(0, -advice.length)}${HERE[reason]}` : text);
  return { ...report, advice: HERE[reason], statusList: statusList.map((entry) => ({ ...entry, messageText: inNote(entry.messageText) })) };
}

export const registrationActs: Readonly<Record<string, Act>> = {
  save: savedFirst(save),
  authorize: savedFirst(authorize),
  confirm: savedFirst(confirm),
  enable: savedFirst(saying("Enabled: broadcasts are posted from now on."), { status: "Enabled" }),
  disable: savedFirst(saying("Disabled: what comes in waits, and expires."), { status: "Disabled" }),
  delete: remove,
};
