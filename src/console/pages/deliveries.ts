import type { Delivery } from "../../shapes.ts";
import { ALIVE } from "../alive.ts";
import type { Asked, Called } from "../asked.ts";
import { badge } from "../badge.ts";
import { exportCsv } from "../csv-export.ts";
import { DELIVERIES, deliveryFilter, deliveryFilterForm } from "../delivery-filter.ts";
import { csrfField, nextPage } from "../forms.ts";
import { type Html, html } from "../html.ts";
import { moment } from "../moment.ts";
import { ownPath } from "../own-path.ts";
import { doneAct, type Page, refusedAct, type Watched } from "../page.ts";
import { type Column, table } from "../table.ts";

const LIVE = "/console/live/deliveries";
const SHOWN_TEXT = 120;

const shorten = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ");
  const characters = [...line];
  return characters.length > SHOWN_TEXT ? `${characters.slice(0, SHOWN_TEXT).join("")}…` : line;
};

const columns = ({ now }: Pick<Asked, "now">): Column<Delivery>[] => [
  {
    title: "Select",
    cell: ({ id, text }) => html`<input type="checkbox" name="id" value="${id}" form="retry" aria-label="Select “${shorten(text)}”">`,
  },
  { title: "Accepted", cell: ({ acceptedAt }) => moment(acceptedAt, now) },
  { title: "State", cell: ({ state }) => badge(state) },
  { title: "Text", kind: "text", header: true, cell: ({ id, text }) => html`<a href="${DELIVERIES}/${id}">${shorten(text)}</a>` },
  { title: "Account", cell: ({ accountName }) => `@${accountName}` },
  { title: "Entry", cell: ({ entryId }) => entryId ?? "none" },
  { title: "Attempts", kind: "number", cell: ({ attempts }) => attempts },
  { title: "Last error", kind: "text", cell: ({ lastError }) => lastError?.reason ?? "" },
];

const HEAD = ["id", "state", "accepted", "delivered", "account", "user", "content", "entry", "text", "attempts", "url", "reason", "error"];

const rowOf = (delivery: Delivery): string[] => [
  delivery.id,
  delivery.state,
  delivery.acceptedAt,
  delivery.deliveredAt ?? "",
  delivery.accountName,
  delivery.functionalUser,
  delivery.content,
  delivery.entryId ?? "",
  delivery.text,
  String(delivery.attempts),
  delivery.posts.find(({ url }) => url !== undefined)?.url ?? "",
  delivery.lastError?.reason ?? "",
  delivery.lastError?.message ?? "",
];

async function look(asked: Watched): Promise<Called<Record<"list" | "pager", Html>>> {
  const { query } = asked;
  const listed = await asked.call("deliveries.list", deliveryFilter(query));
  if (!listed.ok) return listed;
  const { deliveries: rows, cursor } = listed.value;
  const list = table({ caption: "Deliveries, newest first", columns: columns(asked), rows, empty: "Nothing matches." });
  return { ok: true, value: { list, pager: nextPage(DELIVERIES, query, cursor) ?? html`` } };
}

export const deliveries: Page = {
  path: DELIVERIES,
  menu: { label: "Deliveries", role: "operator" },
  async show(asked) {
    const { query } = asked;
    const looked = await look(asked);
    if (!looked.ok) return looked;
    const { list, pager } = looked.value;
    const here = `${DELIVERIES}?${String(query)}`;
    const retry = html`<form id="retry" class="bar" method="post" action="${DELIVERIES}/retry">${csrfField(asked)}
<input type="hidden" name="back" value="${here}"><button class="quiet">Retry what is selected</button></form>`;
    // Older pages stay as they are: nothing is added to them.
    const isNewest = !query.has("cursor");
    const body = html`${isNewest && ALIVE}${deliveryFilterForm(query)}
<div id="list" class="list"${isNewest && html` data-live="${LIVE}?${String(query)}"`}>${list}</div>
<div class="below">${retry}<div id="pager">${pager}</div></div>`;
    return { ok: true, title: "Deliveries", body };
  },
  live: { path: LIVE, parts: look },
  acts: {
    async retry({ call, form }) {
      const back = ownPath(form.get("back"));
      const ids = form.getAll("id");
      if (ids.length === 0) return { notice: { kind: "bad", text: "Nothing was selected." }, to: back };
      const answered = await call("deliveries.retry", { ids });
      if (!answered.ok) return refusedAct(answered, back);
      const count = answered.value.ids.length;
      return doneAct(`${count} of ${ids.length} go on; those that were delivered or are under way stay as they are.`, back);
    },
  },
  exports: ({ call, query }) =>
    exportCsv((page) => call("deliveries.list", { ...deliveryFilter(query), ...page }), {
      head: HEAD,
      rowsOf: (page) => page.deliveries.map(rowOf),
    }),
};
