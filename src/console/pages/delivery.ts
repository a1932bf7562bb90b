import { answerWords, attemptsOf, OUTCOME_WORDS } from "../../attempt-words.ts";
import { type Attempt, type Delivery, ENDED_STATES } from "../../shapes.ts";
import { clockWords, lengthOf } from "../../time-words.ts";
import { ALIVE } from "../alive.ts";
import type { Asked, Called } from "../asked.ts";
import { badge } from "../badge.ts";
import { DELIVERIES, deliveriesWith } from "../delivery-filter.ts";
import { fact } from "../fact.ts";
import { askedTwice, button } from "../forms.ts";
import { failureLines } from "../frame.ts";
import { type Fill, type Html, html } from "../html.ts";
import { moment } from "../moment.ts";
import { type Act, doneAct, type Page, refusedAct, type Watched } from "../page.ts";
import { isWebAddress } from "../web-address.ts";

const LIVE = "/console/live/delivery";

const linked = (url: string | undefined): Fill =>
  url !== undefined && isWebAddress(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : url;

/** One sentence for each state: what happened, or what happens next. */
function outcomeOf({ state, acceptedAt, deliveredAt, nextAttemptAt, attempts, posts }: Delivery, now: number): Fill {
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const next = nextAttemptAt !== undefined && html` The next attempt is at ${moment(nextAttemptAt, now)}.`;
  switch (state) {
    case "delivered": {
      if (deliveredAt === undefined) return "It was delivered.";
      const took = lengthOf(Date.parse(deliveredAt) - Date.parse(acceptedAt));
      return html`It was delivered at ${moment(deliveredAt, now)}, ${took} after it was accepted (${tries}).`;
    }
    case "queued":
      return html`It waits for its turn in the lane.${next}`;
    case "sending":
      return `It is being posted: ${posts.filter((post) => post.state === "posted").length} of ${posts.length} posts are out.`;
    case "waiting":
      return html`It waits after ${tries}.${next}`;
    case "in-doubt":
      return html`A request left and no clear answer came; the account is looked at before anything is sent again.${next}`;
    case "failed":
      return `It failed after ${tries}. Retry it when the cause is mended.`;
    case "expired":
      return "Its time to live passed before its first post could begin. Retry it if it still matters.";
    case "cancelled":
      return "It was cancelled before it began.";
  }
}

const facts = (delivery: Delivery, now: number): Html => html`<dl class="facts">
${fact("State", badge(delivery.state))}
${fact("Account", html`<a href="${deliveriesWith({ account: delivery.accountName })}">@${delivery.accountName}</a>`)}
${fact("Functional user", delivery.functionalUser)}
${fact("Content", delivery.content)}
${fact("Entry", delivery.entryId ?? "none")}
${fact("Priority", delivery.priority)}
${fact("Accepted", moment(delivery.acceptedAt, now))}
${fact("Expires", html`${moment(delivery.expiresAt, now)}, if it has not begun by then`)}
${fact("Attempts", delivery.attempts)}
${delivery.nextAttemptAt !== undefined && fact("Next attempt", moment(delivery.nextAttemptAt, now))}
${fact("Id", html`<code>${delivery.id}</code>`)}</dl>`;

const postsOf = ({ posts }: Delivery): Html => html`<section class="panel" aria-labelledby="posts"><h2 id="posts">Posts</h2>
${posts.length === 0 && html`<p class="empty">It is composed right before the first post.</p>`}
<ol class="posts">${posts.map(
  ({ state, url, id, text }) => html`<li><p>${badge(state)} ${linked(url) ?? id}</p><p class="quoted">${text}</p></li>`,
)}</ol></section>`;

/** Whatever went wrong on the way, and how it ended. A delivery that went out at once has none of it. */
function historyOf(delivery: Delivery, now: number): Html | undefined {
  if (!delivery.history) return undefined;
  const { length } = delivery.posts;
  return html`<section class="panel" aria-labelledby="attempts"><h2 id="attempts">Attempts</h2>
<ol class="attempts">${attemptsOf(delivery).map((one) =>
    "leftOut" in one ? html`<li class="gap">${one.leftOut} more, which are not kept</li>` : attemptOf(one, length, now),
  )}</ol></section>`;
}

function attemptOf({ at, index, outcome, error, nextAttemptAt }: Attempt, posts: number, now: number): Html {
  const answer = answerWords(error?.x);
  return html`<li><p>${moment(at, now)} ${badge(outcome)} ${posts > 1 && `Post ${index + 1} of ${posts}: `}${OUTCOME_WORDS[outcome]}${
    nextAttemptAt !== undefined && html`, next attempt ${moment(nextAttemptAt, now)}`
  }</p>${error && html`<p class="line">${error.message}</p>`}${answer && html`<p>The service answered: ${answer}</p>`}
${error?.clock && html`<p>The host’s clock was ${clockWords(error.clock.offsetSeconds)}.</p>`}</li>`;
}

function errorOf({ lastError, state }: Delivery): Html | undefined {
  if (!lastError) return undefined;
  return html`<section class="panel ${state === "delivered" ? "warn" : "bad"}" aria-labelledby="error">
<h2 id="error">${state === "delivered" ? "Overcome on the way" : "Last error"}: ${lastError.reason}</h2>${failureLines(lastError)}</section>`;
}

const hasEnded = ({ state }: Delivery): boolean => ENDED_STATES.includes(state);
const hasBegun = ({ posts }: Delivery): boolean => posts.some(({ state }) => state !== "queued");

/** What may be done by now, as names of the tools that the style sheet then shows: they stay while the rest is replaced. */
function toolNames(delivery: Delivery): string {
  const mayRetry = ["failed", "expired", "cancelled", "waiting"].includes(delivery.state);
  const mayCancel = !hasEnded(delivery) && !hasBegun(delivery);
  return [mayRetry && "retry", mayCancel && "cancel"].filter(Boolean).join(" ");
}

function toolsOf(asked: Asked, { id }: Delivery): Html {
  const here = `${DELIVERIES}/${id}`;
  return html`<div class="bar"><div class="may-retry">${button(asked, { action: `${here}/retry`, label: "Retry now", kind: "main" })}</div>
<div class="may-cancel">${askedTwice("Cancel…", "It will not be posted.", button(asked, { action: `${here}/cancel`, label: "Cancel this delivery", kind: "danger" }))}</div>
<a class="button quiet" href="${here}">Look again</a></div>`;
}

/** The parts that change while the page is open, by id. */
type Parts = Record<"outcome" | "happened" | "known", Html>;
const partsOf = (delivery: Delivery, now: number): Parts => ({
  outcome: html`<span data-may="${toolNames(delivery)}">${outcomeOf(delivery, now)}</span>`,
  happened: html`${errorOf(delivery)}${postsOf(delivery)}${historyOf(delivery, now)}`,
  known: facts(delivery, now),
});

async function look({ call, query, now }: Watched): Promise<Called<Parts>> {
  const found = await call("deliveries.get", { id: query.get("id") ?? "" });
  return found.ok ? { ok: true, value: partsOf(found.value, now) } : found;
}

const act =
  (method: "deliveries.retry" | "deliveries.cancel", done: string, nothing: string): Act =>
  async ({ call, params }) => {
    const { id = "" } = params;
    const here = `${DELIVERIES}/${encodeURIComponent(id)}`;
    const answered = await call(method, { ids: [id] });
    if (!answered.ok) return refusedAct(answered, here);
    return answered.value.ids.length > 0 ? doneAct(done, here) : { notice: { kind: "bad", text: nothing }, to: here };
  };

export const delivery: Page = {
  path: `${DELIVERIES}/:id`,
  async show(asked) {
    const found = await asked.call("deliveries.get", { id: asked.params.id });
    if (!found.ok) return found;
    const { value } = found;
    const { outcome, happened, known } = partsOf(value, asked.now);
    const isAlive = !hasEnded(value);
    const body = html`${isAlive && ALIVE}<div${isAlive && html` data-live="${LIVE}?id=${value.id}"`}>
<p id="outcome" class="lead" aria-live="polite">${outcome}</p>${toolsOf(asked, value)}
<div class="story"><div><section class="panel" aria-labelledby="text"><h2 id="text">Text</h2><p class="quoted">${value.text}</p></section>
<div id="happened">${happened}</div></div>
<section class="panel" aria-labelledby="facts"><h2 id="facts">Facts</h2><div id="known">${known}</div></section></div></div>`;
    return { ok: true, title: "Delivery", body };
  },
  live: { path: LIVE, parts: look },
  acts: {
    retry: act("deliveries.retry", "It goes on.", "Nothing was done: it is delivered, or under way."),
    cancel: act("deliveries.cancel", "It is cancelled.", "Nothing was done: it has begun, or has ended."),
  },
};
