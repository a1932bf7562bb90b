/** The fields of the External Notification Registration, with BMC's names and defaults. */
import type { Registration } from "../shapes.ts";
import { describedField, type FieldNotes } from "./forms.ts";
import { type Html, html } from "./html.ts";

export const REGISTRATIONS = "/console/registrations";
export const pathOf = (id: string): string => `${REGISTRATIONS}/${encodeURIComponent(id)}`;
/** Suggestions while the functional user is typed; see `assets/combobox.js`. */
export const USERS = "/console/users.json";

export const LABELS = {
  company: "Company",
  content: "Notification Content",
  functionalUser: "AR Functional User",
  mechanism: "Notification Mechanism",
  accountName: "Associated Account Name",
  status: "Status",
} as const;
export type FieldName = keyof typeof LABELS;
export const FIELDS = Object.keys(LABELS) as FieldName[];
export type Typed = Readonly<Record<FieldName, string>>;
/** Something that is wrong with what was typed. `off`: its field takes nothing now. */
export type Problem = { field: FieldName | "pin"; text: string; off?: boolean };

/** As `RegistrationDraft` has it, in characters. */
const MAX_LENGTH = 255;

export const blankForm = (mechanisms: readonly string[]): Typed => ({
  company: "Global",
  content: "Broadcast",
  functionalUser: "",
  mechanism: mechanisms[0] ?? "",
  accountName: "",
  status: "Disabled",
});

export const readTyped = (form: URLSearchParams): Typed => {
  const typed = Object.fromEntries(FIELDS.map((name) => [name, (form.get(name) ?? "").trim()])) as Record<FieldName, string>;
  return { ...typed, accountName: typed.accountName.replace(/^@/, "") };
};

/** Names of accounts and users differ in more than case. */
export const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** What can be told without asking the host. */
export const problemsOf = (typed: Typed): Problem[] =>
  FIELDS.flatMap((field) => {
    if (typed[field] === "") return [{ field, text: `${LABELS[field]} is missing.` }];
    if ([...typed[field]].length > MAX_LENGTH) return [{ field, text: `${LABELS[field]} has more than ${MAX_LENGTH} characters.` }];
    return [];
  });

/** Only what differs is sent: nobody's change is put back by a form that merely holds its old value. */
export const changesOf = (typed: Typed, registration: Registration): Partial<Typed> =>
  Object.fromEntries(FIELDS.filter((name) => typed[name] !== registration[name]).map((name) => [name, typed[name]]));

export type FormOptions = {
  typed: Typed;
  mechanisms: readonly string[];
  problems: readonly Problem[];
  /** Somebody changed it meanwhile: what differs from what is typed is shown. */
  inForce?: Registration | undefined;
};

export function registrationFields(options: FormOptions): Html {
  const { typed, mechanisms } = options;
  const text = (name: FieldName, more?: Html): Html =>
    registrationField(
      name,
      options,
      (described) =>
        html`<input id="${name}" name="${name}" value="${typed[name]}" maxlength="${MAX_LENGTH}" required autocomplete="off" spellcheck="false"${more}${described}>`,
    );
  const choice = (name: FieldName, choices: readonly string[]): Html =>
    registrationField(
      name,
      options,
      (described) =>
        html`<select id="${name}" name="${name}"${described}>${choices.map(
          (one) => html`<option${one === typed[name] && html` selected`}>${one}</option>`,
        )}</select>`,
    );
  return html`<div class="fields">${text("company")}${text("content")}
${text("functionalUser", html` data-suggest="${USERS}"`)}${choice("mechanism", offered(typed.mechanism, mechanisms))}
${text("accountName", html` autocapitalize="none"`)}${choice("status", ["Disabled", "Enabled"])}</div>`;
}

/** A mechanism whose plug-in is gone stays what it is until somebody chooses another. */
const offered = (chosen: string, mechanisms: readonly string[]): readonly string[] =>
  chosen === "" || mechanisms.includes(chosen) ? mechanisms : [chosen, ...mechanisms];

const HINTS: Partial<Record<FieldName, string>> = {
  functionalUser: "AR login name that notifications are sent to; suggestions come while you type.",
  accountName: "The account at the service, without @.",
  status: "Only an authorised account can be enabled.",
};

function registrationField(name: FieldName, { typed, problems, inForce, mechanisms }: FormOptions, input: (described: Html) => Html): Html {
  const none = name === "mechanism" && mechanisms.length === 0 ? "No plug-in that is loaded offers one; see Plug-ins." : undefined;
  const notes: FieldNotes = { hint: none ?? HINTS[name], problem: problems.find(({ field }) => field === name)?.text };
  const other = inForce && inForce[name] !== typed[name] ? `In force now: ${inForce[name]}` : undefined;
  return describedField(name, LABELS[name], other === undefined ? notes : { ...notes, hint: other }, input);
}
