import { type Delivery, ENDED_STATES, type NotifyRequest, type NotifyResult } from "../../shapes.ts";
import { DONE, FAILED, type Invocation, type Leaf } from "../command.ts";
import { explain, sayFailure } from "../failure.ts";
import { printable } from "../printable.ts";
import { withSpinner } from "../spinner.ts";
import { styleOf } from "../state-style.ts";
import { textArgument } from "../text-argument.ts";
import { localTime } from "../when.ts";

const DEFAULT_WAIT_SECONDS = 30;

export const notify: Leaf = {
  name: "notify",
  summary: "send a broadcast",
  purpose: [
    "The text is stored before anything is said; then the outcome is waited for. The exit status is 1 when a delivery",
    "failed, expired or was cancelled in that time, else 0: what still waits is kept and goes out by itself.",
  ],
  arguments: [{ name: "TEXT", help: "the text; - reads it from standard input" }],
  options: {
    content: { short: "c", value: "NAME", help: "Notification Content", fallback: "Broadcast" },
    user: { short: "u", value: "NAME", help: "AR Functional User", fallback: "every enabled registration of the content" },
    entry: { short: "e", value: "ID", help: "AR entry that it is about; makes a repeated call recognisable" },
    priority: { short: "p", value: "N", help: "0 is the highest", integer: { min: 0, max: 10 }, fallback: "5" },
    ttl: {
      value: "SECONDS",
      help: "expires when it has not begun by then",
      integer: { min: 1, max: 31_536_000 },
      fallback: "outbox.maxAgeHours",
    },
    key: { value: "KEY", help: "idempotency key: a repeat with the same key posts nothing" },
    wait: {
      value: "SECONDS",
      help: "how long to wait for the outcome",
      integer: { min: 0, max: 300 },
      fallback: String(DEFAULT_WAIT_SECONDS),
    },
    "no-wait": { help: "do not wait for the outcome" },
  },
  host: true,
  json: true,
  example: 'perch notify "E-mail is down in Paris, we are on it" --entry INC000000012345',
  run: async (invocation) => {
    const text = await textArgument(invocation);
    if (text === "") return invocation.misuse("The text is empty.");
    const request = requestOf(invocation, text);
    const answer = await withSpinner(invocation, waitingFor(request), invocation.call("notify", request));
    if (!answer.ok) {
      sayFailure(invocation.screen, answer.error, invocation.json);
      return FAILED;
    }
    if (invocation.json) invocation.screen.json(answer.value);
    else sayOutcome(invocation, answer.value);
    return answer.value.deliveries.some(endedBadly) ? FAILED : DONE;
  },
};

function requestOf(invocation: Invocation, text: string): NotifyRequest {
  const [content, functionalUser, entryId, idempotencyKey] = ["content", "user", "entry", "key"].map(invocation.text);
  const [priority, ttlSeconds] = ["priority", "ttl"].map(invocation.number);
  return {
    text,
    ...(content !== undefined && { content }),
    ...(functionalUser !== undefined && { functionalUser }),
    ...(entryId !== undefined && { entryId }),
    ...(priority !== undefined && { priority }),
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    waitSeconds: invocation.flag("no-wait") ? 0 : (invocation.number("wait") ?? DEFAULT_WAIT_SECONDS),
  };
}

const waitingFor = ({ waitSeconds = 0 }: NotifyRequest) =>
  waitSeconds === 0 ? "sending …" : `sending; the outcome is waited for up to ${waitSeconds} s …`;

const endedBadly = ({ state }: Delivery) => ENDED_STATES.includes(state) && state !== "delivered";

function sayOutcome(invocation: Invocation, { deliveries, duplicate }: NotifyResult): void {
  const { screen } = invocation;
  if (duplicate) screen.say("This call is a repeat; nothing new is posted. What became of the first:");
  for (const delivery of deliveries) {
    const urls = delivery.posts.flatMap(({ url }) => (url === undefined ? [] : [url]));
    const where = urls.length > 0 ? `  ${printable(urls.join(" "))}` : "";
    screen.say(`${screen.paint(styleOf(delivery.state), delivery.state)}  ${printable(delivery.accountName)}  ${delivery.id}${where}`);
    for (const line of troublesOf(invocation, delivery)) screen.say(`  ${printable(line)}`);
  }
}

function troublesOf({ machine }: Invocation, { state, lastError, nextAttemptAt, id }: Delivery): string[] {
  if (state === "delivered") return [];
  const error = lastError === undefined ? [] : [lastError.message, ...explain(lastError)];
  const next = nextAttemptAt === undefined ? [] : [`The next attempt is at ${localTime(nextAttemptAt, machine.now())}.`];
  const live = ENDED_STATES.includes(state) ? [] : [`It is kept and goes out by itself. Look again with: perch deliveries show ${id}`];
  return [...error, ...next, ...live];
}
