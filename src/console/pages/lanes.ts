import type { Lane } from "../../shapes.ts";
import type { Asked } from "../asked.ts";
import { badge } from "../badge.ts";
import { deliveriesWith } from "../delivery-filter.ts";
import { button } from "../forms.ts";
import { failureLines } from "../frame.ts";
import { type Html, html } from "../html.ts";
import { moment } from "../moment.ts";
import { type Act, doneAct, type Page, refusedAct } from "../page.ts";
import { type Column, table } from "../table.ts";

const PATH = "/console/lanes";

/** What there is to be seen of lanes; without buttons, since the part that is alive must not take the focus away. */
export function laneColumns(asked: Pick<Asked, "now" | "limits">, lanes: readonly Lane[]): Column<Lane>[] {
  const grouped = lanes.some(({ host }) => host !== undefined);
  return [
    {
      title: "Account",
      header: true,
      cell: ({ accountName }) => html`<a href="${deliveriesWith({ account: accountName })}">@${accountName}</a>`,
    },
    { title: "State", cell: ({ state }) => badge(state) },
    { title: "Queued", kind: "number", cell: ({ queued }) => queued },
    ...(grouped ? [{ title: "Host", cell: ({ host }: Lane) => host ?? "none" }] : []),
    { title: "Plug-in", cell: ({ plugin }) => plugin },
    { title: "Waits for", kind: "text", cell: (lane) => waitOf(lane, asked.now) },
    { title: "Left of its budget", kind: "text", cell: (lane) => budgetOf(lane, asked) },
  ];
}

function waitOf({ paused, hold }: Lane, now: number): Html | string {
  if (hold) {
    const until = hold.until === undefined ? "" : html`, until ${moment(hold.until, now)}`;
    return html`<strong>${hold.error.reason}</strong> since ${moment(hold.since, now)}${until}${paused && "; and paused by an operator"}`;
  }
  return paused ? "an operator, who paused it" : "nothing";
}

function budgetOf({ accountName, plugin }: Lane, { limits }: Pick<Asked, "limits">): Html | string {
  const own = limits.filter((limit) => limit.plugin === plugin && (limit.account === accountName || limit.account === ""));
  if (own.length === 0) return "not known yet";
  return html`${own.map(({ name, remaining, size }, index) => html`${index > 0 && ", "}${remaining}${size !== undefined && ` of ${size}`} ${name}`)}`;
}

const tools = (asked: Asked): Column<Lane> => ({
  title: "",
  kind: "tools",
  cell: ({ accountName, paused }) =>
    paused
      ? button(asked, { action: `${PATH}/resume`, label: "Resume", of: accountName, fields: { accountName } })
      : button(asked, { action: `${PATH}/pause`, label: "Pause", of: accountName, fields: { accountName } }),
});

const act =
  (method: "lanes.pause" | "lanes.resume", said: string): Act =>
  async ({ call, form }) => {
    const accountName = form.get("accountName") ?? "";
    const answered = await call(method, { accountName });
    return answered.ok ? doneAct(`The lane of @${accountName} ${said}.`, PATH) : refusedAct(answered, PATH);
  };

export const lanes: Page = {
  path: PATH,
  menu: { label: "Lanes", role: "operator" },
  async show(asked) {
    const listed = await asked.call("lanes.list");
    if (!listed.ok) return listed;
    const all = listed.value.lanes;
    const held = all.flatMap(({ accountName, hold }) => (hold ? [{ accountName, hold }] : []));
    const body = html`<p class="lead">A lane holds the deliveries of one account, and posts them one at a time, in order.</p>
${table({ caption: "Lanes", hideCaption: true, columns: [...laneColumns(asked, all), tools(asked)], rows: all, empty: NO_LANES })}
${held.map(
  ({ accountName, hold }) => html`<section class="panel" aria-label="Why @${accountName} is held">
<h2>Why @${accountName} is held</h2>${failureLines(hold.error)}</section>`,
)}`;
    return { ok: true, title: "Lanes", body };
  },
  acts: {
    pause: act("lanes.pause", "is paused; what is in flight ends"),
    resume: act("lanes.resume", "goes on"),
  },
};

export const NO_LANES = "No lanes: no account has been authorised yet.";
