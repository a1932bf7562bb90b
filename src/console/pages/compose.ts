import type { Registration } from "../../shapes.ts";
import type { Asked, Failed } from "../asked.ts";
import { DELIVERIES, deliveriesWith } from "../delivery-filter.ts";
import { type Draft, newDraft, readDraft, requestOf } from "../draft.ts";
import { type Choice, csrfField, field, menu, plainChoices, textField } from "../forms.ts";
import { failureLines } from "../frame.ts";
import { type Html, html } from "../html.ts";
import { doneAct, type Page, type Shown } from "../page.ts";
import { previewPart } from "../preview-part.ts";

const PATH = "/console/compose";

const PRIORITY_WORDS: Readonly<Record<string, string>> = { 0: "0, before all others", 5: "5, as usual", 10: "10, after all others" };
const PRIORITIES = plainChoices(Array.from({ length: 11 }, (_, priority) => String(priority))).map(
  ([value, words]): Choice => [value, PRIORITY_WORDS[value] ?? words],
);
/** Seconds. */
const TIMES_TO_LIVE: readonly Choice[] = [
  ["", "as long as is configured"],
  ["900", "15 minutes"],
  ["3600", "1 hour"],
  ["14400", "4 hours"],
  ["86400", "1 day"],
  ["604800", "1 week"],
];

/** `refused`: why it was not sent. */
async function draw(asked: Asked, draft: Draft, refused?: Failed): Promise<Shown> {
  const listed = await asked.call("registrations.list");
  if (!listed.ok) return listed;
  const preview = await previewPart(asked, draft);
  const body = html`<div class="compose">${formOf(asked, draft, listed.value.registrations, refused)}
<section class="panel" aria-labelledby="preview-heading"><h2 id="preview-heading">How it will be posted</h2><div id="preview">${preview}</div></section></div>`;
  return { ok: true, title: "Compose", body, ...(refused && { status: refused.status }) };
}

function formOf(asked: Asked, draft: Draft, registrations: readonly Registration[], refused: Failed | undefined): Html {
  const contents = ["Broadcast", ...registrations.map(({ content }) => content)];
  const users = registrations.map(({ functionalUser }) => functionalUser).sort();
  const why = refused && html` aria-describedby="why"`;
  // The first button is the one that Enter presses: it must not send.
  return html`<form class="panel" method="post" action="${PATH}/preview" data-preview="${PATH}/preview">${csrfField(asked)}
<input type="hidden" name="key" value="${draft.key}">
${refused && html`<div id="why" class="notice bad" role="alert">${failureLines(refused.report)}</div>`}
${field("text", "Text", html`<textarea id="text" name="text" rows="8" maxlength="100000" required autofocus${why}>\n${draft.text}</textarea>`)}
<div class="choices">${menu("content", "Content", draft.content, plainChoices(new Set(contents)))}
${menu("user", "Functional user", draft.user, [["", "everybody who is registered for it"], ...plainChoices(new Set(users))])}
${menu("priority", "Priority", draft.priority, PRIORITIES)}
${menu("ttl", "Worth posting for", draft.ttl, TIMES_TO_LIVE)}
${textField("entry", "Entry ID (may stay empty)", draft.entry, html` maxlength="255" autocomplete="off"`)}</div>
<div class="bar"><button class="quiet">Preview</button><button class="main" formaction="${PATH}/send">Send</button></div></form>`;
}

export const compose: Page = {
  path: PATH,
  menu: { label: "Compose", role: "operator" },
  show: (asked) => draw(asked, newDraft()),
  acts: {
    preview: (asked) => draw(asked, readDraft(asked.form)),
    async send(asked) {
      const draft = readDraft(asked.form);
      const sent = await asked.call("notify", requestOf(draft));
      if (sent.ok) return doneAct(saidOf(sent.value), placeOf(sent.value.deliveries, draft));
      // The key stands for what was sent with it. In all other cases it stays: it may have been accepted all the same.
      const { key } = sent.report.reason === "conflict" ? newDraft() : draft;
      return draw(asked, { ...draft, key }, sent);
    },
  },
};

type Sent = { deliveries: readonly { id: string; acceptedAt: string }[]; duplicate?: true };

function saidOf({ deliveries, duplicate }: Sent): string {
  if (duplicate) return "It had been accepted before: nothing was sent twice.";
  return deliveries.length === 1 ? "It is accepted, and goes out in its turn." : `It is accepted for ${deliveries.length} accounts.`;
}

/** The delivery, or the list of those of this second with this text. */
function placeOf(deliveries: Sent["deliveries"], { text }: Draft): string {
  const [first, ...others] = deliveries;
  if (first && others.length === 0) return `${DELIVERIES}/${first.id}`;
  const times = deliveries.map(({ acceptedAt }) => acceptedAt).sort();
  const since = times[0]?.slice(0, 19) ?? "";
  const until = new Date(Date.parse(times.at(-1) ?? "") + 1000).toISOString().slice(0, 19);
  const [line = ""] = text.split("\n");
  return deliveriesWith({ text: line.slice(0, MAX_SOUGHT), since, until });
}

/** As much of a text as fits an address well. */
const MAX_SOUGHT = 100;
