/** How a draft would be posted, and to whom: a part of the page on which it is written. */
import type { Preview } from "../shapes.ts";
import type { Asked, Called, Failed } from "./asked.ts";
import { addresseeOf, type Draft } from "./draft.ts";
import { failureLines } from "./frame.ts";
import { type Html, html } from "./html.ts";

/** `name` of the mechanism, where there are several. */
type Way = { name?: string; called: Called<Preview> };

export async function previewPart({ call }: Pick<Asked, "call">, draft: Draft): Promise<Html> {
  if (draft.text.trim() === "")
    return part("Nothing is written yet.", html`<p class="empty">What will be posted is shown here while you write.</p>`);
  const asked = addresseeOf(draft);
  const first = await call("preview", asked);
  if (!first.ok) return part("It can’t be posted.", refused(first.report));
  const { accounts, nowhere } = first.value;
  const names = [...new Set(accounts.map(({ mechanism }) => mechanism))];
  // Services count and cut in ways of their own, so each is asked.
  const ways: Way[] =
    names.length > 1
      ? await Promise.all(names.map(async (name) => ({ name, called: await call("preview", { ...asked, mechanism: name }) })))
      : [{ called: first }];
  const addressees = accounts.map(({ accountName, functionalUser }) => html`<li>@${accountName} <small>${functionalUser}</small></li>`);
  return part(
    sumOf(ways, accounts.length),
    html`${nowhere ? refused(nowhere) : html`<ul class="addressees" aria-label="Accounts">${addressees}</ul>`}${ways.map(wayPart)}`,
  );
}

/** The sum is said to who hears the page, whenever it has changed; the rest is there to be read. */
const part = (sum: string, rest: Html): Html => html`<p id="sum" class="line" role="status">${sum}</p><div id="parts">${rest}</div>`;

function sumOf(ways: readonly Way[], accounts: number): string {
  const posts = ways.flatMap(({ called }) => (called.ok ? called.value.posts : []));
  const isRefused = ways.some(({ called }) => !called.ok) || posts.some(({ valid }) => !valid);
  const where = accounts === 0 ? "It would go to no account." : `To ${counted(accounts, "account")}.`;
  const what = ways.length === 1 ? ` ${counted(posts.length, "post")}${accounts > 1 ? " each" : ""}.` : "";
  return `${where}${what}${isRefused ? " Not all of it can be posted." : ""}`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const refused = (report: Failed["report"]): Html => html`<div class="panel bad">${failureLines(report)}</div>`;

function wayPart({ name, called }: Way): Html {
  const heading = name !== undefined && html`<h3>${name}</h3>`;
  if (!called.ok) return html`${heading}${refused(called.report)}`;
  const { posts, overflow, limit } = called.value;
  const long =
    posts.length > 1 && html`<p><small>It is too long for one post; <code>text.overflow</code> is <code>${overflow}</code>.</small></p>`;
  return html`${heading}<ol class="drafted">${posts.map((post, index) => postPart(post, index, limit))}</ol>${long}`;
}

function postPart({ text, weightedLength, valid }: Preview["posts"][number], index: number, limit: number | undefined): Html {
  const length = limit === undefined ? `${weightedLength}` : `${weightedLength} of ${limit}`;
  const meter =
    limit !== undefined && html`<meter min="0" max="${limit}" value="${weightedLength}" aria-label="Length of post ${index + 1}"></meter>`;
  return html`<li${!valid && html` class="refused"`}><p class="quoted">${text}</p>
<p class="length">${meter}<span>${length} characters, as the service counts</span>${!valid && html` <span class="badge bad">refused</span>`}</p></li>`;
}
