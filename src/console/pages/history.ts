import { ALIVE } from "../alive.ts";
import type { Called } from "../asked.ts";
import { askHistory, charts, type HistoryParts, historyParts, RANGES } from "../charts.ts";
import { type Html, html } from "../html.ts";
import type { Page, Watched } from "../page.ts";

export const HISTORY = "/console/history";
const LIVE = "/console/live/history";
type RangeName = keyof typeof RANGES;

const rangeOf = ({ query }: Watched): RangeName => {
  const asked = query.get("range") ?? "";
  return Object.hasOwn(RANGES, asked) ? (asked as RangeName) : "24h";
};

async function look(asked: Watched): Promise<Called<HistoryParts>> {
  const answered = await askHistory(asked.call, RANGES[rangeOf(asked)], asked.now);
  return answered.ok ? { ok: true, value: historyParts(answered.value) } : answered;
}

const ranges = (current: RangeName): Html =>
  html`<nav aria-label="How far back"><ul class="ranges">${Object.entries(RANGES).map(
    ([name, { label }]) =>
      html`<li><a class="button quiet" href="${HISTORY}?range=${name}"${name === current && html` aria-current="true"`}>${label}</a></li>`,
  )}</ul></nav>`;

export const history: Page = {
  path: HISTORY,
  menu: { label: "History", role: "operator" },
  async show(asked) {
    const looked = await look(asked);
    if (!looked.ok) return looked;
    const range = rangeOf(asked);
    const body = html`${ALIVE}<p class="lead">What happened over time, of all hosts together.</p>${ranges(range)}
<div data-live="${LIVE}?range=${range}"><section class="panel tall" aria-label="The last ${RANGES[range].label}">
${charts(["traffic", "trouble", "latency", "queue"], RANGES[range], looked.value)}</section></div>`;
    return { ok: true, title: "History", body };
  },
  live: { path: LIVE, parts: look },
};
