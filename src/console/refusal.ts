/** What was refused of a form: said once on top, with the focus, and again at each field. */
import type { FaultReport } from "../ar.ts";
import { failureLines } from "./frame.ts";
import { type Html, html } from "./html.ts";
import type { Problem } from "./registration-form.ts";

export type Refusal = {
  heading: string;
  report?: FaultReport | undefined;
  problems?: readonly Problem[];
  /** What else is to be known. */
  more?: Html | undefined;
};

export const refusalSummary = ({ heading, report, problems = [], more }: Refusal): Html =>
  html`<section class="notice bad refusal" role="alert" tabindex="-1" autofocus aria-labelledby="refusal"><h2 id="refusal">${heading}</h2>
${report && failureLines(report)}${more}${linksTo(problems.filter(({ off }) => !off))}</section>`;

const linksTo = (problems: readonly Problem[]): Html | undefined =>
  problems.length === 0 ? undefined : html`<ul>${problems.map(({ field, text }) => html`<li><a href="#${field}">${text}</a></li>`)}</ul>`;

/** In few words, for the place at a field: what it means, as the table of failures has it. */
export function meaningOf({ message, advice, statusList }: FaultReport): string {
  const note = statusList[1]?.messageText.replace(/^Perch: /, "");
  return note === undefined ? message : note.replace(` ${advice}`, "");
}
