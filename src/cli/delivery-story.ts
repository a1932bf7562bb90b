import type { FaultReport } from "../ar.ts";
import type { Delivery } from "../shapes.ts";
import { clockWords, lengthOf } from "../time-words.ts";
import type { Invocation } from "./command.ts";
import { explain } from "./failure.ts";
import { printable, printableLines } from "./printable.ts";
import { styleOf } from "./state-style.ts";
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

function sayError({ screen }: Invocation, error: FaultReport, overcome: boolean): void {
  screen.say();
  screen.say(overcome ? "  Overcome on the way:" : "  Last error:");
  screen.say(`    ${screen.paint(overcome ? "yellow" : "red", printable(error.message))}`);
  for (const line of explain(error)) screen.say(`    ${printable(line)}`);
  if (error.x) {
    const said = [error.x.title, error.x.detail].filter((part) => part !== undefined).map(printable);
    screen.say(
      `    The service answered ${[`HTTP ${error.x.status}`, ...(error.x.code === undefined ? [] : [`code ${error.x.code}`]), ...said].join(", ")}.`,
    );
  }
  if (error.clock) {
    screen.say(`    The host's clock was ${clockWords(error.clock.offsetSeconds)}: the service said ${printable(error.clock.serverDate)}.`);
  }
}
