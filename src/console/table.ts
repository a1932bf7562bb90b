import { type Fill, type Html, html } from "./html.ts";

export type Column<Row> = {
  title: string;
  cell(row: Row): Fill;
  /** How it is laid out; `number`: to the right. */
  kind?: "short" | "number" | "text" | "tools";
  /** Names the row for who hears it. */
  header?: boolean;
};

export type TableOptions<Row> = {
  caption: string;
  /** The heading above says the same to who sees it. */
  hideCaption?: boolean;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  /** A sentence in place of a table without rows. */
  empty: Fill;
};

/** On a phone each row becomes a card; the roles are written out since CSS's `display` takes them away there. */
export function table<Row>({ caption, hideCaption, columns, rows, empty }: TableOptions<Row>): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const head = columns.map(({ title, kind = "short" }) =>
    title === "" ? html`<td role="cell" class="${kind}"></td>` : html`<th role="columnheader" scope="col" class="${kind}">${title}</th>`,
  );
  return html`<table role="table"><caption${hideCaption && html` class="unseen"`}>${caption}</caption>
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">${rows.map((row) => html`<tr role="row">${columns.map((column) => cellOf(column, row))}</tr>\n`)}</tbody></table>`;
}

function cellOf<Row>({ title, cell, kind = "short", header }: Column<Row>, row: Row): Html {
  const fill = cell(row);
  const isBlank = fill === undefined || fill === false || fill === "";
  const label = title === "" ? undefined : html` data-label="${title}"`;
  const inside = html` class="${kind}${isBlank && " blank"}"${label}><div>${fill}</div>`;
  return header ? html`<th role="rowheader" scope="row"${inside}</th>` : html`<td role="cell"${inside}</td>`;
}
