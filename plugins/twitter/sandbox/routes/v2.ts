/** X's v2 endpoints that a broadcaster needs (X's OpenAPI 2.167). */

import { readPostBody, refusePost } from "../post-rules.ts";
import { type ApiAnswer, invalidRequest, problem } from "../problems.ts";
import { showText } from "../shown-text.ts";
import { addPost, type SandboxAccount, type SandboxPost, type State } from "../state.ts";
import type { ApiRoute, UserCall } from "./api-route.ts";

const ok = (body: object, status = 200): ApiAnswer => ({ status, body });
const list = (text: string | undefined): string[] => (text ? text.split(",") : []);

const USER_FIELDS = ["id", "name", "username", "protected", "created_at", "verified", "verified_type", "subscription_type"];
const POST_FIELDS = ["id", "text", "edit_history_tweet_ids", "author_id", "created_at", "conversation_id", "entities", "referenced_tweets"];

/** Refuses names that X does not know, in its own words. */
function refuseFields(name: string, wanted: string[], known: string[]): ApiAnswer | undefined {
  const unknown = wanted.find((field) => !known.includes(field));
  if (unknown === undefined) return undefined;
  const message = `The \`${name}\` query parameter value [${unknown}] is not one of [${known.join(",")}]`;
  return invalidRequest([{ parameters: { [name]: wanted }, message }]);
}

const pick = (value: Record<string, unknown>, fields: string[]): Record<string, unknown> =>
  Object.fromEntries(fields.filter((field) => value[field] !== undefined).map((field) => [field, value[field]]));

function showUser(account: SandboxAccount): Record<string, unknown> {
  const { id, name, createdAt } = account;
  return {
    id,
    name,
    username: name,
    protected: account.protected,
    created_at: createdAt,
    verified: false,
    verified_type: "none",
    subscription_type: "None",
  };
}

function me({ query, account }: UserCall): ApiAnswer {
  const wanted = list(query.get("user.fields"));
  const refused = refuseFields("user.fields", wanted, USER_FIELDS);
  return refused ?? ok({ data: pick(showUser(account), ["id", "name", "username", ...wanted]) });
}

function create({ state, body, account, style }: UserCall): ApiAnswer {
  const read = readPostBody(body);
  if ("refused" in read) return read.refused;
  const refused = refusePost(state, account, read.body, style);
  if (refused) return refused;
  const post = addPost(state, account, read.body.text, read.body.reply?.in_reply_to_tweet_id);
  return ok({ data: { id: post.id, text: showText(post.text, post.id).text, edit_history_tweet_ids: [post.id] } }, 201);
}

/** The first post of the thread that a post belongs to. */
function rootId(state: State, post: SandboxPost): string {
  const parent = post.inReplyTo === undefined ? undefined : state.postsById.get(post.inReplyTo);
  return parent ? rootId(state, parent) : post.id;
}

function showPost(state: State, post: SandboxPost): Record<string, unknown> {
  const { text, urls } = showText(post.text, post.id);
  return {
    id: post.id,
    text,
    edit_history_tweet_ids: [post.id],
    author_id: post.accountId,
    created_at: post.at,
    conversation_id: rootId(state, post),
    ...(urls.length > 0 && { entities: { urls } }),
    ...(post.inReplyTo !== undefined && { referenced_tweets: [{ type: "replied_to", id: post.inReplyTo }] }),
  };
}

function timeline(call: UserCall): ApiAnswer {
  const { state, query, id, account, style } = call;
  if (!state.settings.timeline.readable) return problem("client-not-enrolled", style);
  const wanted = list(query.get("tweet.fields"));
  const refused = refuseFields("tweet.fields", wanted, POST_FIELDS) ?? refuseRange(query);
  if (refused) return refused;
  const owner = state.accounts.get(id);
  if (!owner) return ok({ errors: [partial(id, "resource-not-found", "Could not find user with id")] });
  if (owner.protected && owner !== account) {
    return ok({ errors: [partial(id, "not-authorized-for-resource", "Sorry, you are not authorized to see the user with id")] });
  }
  const size = Number(query.get("max_results") ?? 10);
  return ok(page(state, visiblePosts(state, owner, query, size), size, wanted));
}

const partial = (id: string, type: string, sentence: string) => ({
  value: id,
  detail: `${sentence}: [${id}].`,
  title: type === "resource-not-found" ? "Not Found Error" : "Authorization Error",
  resource_type: "user",
  parameter: "id",
  resource_id: id,
  type: `https://api.twitter.com/2/problems/${type}`,
});

function refuseRange(query: ReadonlyMap<string, string>): ApiAnswer | undefined {
  const results = query.get("max_results") ?? "10";
  if (!/^\d{1,3}$/.test(results) || Number(results) < 5 || Number(results) > 100) {
    const message = `The \`max_results\` query parameter value [${results}] is not between 5 and 100`;
    return invalidRequest([{ parameters: { max_results: [results] }, message }]);
  }
  for (const name of ["since_id", "until_id", "pagination_token"]) {
    const value = query.get(name);
    if (value === undefined || /^\d{1,19}$/.test(value)) continue;
    const message = `The \`${name}\` query parameter value [${value}] does not match ^[0-9]{1,19}$`;
    return invalidRequest([{ parameters: { [name]: [value] }, message }]);
  }
  return undefined;
}

/** Newest first, at most one more than the page holds; what is younger than the lag does not show yet. */
function visiblePosts(state: State, owner: SandboxAccount, query: ReadonlyMap<string, string>, size: number): SandboxPost[] {
  const since = BigInt(query.get("since_id") ?? 0);
  const untilText = query.get("pagination_token") ?? query.get("until_id");
  const until = untilText === undefined ? undefined : BigInt(untilText);
  const visibleSince = state.now() - state.settings.timeline.lagSeconds * 1000;
  const own = state.postsByAccount.get(owner.id) ?? [];
  const found: SandboxPost[] = [];
  for (let index = own.length - 1; index >= 0 && found.length <= size; index -= 1) {
    const post = own[index];
    if (!post || BigInt(post.id) <= since) break;
    if (!post.deleted && post.acceptedMs <= visibleSince && (until === undefined || BigInt(post.id) < until)) found.push(post);
  }
  return found;
}

/** X leaves `data` out where there is nothing. */
function page(state: State, posts: SandboxPost[], size: number, wanted: string[]): object {
  const shown = posts.slice(0, size);
  const first = shown[0];
  const last = shown.at(-1);
  if (!first || !last) return { meta: { result_count: 0 } };
  const fields = ["id", "text", "edit_history_tweet_ids", ...wanted];
  const more = posts.length > size ? { next_token: last.id } : {};
  return {
    data: shown.map((post) => pick(showPost(state, post), fields)),
    meta: { result_count: shown.length, newest_id: first.id, oldest_id: last.id, ...more },
  };
}

function remove({ state, id, account, style }: UserCall): ApiAnswer {
  const post = state.postsById.get(id);
  if (!post || post.deleted) return problem("not-found", style);
  if (post.accountId !== account.id) return problem("not-own-post", style);
  post.deleted = true;
  return ok({ data: { deleted: true } });
}

export const V2_ROUTES: readonly ApiRoute[] = [
  { method: "GET", path: "/2/users/me", token: "access", limit: "me", run: me },
  { method: "POST", path: "/2/tweets", token: "access", limit: "posts", writes: true, run: create },
  { method: "GET", path: "/2/users/:id/tweets", token: "access", limit: "timeline", run: timeline },
  { method: "DELETE", path: "/2/tweets/:id", token: "access", limit: "deletes", writes: true, run: remove },
];
