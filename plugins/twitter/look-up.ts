/** Looks for a post in doubt in the account's time line: `GET /2/users/:id/tweets`. */
import type { Fault } from "../../src/ar.ts";
import type { Account, Finding, PluginContext, PostInDoubt } from "../../src/contract.ts";
import { type Call, gather, type Service } from "./call.ts";
import { postUrl, type Sender } from "./deliver.ts";
import { canonical, canonicalOfPost, type PostAsRead } from "./text/canonical.ts";
import { type Judgement, judge, verdictFor } from "./verdict.ts";

/** X shows at most the newest 3,200 posts of an account, 100 on a page (docs.x.com, timelines). */
const MAX_PAGES = 32;
/**
 * Where no id is known for the account, older posts than this can't be the one. The margin is wide because `begunAt`
 * may come from a clock that was a day off.
 */
const MARGIN_MS = 48 * 3600_000;

type Shown = PostAsRead & { id: string; createdAt: number | undefined };
type Page = { posts: Shown[]; next: string | undefined };

export async function lookUp(service: Service, post: PostInDoubt, sender: Sender, context: PluginContext): Promise<Finding> {
  const owned = new Set(post.ownedIds);
  let lowest: string | undefined;
  let next: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const read = await readPage(service, post, sender, next, context);
    if ("finding" in read) return read;
    // It began in the past; a later moment is of a clock that was ahead then, and hides nothing.
    const begunAt = Math.min(post.begunAt, context.clock.now());
    for (const shown of read.posts) {
      if (!isCandidate(shown, { ...post, begunAt }, owned) || !isText(shown, post.text, sender.account)) continue;
      if (lowest === undefined || compareIds(shown.id, lowest) < 0) lowest = shown.id;
    }
    next = read.next;
    if (next === undefined || read.posts.some((shown) => isTooOld(shown, begunAt))) return answer(lowest, service, sender.account);
  }
  if (lowest !== undefined) return answer(lowest, service, sender.account);
  const cause = `Not among the newest ${MAX_PAGES * 100} posts of the account`;
  return { finding: "unknown", fault: { reason: "in-doubt", cause, detail: cause }, readable: true };
}

function answer(id: string | undefined, service: Service, account: Account): Finding {
  return id === undefined ? { finding: "absent" } : { finding: "found", id, url: postUrl(service, account.name, id) };
}

async function readPage(
  service: Service,
  post: PostInDoubt,
  { account, token }: Sender,
  next: string | undefined,
  context: PluginContext,
): Promise<Page | Extract<Finding, { finding: "unknown" }>> {
  const query = {
    max_results: "100",
    "tweet.fields": "entities,created_at",
    ...(post.afterId !== undefined && { since_id: post.afterId }),
    ...(next !== undefined && { pagination_token: next }),
  };
  const call: Call = { method: "GET", path: `/2/users/${encodeURIComponent(account.id)}/tweets`, query, token };
  const evidence = await gather(service, call, context);
  const { exchange } = evidence;
  const page = exchange.kind === "answer" && exchange.status === 200 ? parsePage(exchange.body) : undefined;
  if (page) return page;
  const judgement = judge(evidence);
  const { reason, fault } = judgement;
  const { status, body } = exchange.kind === "answer" ? exchange : {};
  // A 200 with problems instead of posts: X names what it will not show (docs.x.com, partial errors).
  const withheld = status === 200 && Array.isArray(fieldsOf(body).errors);
  const passing: string[] = ["account-locked", "rate-limited", "unreachable"];
  const refusedForGood = (status === 403 || status === 404) && !passing.includes(reason);
  const readable = !withheld && !refusedForGood;
  return { finding: "unknown", fault: withheld ? hidden(fault) : fault, readable, ...(readable && waitOf(judgement)) };
}

/** A limit or a dead token holds a look up like a post. */
function waitOf(judgement: Judgement): Pick<Extract<Finding, { finding: "unknown" }>, "waitMs" | "holds"> {
  const verdict = verdictFor(judgement);
  if (verdict.verdict !== "retry") return {};
  const { waitMs, holds } = verdict;
  return { ...(waitMs !== undefined && { waitMs }), ...(holds && { holds }) };
}

const hidden = (fault: Fault): Fault => ({ ...fault, reason: "in-doubt", cause: "X does not show the account's posts to this app" });

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** An empty time line has no `data`, but `meta` says so; anything else is no answer, and must not pass for "absent". */
function parsePage(body: unknown): Page | undefined {
  const { data, meta } = fieldsOf(body);
  const { next_token: next, result_count: count } = fieldsOf(meta);
  if (data === undefined && count !== 0) return undefined;
  const posts = Array.isArray(data ?? []) ? parsePosts((data ?? []) as unknown[]) : undefined;
  return posts && { posts, next: typeof next === "string" && next !== "" ? next : undefined };
}

function parsePosts(data: readonly unknown[]): Shown[] | undefined {
  const posts: Shown[] = [];
  for (const item of data) {
    const { id, text, entities, created_at: createdAt } = fieldsOf(item);
    if (typeof id !== "string" || !/^[0-9]{1,19}$/.test(id) || typeof text !== "string") return undefined;
    const at = typeof createdAt === "string" ? Date.parse(createdAt) : Number.NaN;
    posts.push({ id, text, entities: readEntities(entities), createdAt: Number.isNaN(at) ? undefined : at });
  }
  return posts;
}

/** What of the entities says which address a t.co link stands for. */
function readEntities(entities: unknown): NonNullable<PostAsRead["entities"]> {
  const { urls } = fieldsOf(entities);
  const found = [];
  for (const item of Array.isArray(urls) ? urls : []) {
    const { url, expanded_url: expanded, media_key: media } = fieldsOf(item);
    if (typeof url !== "string") continue;
    found.push({
      url,
      ...(typeof expanded === "string" && { expanded_url: expanded }),
      ...(typeof media === "string" && { media_key: media }),
    });
  }
  return { urls: found };
}

const isCandidate = (shown: Shown, post: PostInDoubt, owned: ReadonlySet<string>): boolean =>
  !owned.has(shown.id) && (post.afterId === undefined ? !isTooOld(shown, post.begunAt) : compareIds(shown.id, post.afterId) > 0);

const isTooOld = ({ createdAt }: Shown, begunAt: number): boolean => createdAt !== undefined && createdAt < begunAt - MARGIN_MS;

/** X may put the account's own name before a reply to itself (`auto_populate_reply_metadata`). */
function isText(shown: Shown, sent: string, account: Account): boolean {
  const text = canonicalOfPost(shown, sent);
  const wanted = canonical(sent);
  const own = `@${account.name.toLowerCase()} `;
  return text === wanted || (text.toLowerCase().startsWith(own) && text.slice(own.length) === wanted);
}

/** Ids have up to 19 digits, more than a number holds. */
const compareIds = (one: string, other: string): number => {
  const [a, b] = [BigInt(one), BigInt(other)];
  return a < b ? -1 : a > b ? 1 : 0;
};
