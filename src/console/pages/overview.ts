import { differences } from "../../host-differences.ts";
import type { HostReport } from "../../host-report.ts";
import { DELIVERY_STATES, type Delivery, type HostStatus } from "../../shapes.ts";
import { aheadWords, clockWords, lengthOf } from "../../time-words.ts";
import { ALIVE } from "../alive.ts";
import type { Called } from "../asked.ts";
import { badge, toneOf } from "../badge.ts";
import { askHistory, charts, type HistoryParts, historyParts, RANGES } from "../charts.ts";
import { DELIVERIES, deliveriesWith } from "../delivery-filter.ts";
import { fact } from "../fact.ts";
import { type Html, html } from "../html.ts";
import { moment } from "../moment.ts";
import type { Page, Watched } from "../page.ts";
import { table } from "../table.ts";
import { troubleList } from "../trouble-list.ts";
import { HISTORY } from "./history.ts";
import { laneColumns, NO_LANES } from "./lanes.ts";
import { pluginColumns } from "./plugins.ts";

const LIVE = "/console/live/overview";
/** Of failures that are summed up by their fault, at most; and how far back. */
const MAX_FAILURES = 200;
const MINUTE_MS = 60_000;
const RECENT_MS = 24 * 3_600_000;

type Parts = Record<"host" | "counts" | "failures" | "lanes" | "plugins" | "hosts", Html> & HistoryParts;

async function look(asked: Watched): Promise<Called<Parts>> {
  const status = await asked.call("server.status");
  if (!status.ok) return status;
  const since = new Date(asked.now - RECENT_MS).toISOString();
  const failed = await asked.call("deliveries.list", { states: ["failed"], since, limit: MAX_FAILURES });
  if (!failed.ok) return failed;
  const day = await askHistory(asked.call, RANGES["24h"], asked.now);
  if (!day.ok) return day;
  const { lanes, plugins } = status.value;
  const parts: Parts = {
    host: hostPart(status.value, asked.now),
    counts: countsPart(status.value),
    failures: failuresPart(failed.value.deliveries, asked.now),
    lanes: table({ caption: "Lanes", hideCaption: true, columns: laneColumns(asked, lanes), rows: lanes, empty: NO_LANES }),
    plugins: table({ caption: "Plug-ins", hideCaption: true, columns: pluginColumns(asked), rows: plugins, empty: "No plug-in." }),
    hosts: hostsPart(status.value, asked.now),
    ...historyParts(day.value),
  };
  return { ok: true, value: parts };
}

function hostPart({ ready, reasons, version, startedAt, store, configuration, plugins }: HostStatus, now: number): Html {
  const clocks = plugins.flatMap(({ name, clock }) => (clock ? [`${clockWords(clock.offsetSeconds)} against ${name}`] : []));
  const { lastError, needsRestart, warnings } = configuration;
  const troubles = [
    ...reasons,
    ...(lastError === undefined ? [] : [`The last change of the configuration was refused: ${lastError}`]),
    ...needsRestart.map((name) => `Changed, in force after a restart: ${name}`),
    ...warnings,
  ];
  return html`<dl class="facts wide">${fact("Accepts calls", badge(ready ? "ready" : "not ready"))}
${fact("Up for", upFor(now - Date.parse(startedAt)))}${fact("Version", version)}${fact("Store", store)}
${fact("Clock of this host", clocks.length > 0 ? clocks.join(", ") : "not measured yet")}
${fact("Configuration loaded", moment(configuration.loadedAt, now))}</dl>
${troubleList(troubles)}`;
}

/** In whole minutes, so that a page that is alive does not change for it all the time. */
const upFor = (ms: number): string => (ms < MINUTE_MS ? "less than a minute" : lengthOf(ms - (ms % MINUTE_MS)));

const countsPart = ({ deliveries }: HostStatus): Html =>
  html`<ul class="counts">${DELIVERY_STATES.map(
    (state) =>
      html`<li><a class="${deliveries[state] ? toneOf(state) : "none"}" href="${deliveriesWith({ state })}"><b>${deliveries[state] ?? 0}</b> ${state}</a></li>`,
  )}</ul>`;

