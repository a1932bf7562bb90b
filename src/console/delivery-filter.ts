/** The filter of deliveries, as it stands in an address. */
import { DELIVERY_STATES, type DeliveryState } from "../shapes.ts";
import { menu, plainChoices, spanFields, textField } from "./forms.ts";
import { type Html, html } from "./html.ts";
import { readMoment } from "./moment.ts";

export const DELIVERIES = "/console/deliveries";
/** The list of those that the filter lets through; fields as in its form. */
export const deliveriesWith = (filter: Readonly<Record<string, string>>): string => `${DELIVERIES}?${String(new URLSearchParams(filter))}`;

const isState = (text: string): text is DeliveryState => DELIVERY_STATES.some((state) => state === text);

/** Params of `deliveries.list`; what is empty or no moment is left out. */
export function deliveryFilter(query: URLSearchParams): Record<string, unknown> {
  const states = query.getAll("state").filter(isState);
  const asked = {
    states: states.length > 0 ? states : undefined,
    accountName: query.get("account"),
    entryId: query.get("entry"),
    text: query.get("text"),
    since: readMoment(query.get("since")),
    until: readMoment(query.get("until")),
    cursor: query.get("cursor"),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined && value !== null && value !== ""));
}

export function deliveryFilterForm(query: URLSearchParams): Html {
  const chosen = query.getAll("state").find(isState) ?? "";
  const plain = new URLSearchParams(query);
  plain.delete("cursor");
  return html`<form class="filter" method="get" action="${DELIVERIES}" role="search" aria-label="Filter">
${menu("state", "State", chosen, [["", "any"], ...plainChoices(DELIVERY_STATES)])}
${textField("account", "Account", query.get("account"))}${textField("entry", "Entry", query.get("entry"))}${textField("text", "Text has", query.get("text"))}
${spanFields(query)}
<div class="tools"><button class="main">Filter</button><a class="button quiet" href="${DELIVERIES}">Clear</a>
<a class="button quiet" href="${DELIVERIES}.csv?${String(plain)}" download>Export CSV</a></div></form>`;
}
