import { type Fill, type Html, html } from "./html.ts";

/** What is not as it should be; nothing where all is. `label`: its name for who hears it. */
export const troubleList = (troubles: readonly Fill[], label?: string): Html | undefined =>
  troubles.length === 0
    ? undefined
    : html`<ul class="troubles"${label !== undefined && html` aria-label="${label}"`}>${troubles.map((one) => html`<li>${one}</li>`)}</ul>`;
