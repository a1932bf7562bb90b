import { type Fill, type Html, html } from "./html.ts";

/** One line of a list of facts. */
export const fact = (name: string, value: Fill): Html => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
