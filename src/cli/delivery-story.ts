import type { FaultReport } from "../ar.ts";
import { answerWords, attemptsOf } from "../attempt-words.ts";
import type { Delivery } from "../shapes.ts";
import { clockWords, lengthOf } from "../time-words.ts";
import type { Invocation } from "./command.ts";
import { explain } from "./failure.ts";
import { printable, printableLines } from "./printable.ts";
import type { Row } from "./screen.ts";
import { stateCell, styleOf } from "./state-style.ts";
import { localTime } from "./when.ts";

const LABEL_WIDTH = 11;

/** All that is known of one delivery, in the order in which a person asks for it. */
export function sayStory(invocation: Invocation, delivery: Delivery): void {
  const { screen, machine } = invocation;
  const at = (moment: string) => localTime(moment, machine.now());
  const label = (name: string, text: string) => screen.say(`  ${name.padEnd(LABEL_WIDTH)}${text}`);
  screen.say(`${screen.paint("bold", delivery.id)}  ${screen.paint(styleOf(delivery.state), delivery.state)}`);
  screen.say(outcomeOf(delivery, at));
  screen.say();
  const [first = "", ...others] = printableLines(delivery.text);
  label("Text", first);
  for (const line of others) label("", line);
  label("Account", `${printable(delivery.accountName)} (registration ${delivery.registrationId})`);
  label("For", `${printable(delivery.functionalUser)}, content ${printable(delivery.content)}, priority ${delivery.priority}`);
  label("Entry", delivery.entryId === null ? "none" : printable(delivery.entryId));
  label("Accepted", at(delivery.acceptedAt));
  label("Expires", `${at(delivery.expiresAt)}, if it has not begun by then`);
  label("Attempts", String(delivery.attempts));
  sayPosts(invocation, delivery);
  sayHistory(invocation, delivery);
  if (delivery.lastError) sayError(invocation, delivery.lastError, delivery.state === "delivered");
}

/** One sentence for each state: what happened, or what happens next. */
function outcomeOf(
  { id, state, acceptedAt, deliveredAt, nextAttemptAt, attempts, posts }: Delivery,
  at: (moment: string) => string,
): string {
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const next = nextAttemptAt === undefined ? "" : ` The next attempt is at ${at(nextAttemptAt)}.`;
  const done = posts.filter((post) => post.state === "posted").length;
  switch (state) {
    case "delivered": {
      if (deliveredAt === undefined) return "It was delivered.";
      return `It was delivered at ${at(deliveredAt)}, ${lengthOf(Date.parse(deliveredAt) - Date.parse(acceptedAt))} after it was accepted (${tries}).`;
    }
    case "queued":
      return `It waits for its turn in the lane.${next}`;
    case "sending":
      return `It is being posted: ${done} of ${posts.length} posts are out.`;
    case "waiting":
      return `It waits after ${tries}.${next}`;
    case "in-doubt":
      return `A request left and no clear answer came; the account's time line is looked at before anything is sent again.${next}`;
    case "failed":
      return `It failed after ${tries}. When the cause is mended: perch deliveries retry ${id}`;
    case "expired":
      return `Its time to live passed before its first post could begin. If it still matters: perch deliveries retry ${id}`;
    case "cancelled":
      return "It was cancelled before it began.";
  }
}

function sayPosts({ screen }: Invocation, { posts }: Delivery): void {
  if (posts.length === 0) return;
  screen.say();
  for (const post of posts) {
    const where = post.url ?? post.id ?? "";
    screen.say(
      `  Post ${post.index + 1} of ${posts.length}  ${screen.paint(styleOf(post.state), post.state)}  ${printable(where)}`.trimEnd(),
    );
    for (const line of printableLines(post.text)) screen.say(`    ${line}`);
  }
}

/** What each attempt brought, a line each. A delivery that went out at once has none. */
function sayHistory({ screen, machine }: Invocation, delivery: Delivery): void {
  if (!delivery.history) return;
  const at = (moment = "") => (screen.isTerminal ? localTime(moment, machine.now()) : moment);
  const rows = attemptsOf(delivery).map((attempt): Row => {
    if ("leftOut" in attempt) return ["", "", `${attempt.leftOut} more`, "", "", ""];
    const { index, outcome, error, nextAttemptAt } = attempt;
    return [at(attempt.at), String(index + 1), stateCell(outcome), codesOf(error), at(nextAttemptAt), error?.message ?? ""];
  });
  screen.say();
  screen.table(["AT", "POST", "OUTCOME", "ANSWER", "NEXT", "ERROR"], rows, 5);
}

/** What the service said in words stands in the error. */
const codesOf = ({ x }: Partial<FaultReport> = {}): string =>
  answerWords(x && { status: x.status, ...(x.code !== undefined && { code: x.code }) }) ?? "";

function sayError({ screen }: Invocation, error: FaultReport, overcome: boolean): void {
  screen.say();
  screen.say(overcome ? "  Overcome on the way:" : "  Last error:");
  screen.say(`    ${screen.paint(overcome ? "yellow" : "red", printable(error.message))}`);
  for (const line of explain(error)) screen.say(`    ${printable(line)}`);
  const answer = answerWords(error.x);
  if (answer !== undefined) screen.say(`    The service answered ${printable(answer)}.`);
  if (error.clock) {
    screen.say(`    The host's clock was ${clockWords(error.clock.offsetSeconds)}: the service said ${printable(error.clock.serverDate)}.`);
  }
}
