import { DELIVERY_STATES, type DeliveryFilter, type DeliveryState } from "../../shapes.ts";
import type { Group, Invocation, Leaf, Options } from "../command.ts";
import { sayStory } from "../delivery-story.ts";
import { sayDeliveries } from "../delivery-table.ts";
import { show } from "../show.ts";
import { tail } from "../tail.ts";

const FILTERS: Options = {
  state: { short: "s", value: "STATE", help: "only in this state", choices: DELIVERY_STATES, many: true },
  account: { short: "a", value: "NAME", help: "only for this account" },
  entry: { short: "e", value: "ID", help: "only about this AR entry" },
  since: { value: "WHEN", help: "accepted at or after", moment: true },
  until: { value: "WHEN", help: "accepted before", moment: true },
  text: { value: "PART", help: "only with this in the text" },
};

/** What the options ask for; undefined when they ask for nothing. */
function filterOf(invocation: Invocation): DeliveryFilter | undefined {
  // The table of options has checked the names of states already.
  const wanted = invocation.texts("state");
  const states: DeliveryState[] = DELIVERY_STATES.filter((state) => wanted.includes(state));
  const [account, entryId, since, until, text] = ["account", "entry", "since", "until", "text"].map(invocation.text);
  const filter: DeliveryFilter = {
    ...(states.length > 0 && { states }),
    ...(account !== undefined && { accountName: account.replace(/^@/, "") }),
    ...(entryId !== undefined && { entryId }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(text !== undefined && { text }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

const list: Leaf = {
  name: "list",
  summary: "deliveries, newest first",
  options: {
    ...FILTERS,
    limit: { short: "n", value: "N", help: "at most so many", integer: { min: 1, max: 1000 }, fallback: "50" },
    cursor: { value: "CURSOR", help: "go on where a list ended" },
  },
  host: true,
  json: true,
  example: "perch deliveries list --state failed --state waiting --since 2h",
  run: (invocation) => {
    const [limit, cursor] = [invocation.number("limit"), invocation.text("cursor")];
    const params = { ...filterOf(invocation), ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) };
    return show(invocation, "deliveries.list", params, (result) => {
      sayDeliveries(invocation, result.deliveries);
      // For a person only: a script asks for --json and reads the cursor there.
      if (result.cursor && invocation.screen.isTerminal) invocation.screen.say(`There are more: --cursor ${result.cursor}`);
    });
  },
};

const showOne: Leaf = {
  name: "show",
  summary: "the whole story of one delivery",
  arguments: [{ name: "ID", help: "the delivery's id" }],
  host: true,
  json: true,
  example: "perch deliveries show 0199c1a0-5f3e-7c44-9a58-2f6d3b1e7a10",
  run: (invocation) => show(invocation, "deliveries.get", { id: invocation.args[0] ?? "" }, (delivery) => sayStory(invocation, delivery)),
};

const change = (name: "retry" | "cancel", done: string, summary: string, example: string): Leaf => ({
  name,
  summary,
  purpose: ["Which ones: ids, or a filter."],
  arguments: [{ name: "ID", help: "ids of deliveries", optional: true, many: true }],
  options: FILTERS,
  host: true,
  json: true,
  example,
  run: async (invocation) => {
    const filter = filterOf(invocation);
    const ids = [...invocation.args];
    if (ids.length > 0 && filter) return invocation.misuse("Give ids or a filter, not both.");
    if (ids.length === 0 && !filter) return invocation.misuse(`perch deliveries ${name} needs ids, or a filter (--state, --account, …).`);
    return show(invocation, `deliveries.${name}`, filter ?? { ids }, (result) => {
      const { screen } = invocation;
      screen.say(result.ids.length === 0 ? `None of them could be ${done}.` : `${result.ids.length} ${done}:`);
      for (const id of result.ids) screen.say(id);
    });
  },
});

export const deliveries: Group = {
  name: "deliveries",
  summary: "list, show, retry, cancel and follow deliveries",
  example: "perch deliveries list --state failed --since 2h",
  subcommands: [
    list,
    showOne,
    change(
      "retry",
      "put back",
      "send again what ended without being delivered; try waiting ones at once",
      "perch deliveries retry --state failed --since 1d",
    ),
    change("cancel", "cancelled", "cancel what has not begun", "perch deliveries cancel --account ITSM_Notify --state queued"),
    tail,
  ],
};
