/** Parts of forms. Each is a plain POST that redirects: nothing needs JavaScript. */
import type { Asked } from "./asked.ts";
import { type Fill, type Html, html } from "./html.ts";

export const csrfField = ({ csrf }: Pick<Asked, "csrf">): Html => html`<input type="hidden" name="csrf" value="${csrf}">`;

export type ButtonOptions = {
  action: string;
  label: string;
  /** Said in addition to who hears it, where many buttons have the same label. */
  of?: string;
  fields?: Readonly<Record<string, string>>;
  kind?: "quiet" | "danger" | "main";
};

/** A form that is one button. */
export const button = (asked: Pick<Asked, "csrf">, { action, label, of, fields = {}, kind = "quiet" }: ButtonOptions): Html =>
  html`<form method="post" action="${action}" class="inline">${csrfField(asked)}${Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<button class="${kind}">${label}${of !== undefined && html`<span class="unseen"> ${of}</span>`}</button></form>`;

/** A button of the form around it that leads to an act of its own. */
export const ownAct = (action: string, label: string, kind: NonNullable<ButtonOptions["kind"]> = "quiet", more?: Html): Html =>
  html`<button class="${kind}" formaction="${action}"${more}>${label}</button>`;

/** What can't be taken back is asked twice. */
export const askedTwice = (label: string, warning: Fill, inner: Html): Html =>
  html`<details class="twice"><summary class="button quiet">${label}</summary><div class="ask"><p>${warning}</p>${inner}</div></details>`;

export const field = (id: string, label: string, input: Html): Html =>
  html`<div class="field"><label for="${id}">${label}</label>${input}</div>`;

export const textField = (id: string, label: string, value: string | null, more?: Html): Html =>
  field(id, label, html`<input id="${id}" name="${id}" value="${value ?? ""}"${more}>`);

/** Without a step a browser takes whole minutes only. */
const SECONDS = html` type="datetime-local" step="1"`;
/** From when until when a list is filtered. */
export const spanFields = (query: URLSearchParams): Html =>
  html`${textField("since", "From (UTC)", query.get("since"), SECONDS)}${textField("until", "Until (UTC)", query.get("until"), SECONDS)}`;

/** A value and its words. */
export type Choice = readonly [string, string];
/** Of values that are their own words. */
export const plainChoices = (values: Iterable<string>): Choice[] => Array.from(values, (value) => [value, value]);

/** What was chosen before stays, although it may not be among them any more. */
export function menu(id: string, label: string, chosen: string, choices: readonly Choice[]): Html {
  const all = choices.some(([value]) => value === chosen) ? choices : [...choices, ...plainChoices([chosen])];
  const options = all.map(([value, words]) => html`<option value="${value}"${value === chosen && html` selected`}>${words}</option>`);
  return field(id, label, html`<select id="${id}" name="${id}">${options}</select>`);
}

export type FieldNotes = { hint?: string | undefined; problem?: string | undefined };

/** A field with what is to be known of it, and what is wrong with it, both said to who hears it (WCAG 2.2, 3.3.1 and 3.3.2). */
export function describedField(id: string, label: string, { hint, problem }: FieldNotes, input: (described: Html) => Html): Html {
  const notes = [hint !== undefined && `${id}-hint`, problem !== undefined && `${id}-problem`].filter((one) => one !== false);
  const described = html`${notes.length > 0 && html` aria-describedby="${notes.join(" ")}"`}${problem !== undefined && html` aria-invalid="true"`}`;
  return html`<div class="field"><label for="${id}">${label}</label>${input(described)}
${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}${problem !== undefined && html`<p class="problem" id="${id}-problem">${problem}</p>`}</div>`;
}

/** Leads to the next page of a list, with the filter of this one. */
export function nextPage(path: string, query: URLSearchParams, cursor: string | undefined): Html | undefined {
  const next = new URLSearchParams(query);
  const first = new URLSearchParams(query);
  first.delete("cursor");
  if (cursor !== undefined) next.set("cursor", cursor);
  const isFirst = !query.has("cursor");
  if (cursor === undefined && isFirst) return undefined;
  return html`<nav class="pager" aria-label="Pages">${!isFirst && html`<a class="button quiet" href="${path}?${String(first)}">Newest</a>`}${
    cursor !== undefined && html`<a class="button quiet" href="${path}?${String(next)}" rel="next">Older</a>`
  }</nav>`;
}
