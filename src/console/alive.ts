import { type Html, html } from "./html.ts";

/** Says whether a page is alive, and pauses it (WCAG 2.2, 2.2.2); hidden where no script makes it so. */
export const ALIVE: Html = html`<div class="alive-bar"><p id="alive" class="alive" hidden></p><button id="pause" class="quiet" type="button" hidden>Pause</button></div>`;
