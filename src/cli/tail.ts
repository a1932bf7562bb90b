import { DELIVERY_STATES, type Delivery, ENDED_STATES } from "../shapes.ts";
import { DONE, FAILED, type Invocation, type Leaf } from "./command.ts";
import { sayFailure } from "./failure.ts";
import type { RpcAnswer } from "./methods.ts";
import { printable, printableJson } from "./printable.ts";
import { styleOf } from "./state-style.ts";
import { localTime } from "./when.ts";
import { cutToWidth } from "./width.ts";

const LOOK_EVERY_MS = 1000;
/** As many as the host gives at once: the newest, whatever their state, and all that have not ended. */
const NEWEST = 200;
const LIVE = 1000;
const LIVE_STATES = DELIVERY_STATES.filter((state) => !ENDED_STATES.includes(state));
const DEFAULT_LINES = 10;
const NARROWEST_TEXT = 20;

export const tail: Leaf = {
  name: "tail",
  summary: "follow deliveries, a line for each change, until Ctrl-C",
  options: {
    account: { short: "a", value: "NAME", help: "only for this account" },
    lines: {
      short: "n",
      value: "N",
      help: "begin with so many of the newest",
      integer: { min: 0, max: NEWEST },
      fallback: String(DEFAULT_LINES),
    },
  },
  host: true,
  json: true,
  example: "perch deliveries tail --account ITSM_Notify",
  run: async (invocation) => {
    const end = new AbortController();
    const forget = invocation.machine.onSignal(() => end.abort());
    try {
      return await follow(invocation, end.signal);
    } finally {
      forget();
    }
  },
};

async function follow(invocation: Invocation, signal: AbortSignal): Promise<number> {
  const { machine, screen } = invocation;
  const seen = new Map<string, Seen>();
  let lost = false;
  for (let first = true; !signal.aborted; first = false) {
    const answer = await look(invocation, seen);
    if (!answer.ok && first) {
      sayFailure(screen, answer.error, invocation.json);
      return FAILED;
    }
    if (!answer.ok && !lost) screen.complain(`${printable(answer.error.message)}; it is tried again every second.`);
    lost = !answer.ok;
    if (answer.ok)
      sayChanges(invocation, seen, answer.value, first ? (invocation.number("lines") ?? DEFAULT_LINES) : Number.POSITIVE_INFINITY);
    await machine.wait(LOOK_EVERY_MS, signal);
  }
  return DONE;
}

/** An id is a UUIDv7 and grows with time, so it decides between two of one millisecond. */
const oldestFirst = (a: Delivery, b: Delivery) => (a.acceptedAt + a.id < b.acceptedAt + b.id ? -1 : 1);

/** What was last printed of a delivery; `live`: it may still change. */
type Seen = { mark: string; live: boolean };

/** The newest, all live ones, and those that were live at the last look and are among neither now. */
async function look(invocation: Invocation, seen: ReadonlyMap<string, Seen>): Promise<RpcAnswer<Delivery[]>> {
  const account = invocation.text("account");
  const filter = account === undefined ? {} : { accountName: account.replace(/^@/, "") };
  const live = await invocation.call("deliveries.list", { ...filter, states: LIVE_STATES, limit: LIVE });
  if (!live.ok) return live;
  const newest = await invocation.call("deliveries.list", { ...filter, limit: NEWEST });
  if (!newest.ok) return newest;
  const found = new Map([...live.value.deliveries, ...newest.value.deliveries].map((delivery) => [delivery.id, delivery]));
  for (const [id, known] of seen) {
    if (!known.live || found.has(id)) continue;
    const one = await invocation.call("deliveries.get", { id });
    if (one.ok) found.set(id, one.value);
  }
  return { ok: true, value: [...found.values()].sort(oldestFirst) };
}

function sayChanges(invocation: Invocation, seen: Map<string, Seen>, deliveries: readonly Delivery[], lines: number): void {
  const changed = deliveries.filter((delivery) => seen.get(delivery.id)?.mark !== markOf(delivery));
  for (const delivery of changed.slice(Math.max(0, changed.length - lines))) sayChange(invocation, delivery);
  for (const delivery of changed) seen.set(delivery.id, { mark: markOf(delivery), live: !ENDED_STATES.includes(delivery.state) });
}

/** Two looks with the same mark have nothing new to tell. */
const markOf = ({ state, attempts, posts, lastError }: Delivery) =>
  [state, attempts, posts.map((post) => post.state).join(), lastError?.message].join("|");

function sayChange({ screen, machine, json, io }: Invocation, delivery: Delivery): void {
  if (json) {
    screen.say(printableJson(delivery));
    return;
  }
  const { id, state, posts, lastError, acceptedAt, accountName } = delivery;
  const now = new Date(machine.now()).toISOString();
  const url = posts.findLast((post) => post.url !== undefined)?.url;
  const told = state === "delivered" ? url : state === "queued" ? undefined : lastError?.message;
  const fields = [id, accountName, told ?? delivery.text].map(printable);
  if (!screen.isTerminal) {
    screen.say([now, state, ...fields, acceptedAt].join("\t"));
    return;
  }
  const [shownId = "", account = "", rest = ""] = fields;
  const head = `${localTime(now, machine.now())}  ${state.padEnd(9)}  ${shownId}  ${account}  `;
  // Half an address opens nothing.
  const line = head + (told !== undefined && told === url ? rest : cutToWidth(rest, Math.max(NARROWEST_TEXT, io.columns - head.length)));
  screen.say(line.replace(state, screen.paint(styleOf(state), state)));
}
