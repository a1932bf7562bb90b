import type { Registration } from "../../shapes.ts";
import type { Asked } from "../asked.ts";
import { badge } from "../badge.ts";
import { html } from "../html.ts";
import { moment } from "../moment.ts";
import { isAdmin, type Page } from "../page.ts";
import { pathOf, REGISTRATIONS, USERS } from "../registration-form.ts";
import { type Column, table } from "../table.ts";

const columns = ({ now }: Asked): Column<Registration>[] => [
  { title: "Account", kind: "text", header: true, cell: ({ id, accountName }) => html`<a href="${pathOf(id)}">@${accountName}</a>` },
  { title: "Functional user", kind: "text", cell: ({ functionalUser }) => functionalUser },
  { title: "Company", kind: "text", cell: ({ company }) => company },
  { title: "Content", kind: "text", cell: ({ content }) => content },
  { title: "Mechanism", cell: ({ mechanism }) => mechanism },
  { title: "Status", cell: ({ status }) => badge(status) },
  {
    title: "Authorization",
    cell: ({ authorization, protected: isProtected }) =>
      html`${badge(authorization)}${isProtected === false && html` ${badge("not protected")}`}`,
  },
  { title: "Authorised", cell: ({ authorizedAt }) => moment(authorizedAt, now) },
];

export const registrations: Page = {
  path: REGISTRATIONS,
  menu: { label: "Registrations", role: "operator" },
  async show(asked) {
    const listed = await asked.call("registrations.list");
    if (!listed.ok) return listed;
    const body = html`<p class="lead">External Notification Registrations: which account posts what for whom. ${!isAdmin(asked) && "To change them takes an administrator."}</p>
${isAdmin(asked) && html`<div class="bar"><a class="button main" href="${REGISTRATIONS}/new">New Request</a></div>`}
${table({ caption: "Registrations", hideCaption: true, columns: columns(asked), rows: listed.value.registrations, empty: "Nothing is registered yet." })}`;
    return { ok: true, title: "Registrations", body };
  },
  json: { path: USERS, answer: ({ call, query }) => call("users.suggest", { prefix: query.get("prefix") ?? "" }) },
};
