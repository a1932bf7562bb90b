import type { PluginReport } from "../../shapes.ts";
import { clockWords, lengthOf } from "../../time-words.ts";
import type { Asked } from "../asked.ts";
import { badge } from "../badge.ts";
import { askedTwice, button } from "../forms.ts";
import { type Html, html } from "../html.ts";
import { moment } from "../moment.ts";
import { doneAct, isAdmin, type Page, refusedAct } from "../page.ts";
import { type Column, table } from "../table.ts";

const PATH = "/console/plugins";

export const pluginColumns = ({ now }: Pick<Asked, "now">): Column<PluginReport>[] => [
  { title: "Plug-in", header: true, cell: ({ name }) => name },
  { title: "State", cell: ({ state }) => badge(state) },
  { title: "Workers", kind: "number", cell: ({ workers }) => workers },
  { title: "Replaced", kind: "number", cell: ({ restarts }) => restarts },
  { title: "In flight", kind: "number", cell: ({ callsInFlight }) => callsInFlight },
  { title: "Clock of this host", kind: "text", cell: ({ clock }) => (clock ? clockWords(clock.offsetSeconds) : "not measured yet") },
  { title: "What happened", kind: "text", cell: (plugin) => whatHappened(plugin, now) },
];

function whatHappened({ cause, lastDeath, nextTryAt }: PluginReport, now: number): Html | string {
  if (cause !== undefined) return cause;
  if (!lastDeath) return "nothing";
  const next = nextTryAt !== undefined && `; next try in ${lengthOf(Math.max(Date.parse(nextTryAt) - now, 0))}`;
  return html`${moment(lastDeath.at, now)} worker ended: ${lastDeath.cause}${next}`;
}

const filters: Column<PluginReport> = { title: "Filters", kind: "text", cell: ({ filters }) => filters.join(" ") };

const tools = (asked: Asked): Column<PluginReport> => ({
  title: "",
  kind: "tools",
  cell: ({ name }) =>
    askedTwice(
      "Restart…",
      "New workers take the old ones’ place, with the module as it is now. What is in flight ends first.",
      button(asked, { action: `${PATH}/restart`, label: "Restart", of: name, fields: { name }, kind: "main" }),
    ),
});

export const plugins: Page = {
  path: PATH,
  menu: { label: "Plug-ins", role: "operator" },
  async show(asked) {
    const listed = await asked.call("plugins.list");
    if (!listed.ok) return listed;
    const mayRestart = isAdmin(asked);
    const columns = [...pluginColumns(asked), filters, ...(mayRestart ? [tools(asked)] : [])];
    const body = html`<p class="lead">Each plug-in runs in workers of its own; one that hangs or crashes is replaced and harms no other.
${!mayRestart && "To restart one takes an administrator."}</p>
${table({ caption: "Plug-ins", hideCaption: true, columns, rows: listed.value.plugins, empty: "The configuration names no plug-in." })}`;
    return { ok: true, title: "Plug-ins", body };
  },
  acts: {
    async restart({ call, form }) {
      const name = form.get("name") ?? "";
      const answered = await call("plugins.restart", { name });
      return answered.ok ? doneAct(`${name} was restarted and is ${answered.value.state}.`, PATH) : refusedAct(answered, PATH);
    },
  },
};
