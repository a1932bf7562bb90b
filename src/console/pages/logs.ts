import { LINE_LEVELS, type LogPage } from "../../log-shapes.ts";
import { ALIVE } from "../alive.ts";
import type { Asked } from "../asked.ts";
import { type Choice, csrfField, menu, plainChoices } from "../forms.ts";
import { type Html, html } from "../html.ts";
import { logEntry } from "../log-entry.ts";
import { ownPath } from "../own-path.ts";
import { doneAct, isAdmin, type Page, refusedAct } from "../page.ts";

const PATH = "/console/logs";
const LIVE = "/console/live/logs";
/** Of one look; a browser that is behind catches up look by look. */
const MAX_LINES = 500;

const isLevel = (text: string | null) => LINE_LEVELS.some((level) => level === text);

/** Params of `server.logs`. */
function filterOf(query: URLSearchParams): { level?: string; plugin?: string } {
  const [level, plugin] = [query.get("level"), query.get("plugin")];
  return { ...(level && isLevel(level) && { level }), ...(plugin && { plugin }) };
}

const LEVEL_CHOICES: readonly Choice[] = [
  ["", "all"],
  ["debug", "debug and graver"],
  ["info", "info and graver"],
  ["warn", "warn and graver"],
  ["error", "error and graver"],
];

function filterForm(query: URLSearchParams, plugins: readonly string[]): Html {
  const { level = "", plugin = "" } = filterOf(query);
  const from: Choice[] = [["", "all"], ["host", "the host"], ...plainChoices(plugins)];
  return html`<form class="filter" method="get" action="${PATH}" role="search" aria-label="Filter">
${menu("level", "Level", level, LEVEL_CHOICES)}${menu("plugin", "From", plugin, from)}
<div><button class="main">Filter</button> <a class="button quiet" href="${PATH}">Clear</a></div></form>`;
}

/** What there is to choose from; the log takes AR System's names, too. */
const SET_LEVELS: readonly Choice[] = [["default", "as configured"], ...plainChoices([...LINE_LEVELS, "silent"])];

function levelForm(asked: Asked, { host, plugins }: LogPage["levels"], names: readonly string[]): Html {
  const own = Object.entries(plugins).map(([name, level]) => html`, ${name} at <strong>${level}</strong>`);
  const said = html`<p>The host logs at <strong>${host}</strong>${own}.</p>`;
  if (!isAdmin(asked)) return said;
  const of: Choice[] = [["", "the host"], ...plainChoices(names)];
  return html`<details class="levels"><summary>${said}<span class="button quiet">Change…</span></summary>
<form class="filter" method="post" action="${PATH}/level">${csrfField(asked)}<input type="hidden" name="back" value="${PATH}?${String(asked.query)}">
${menu("of", "Of", "", of)}${menu("set", "Level", "debug", SET_LEVELS)}
<div><button class="main">Set</button></div></form>
<p class="empty">It lasts until the host ends. Plug-ins without a level of their own follow the host’s.</p></details>`;
}

/** Who hears the page is told of what is grave; a flood of the rest would drown it. */
const politenessOf = (level: string | undefined) => (level === "warn" || level === "error" ? "polite" : "off");

function tailOf(query: URLSearchParams, { lines, cursor }: LogPage): Html {
  const filter = filterOf(query);
  const feed = `${LIVE}?${String(new URLSearchParams({ ...filter, cursor }))}`;
  return html`<div class="tail panel" role="log" aria-label="The log" aria-live="${politenessOf(filter.level)}" tabindex="0" data-feed="${feed}"><ol>
${lines.map(logEntry)}</ol></div><p class="empty">Lines of this host, of its last 2,000; the log itself has all.</p>`;
}

export const logs: Page = {
  path: PATH,
  menu: { label: "Logs", role: "operator" },
  async show(asked) {
    const { query } = asked;
    const [found, listed] = [await asked.call("server.logs", filterOf(query)), await asked.call("plugins.list")];
    if (!found.ok) return found;
    if (!listed.ok) return listed;
    const names = listed.value.plugins.map(({ name }) => name);
    const body = html`${ALIVE}${filterForm(query, names)}${levelForm(asked, found.value.levels, names)}${tailOf(query, found.value)}`;
    return { ok: true, title: "Logs", body };
  },
  acts: {
    async level({ call, form }) {
      const back = ownPath(form.get("back"));
      const plugin = form.get("of") ?? "";
      const set = await call("server.logLevel", { level: form.get("set") ?? "", ...(plugin !== "" && { plugin }) });
      return set.ok ? doneAct(`${set.value.plugin ?? "The host"} logs at ${set.value.level} now.`, back) : refusedAct(set, back);
    },
  },
  feed: {
    path: LIVE,
    async next({ call, query }, cursor) {
      const found = await call("server.logs", { ...filterOf(query), cursor, limit: MAX_LINES });
      if (!found.ok) return found;
      const { lines, missed } = found.value;
      const gap = missed > 0 && html`<li class="entry gap">${missed} lines came faster than they could be shown, and are not here.</li>\n`;
      return { ok: true, value: { html: html`${gap}${lines.map(logEntry)}`, cursor: found.value.cursor } };
    },
  },
};