type Kind = { reason: string; count: number; last: Delivery };

function failuresPart(failed: readonly Delivery[], now: number): Html {
  const kinds = new Map<string, Kind>();
  for (const last of failed) {
    const reason = last.lastError?.reason ?? "unknown";
    const kind = kinds.get(reason) ?? { reason, count: 0, last };
    kinds.set(reason, { ...kind, count: kind.count + 1 });
  }
  const more = failed.length === MAX_FAILURES && html`<p>Of the last ${MAX_FAILURES}; there may be more.</p>`;
  return html`${table<Kind>({
    caption: "Failures of the last 24 hours, by fault",
    hideCaption: true,
    columns: [
      { title: "Fault", header: true, cell: ({ reason }) => reason },
      { title: "Failed", kind: "number", cell: ({ count }) => count },
      { title: "Last", cell: ({ last }) => html`<a href="${DELIVERIES}/${last.id}">${moment(last.acceptedAt, now)}</a>` },
      { title: "Message", kind: "text", cell: ({ last }) => last.lastError?.message },
      { title: "What to do", kind: "text", cell: ({ last }) => last.lastError?.advice },
    ],
    rows: [...kinds.values()],
    empty: "Nothing failed in the last 24 hours.",
  })}${more}`;
}

function hostsPart({ hosts }: HostStatus, now: number): Html {
  const byService = ({ clocks }: HostReport) => Object.entries(clocks).map(([plugin, offset]) => `${clockWords(offset)} against ${plugin}`);
  const all = table({
    caption: "Hosts",
    hideCaption: true,
    columns: [
      { title: "Host", header: true, cell: ({ name, self }) => html`${name}${self && html` <small>this one</small>`}` },
      { title: "Address", kind: "text", cell: ({ url }) => url },
      { title: "Version", cell: ({ version }) => version },
      { title: "Up for", cell: ({ startedAt }) => upFor(now - Date.parse(startedAt)) },
      {
        title: "Clock",
        kind: "text",
        cell: (host) => [`${aheadWords(host.aheadSeconds)} against the store`, ...byService(host)].join(", "),
      },
      { title: "Seals with", kind: "text", cell: ({ keys }) => keys[0] ?? "" },
      { title: "Lanes", kind: "text", cell: ({ lanes }) => (lanes.length > 0 ? lanes.map((name) => `@${name}`).join(", ") : "none") },
    ],
    rows: hosts,
    empty: "The store has heard of no host in the last minute.",
  });
  return html`${troubleList(differences(hosts))}${all}`;
}

const HEADINGS = {
  host: "This host",
  counts: "Deliveries",
  history: "Last 24 hours",
  failures: "Failures of the last 24 hours",
  lanes: "Lanes",
  plugins: "Plug-ins",
  hosts: "Hosts",
} as const satisfies Record<Exclude<keyof Parts, keyof HistoryParts> | "history", string>;

/** What is seen of the history; the rest is on its own page. */
const historyPart = (parts: HistoryParts): Html =>
  html`${charts(["traffic", "trouble", "latency"], RANGES["24h"], parts)}<p><a href="${HISTORY}">Queue, and other times</a></p>`;

const section = (id: string, heading: string, part: Html | undefined): Html =>
  html`<section class="panel" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2><div id="${id}">${part}</div></section>\n`;

export const overview: Page = {
  path: "/",
  menu: { label: "Overview", role: "operator" },
  async show(asked) {
    const looked = await look(asked);
    if (!looked.ok) return looked;
    const parts: Readonly<Record<string, Html>> = { ...looked.value, history: historyPart(looked.value) };
    const sections = Object.entries(HEADINGS).map(([id, heading]) => section(id, heading, parts[id]));
    return { ok: true, title: "Overview", body: html`${ALIVE}<div class="wall" data-live="${LIVE}">${sections}</div>` };
  },
  live: { path: LIVE, parts: look },
};
