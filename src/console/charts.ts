/**
 * History as charts. The table that the host writes holds all figures; `assets/charts.js` reads it and draws, so the two
 * always say the same, and without JavaScript nothing is missing but the picture.
 */
import type { History, HistoryPoint } from "../shapes.ts";
import { lengthOf } from "../time-words.ts";
import type { Call, Called } from "./asked.ts";
import { libraryPath } from "./chart-library.ts";
import { type Fill, type Html, html } from "./html.ts";
import { type Column, table } from "./table.ts";

const MINUTE_MS = 60_000;

/** How far back, by steps of how many minutes. */
export type Range = { label: string; minutes: number; step: number };
export const RANGES = {
  "1h": { label: "1 hour", minutes: 60, step: 1 },
  "24h": { label: "24 hours", minutes: 1_440, step: 10 },
  "7d": { label: "7 days", minutes: 10_080, step: 60 },
  "90d": { label: "90 days", minutes: 129_600, step: 720 },
} as const satisfies Record<string, Range>;

/** Up to the minute that has passed: one that runs would look like a fall, and change the page all the time. */
export function askHistory(call: Call, { minutes, step }: Range, now: number): Promise<Called<History>> {
  const until = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const since = until - minutes * MINUTE_MS;
  return call("server.history", { since: iso(since), until: iso(until), stepSeconds: step * 60 });
}
const iso = (ms: number): string => new Date(ms).toISOString();

type Figure = { title: string; cell(point: HistoryPoint): Fill };
const seconds = (value: number | undefined): Fill => value !== undefined && html`<data value="${value}">${lengthOf(value * 1000)}</data>`;

/** The columns of the table; charts name them by their titles. */
const FIGURES = {
  accepted: { title: "Accepted", cell: ({ accepted }) => accepted },
  delivered: { title: "Delivered", cell: ({ delivered }) => delivered },
  failed: { title: "Failed", cell: ({ failed }) => failed },
  expired: { title: "Expired", cell: ({ expired }) => expired },
  cancelled: { title: "Cancelled", cell: ({ cancelled }) => cancelled },
  retried: { title: "Retried", cell: ({ retried }) => retried },
  half: { title: "Half within", cell: ({ latency }) => seconds(latency?.p50) },
  most: { title: "95 % within", cell: ({ latency }) => seconds(latency?.p95) },
  queued: { title: "Queued", cell: ({ queued }) => queued ?? false },
} as const satisfies Record<string, Figure>;
type FigureName = keyof typeof FIGURES;

/** `axis` says what its axis counts, with the length of a step for STEP; one of `time` is written as lengths of time. */
type Chart = { title: string; axis: string; unit: "deliveries" | "time"; series: readonly FigureName[] };
const CHARTS = {
  traffic: { title: "Accepted and delivered", axis: "deliveries in STEP", unit: "deliveries", series: ["accepted", "delivered"] },
  trouble: { title: "Failed, expired and retried", axis: "in STEP", unit: "deliveries", series: ["failed", "expired", "retried"] },
  latency: { title: "From acceptance to delivery", axis: "time", unit: "time", series: ["half", "most"] },
  queue: { title: "Queued", axis: "deliveries, the most at a minute’s end", unit: "deliveries", series: ["queued"] },
} as const satisfies Record<string, Chart>;
export type ChartName = keyof typeof CHARTS;

/** The parts that change while the page is open, by id. */
export type HistoryParts = Record<"history-empty" | "history-figures", Html>;
export function historyParts({ points }: History): HistoryParts {
  const isEmpty = points.every(({ latency, at, queued, ...counts }) => !queued && Object.values(counts).every((count) => count === 0));
  const time: Column<HistoryPoint> = { title: "From", header: true, cell: ({ at }) => whole(at) };
  const columns = [time, ...Object.values(FIGURES).map((figure): Column<HistoryPoint> => ({ ...figure, kind: "number" }))];
  const empty = html`<p class="empty">Nothing happened in this time. What is accepted, delivered, failed or retried from now on is drawn here, a minute after it has happened.</p>`;
  return {
    "history-empty": isEmpty ? empty : html``,
    "history-figures": isEmpty
      ? html``
      : table({ caption: "By steps of time, newest first", columns, rows: points.toReversed(), empty: "" }),
  };
}

/** With its day also today, since most steps are of another. */
const whole = (at: string): Html => html`<time datetime="${at}">${at.slice(0, 16).replace("T", " ")}</time>`;

/** Drawn in this order. */
export function charts(names: readonly ChartName[], { step }: Range, parts: HistoryParts): Html {
  return html`<link rel="stylesheet" href="${libraryPath("uplot.css")}"><div id="history-empty">${parts["history-empty"]}</div>
<div class="charts" data-charts="${libraryPath("uplot.js")}" hidden>${names.map((name) => figure(name, lengthOf(step * MINUTE_MS)))}<p class="unseen" aria-live="polite"></p></div>
<details class="figures"><summary>The figures as a table</summary>
<div id="history-figures" class="scrolls" tabindex="0" role="region" aria-label="The figures of the charts">${parts["history-figures"]}</div></details>`;
}

function figure(name: ChartName, step: string): Html {
  const { title, axis, unit, series }: Chart = CHARTS[name];
  return html`<figure class="chart" data-unit="${unit}" aria-labelledby="chart-${name}"><figcaption><span id="chart-${name}">${title}</span> <small>${axis.replace("STEP", step)}</small></figcaption>
<ul class="legend">${series.map((one) => html`<li class="mark-${one}" data-column="${FIGURES[one].title}"><span class="swatch"></span>${FIGURES[one].title} <output></output></li>`)}</ul>
<div class="plot" tabindex="0" role="group" aria-roledescription="chart" aria-label="${title}: arrow keys move through time; the table below has all figures"></div></figure>\n`;
}
