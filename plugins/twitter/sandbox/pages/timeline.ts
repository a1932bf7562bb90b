/** The time line of all accounts, one post, and what is set. */
import twitterText from "../../text/twitter-text.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { canonicalText } from "../shown-text.ts";
import type { SandboxPost, State } from "../state.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";

const SHOWN = 200;
const LOCK = html`<svg class="lock" viewBox="0 0 24 24" role="img" aria-label="Protected account"><path d="M17.500 9H17V7A5 5 0 0 0 7 7v2h-.500A2.500 2.500 0 0 0 4 11.500v7A2.500 2.500 0 0 0 6.500 21h11a2.500 2.500 0 0 0 2.500-2.500v-7A2.500 2.500 0 0 0 17.500 9zM9 7a3 3 0 0 1 6 0v2H9z"/></svg>`;

const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });

export function timelinePage(state: State): Page {
  return { title: "Time line", script: "refresh", body: html`${strip(state)}<div class="card">${threads(state)}</div>` };
}

export function postPage(state: State, name: string, id: string): Page | undefined {
  const post = state.postsById.get(id);
  if (!post || post.deleted || post.accountName.toLowerCase() !== name.toLowerCase()) return undefined;
  return {
    title: `@${post.accountName}`,
    script: "refresh",
    body: html`<div class="card single">${showPost(state, post, false, false)}</div>`,
  };
}

export const missingPage = (): Page => ({
  title: "Nothing here",
  body: html`<div class="card empty"><h2>There is nothing here</h2>The post was deleted, or the address is wrong. <a href="/">Back to the time line</a></div>`,
});

/** Newest first; what answers a post stands below it, oldest first. */
function threads(state: State): Html | Html[] {
  const recent = state.posts.slice(-SHOWN);
  const ids = new Set(recent.map(({ id }) => id));
  const replies = Map.groupBy(recent, (post) => post.inReplyTo);
  // What answers a post that is too old to be shown begins a thread here.
  const roots = recent.filter((post) => post.inReplyTo === undefined || !ids.has(post.inReplyTo));
  if (roots.length === 0) {
    return html`<div class="empty"><h2>No posts yet</h2>The first broadcast will appear here. The page refreshes by itself.</div>`;
  }
  return roots.reverse().flatMap((root) => {
    const thread = flatten(root, replies);
    return thread.map((post, index) => showPost(state, post, index > 0, index < thread.length - 1));
  });
}

const flatten = (post: SandboxPost, replies: Map<string | undefined, SandboxPost[]>): SandboxPost[] => [
  post,
  ...(replies.get(post.id) ?? []).flatMap((reply) => flatten(reply, replies)),
];

function showPost(state: State, post: SandboxPost, isReply: boolean, goesOn: boolean): Html {
  const account = state.accounts.get(post.accountId);
  const classes = [isReply && "reply", post.deleted && "deleted"].filter(Boolean).join(" ");
  return html`<article class="${classes}" data-id="${post.id}">
<div class="side"><div class="face" aria-hidden="true">${post.accountName.slice(0, 1).toUpperCase()}</div>${goesOn && html`<div class="thread"></div>`}</div>
<div class="body"><div class="who"><b>${post.accountName}</b>${account?.protected && LOCK}<span>@${post.accountName}</span></div>
<div class="text">${linked(canonicalText(post.text))}</div>
<div class="foot"><time datetime="${post.at}">${WHEN.format(new Date(post.at))} UTC</time><a href="/${post.accountName}/status/${post.id}">${post.id}</a>${post.deleted && html`<span>deleted</span>`}</div></div></article>`;
}

/** The text with its links clickable. */
function linked(text: string): Html[] {
  let at = 0;
  const parts = twitterText.extractUrlsWithIndices(text).flatMap(({ url, indices }) => {
    const before = text.slice(at, indices[0]);
    at = indices[1];
    const href = /^https?:/i.test(url) ? url : `http://${url}`;
    return [html`${before}`, html`<a href="${href}" rel="noopener noreferrer" target="_blank">${url}</a>`];
  });
  return [...parts, html`${text.slice(at)}`];
}

/** One chip for each thing worth knowing; what differs from the default stands out. */
function strip(state: State): Html {
  const { settings } = state;
  const isDefault = <K extends keyof typeof settings>(name: K) => JSON.stringify(settings[name]) === JSON.stringify(DEFAULT_SETTINGS[name]);
  const chips: [string, boolean][] = [
    [
      `clock ${offsetText(settings.clockOffsetSeconds)}, ±${settings.toleranceSeconds} s`,
      isDefault("clockOffsetSeconds") && isDefault("toleranceSeconds"),
    ],
    [`Date ${settings.dateFormat}`, isDefault("dateFormat")],
    [`app ${settings.appPermission}`, isDefault("appPermission")],
    [`duplicates ${settings.duplicateRule ? "refused" : "allowed"}`, isDefault("duplicateRule")],
    [`replies ${settings.repliesRefused ? "refused" : "allowed"}`, isDefault("repliesRefused")],
    [`time line ${timelineText(settings.timeline)}`, isDefault("timeline")],
    [`${settings.limits.postsPerUser} posts / ${settings.limits.windowSeconds / 60} min`, isDefault("limits")],
    [`errors ${settings.errorStyle}`, isDefault("errorStyle")],
  ];
  const faults = state.faults.filter(({ left }) => left > 0);
  return html`<div class="card strip"><ul aria-label="Settings in force">${chips.map(([text, plain]) => html`<li class="${plain ? "" : "changed"}">${text}</li>`)}</ul>
${faults.length > 0 && html`<ul class="faults" aria-label="Active faults">${faults.map(({ order, left }) => html`<li class="fault">⚠ ${faultText(order)} · ${left === Infinity ? "for ever" : `${left}×`}</li>`)}</ul>`}</div>`;
}

const offsetText = (seconds: number): string => (seconds === 0 ? "right" : `${seconds > 0 ? "+" : "−"}${Math.abs(seconds)} s`);

const timelineText = ({ readable, lagSeconds }: State["settings"]["timeline"]): string =>
  readable ? (lagSeconds === 0 ? "readable" : `${lagSeconds} s late`) : "refused";

function faultText({ match = {}, fault }: State["faults"][number]["order"]): string {
  const where = [match.method, match.path, match.accountName && `@${match.accountName}`].filter(Boolean).join(" ") || "any request";
  const what = Object.entries(fault).map(([name, value]) => (value === true ? name : `${name} ${JSON.stringify(value)}`));
  return `${where}: ${what.join(", ").slice(0, 80)}`;
}
