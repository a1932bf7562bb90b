import type { AuditEntry } from "../../shapes.ts";
import type { Asked } from "../asked.ts";
import { badge } from "../badge.ts";
import { exportCsv } from "../csv-export.ts";
import { nextPage, spanFields, textField } from "../forms.ts";
import { html } from "../html.ts";
import { moment, readMoment } from "../moment.ts";
import type { Page } from "../page.ts";
import { type Column, table } from "../table.ts";

const PATH = "/console/audit";

function filterOf(query: URLSearchParams): Record<string, string> {
  const asked = {
    client: query.get("client"),
    method: query.get("method"),
    since: readMoment(query.get("since")),
    until: readMoment(query.get("until")),
    cursor: query.get("cursor"),
  };
  return Object.fromEntries(Object.entries(asked).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

const columns = ({ now }: Asked): Column<AuditEntry>[] => [
  { title: "When", header: true, cell: ({ at }) => moment(at, now) },
  { title: "Who", cell: ({ client, role }) => html`${client}${role !== undefined && html` <small>${role}</small>`}` },
  { title: "From", cell: ({ address }) => address ?? "this machine" },
  { title: "Did what", cell: ({ method }) => method },
  { title: "To", kind: "text", cell: ({ target }) => target ?? "" },
  { title: "Outcome", cell: ({ outcome, arerr }) => html`${badge(outcome)}${arerr !== undefined && ` ARERR ${arerr}`}` },
  {
    title: "Details",
    kind: "text",
    cell: ({ detail, reason }) => [reason, ...detailsOf(detail)].filter((part) => part !== undefined).join("; "),
  },
];

const detailsOf = (detail: AuditEntry["detail"]): string[] =>
  Object.entries(detail).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);

const HEAD = ["at", "client", "role", "address", "method", "target", "outcome", "arerr", "reason", "detail"];

const rowOf = ({ at, client, role = "", address = "", method, target = "", outcome, arerr, reason = "", detail }: AuditEntry): string[] => [
  ...[at, client, role, address, method, target, outcome, String(arerr ?? ""), reason, JSON.stringify(detail)],
];

export const audit: Page = {
  path: PATH,
  menu: { label: "Audit", role: "admin" },
  async show(asked) {
    const { query } = asked;
    const listed = await asked.call("audit.list", filterOf(query));
    if (!listed.ok) return listed;
    const { entries, cursor } = listed.value;
    const plain = new URLSearchParams(query);
    plain.delete("cursor");
    const body = html`<form class="filter" method="get" action="${PATH}" role="search" aria-label="Filter">
${textField("client", "Client", query.get("client"))}${textField("method", "Method", query.get("method"), html` placeholder="lanes.pause"`)}
${spanFields(query)}
<div class="tools"><button class="main">Filter</button><a class="button quiet" href="${PATH}">Clear</a>
<a class="button quiet" href="${PATH}.csv?${String(plain)}" download>Export CSV</a></div></form>
${table({ caption: "What administrators and operators did, newest first", columns: columns(asked), rows: entries, empty: "Nothing matches." })}
${nextPage(PATH, query, cursor)}`;
    return { ok: true, title: "Audit", body };
  },
  exports: ({ call, query }) =>
    exportCsv((page) => call("audit.list", { ...filterOf(query), ...page }), { head: HEAD, rowsOf: ({ entries }) => entries.map(rowOf) }),
};
