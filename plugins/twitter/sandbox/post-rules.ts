/** What X asks of a new post: the shape of the body, its length, no repeats, who may be answered. */
import type { ErrorObject } from "ajv/dist/2020.js";
import Type, { type Static } from "typebox";
import twitterText from "../text/twitter-text.ts";
import { checker } from "./checked.ts";
import { type ApiAnswer, type Complaint, type ErrorStyle, invalidRequest, type ProblemName, problem } from "./problems.ts";
import { canonicalText } from "./shown-text.ts";
import type { SandboxAccount, State } from "./state.ts";

const strict = { additionalProperties: false } as const;
const Id = Type.String({ pattern: "^[0-9]{1,19}$" });
const Other = Type.Optional(Type.Unknown());

/** `CreatePostsRequest` of X's OpenAPI 2.167. Fields that the sandbox has no use for are taken and ignored. */
const PostBody = Type.Object(
  {
    text: Type.String({ minLength: 1 }),
    reply: Type.Optional(
      Type.Object(
        {
          in_reply_to_tweet_id: Id,
          exclude_reply_user_ids: Type.Optional(Type.Array(Id)),
          auto_populate_reply_metadata: Type.Optional(Type.Boolean()),
        },
        strict,
      ),
    ),
    reply_settings: Type.Optional(Type.Enum(["following", "mentionedUsers", "subscribers", "verified"])),
    quote_tweet_id: Type.Optional(Id),
    for_super_followers_only: Type.Optional(Type.Boolean()),
    nullcast: Type.Optional(Type.Boolean()),
    made_with_ai: Type.Optional(Type.Boolean()),
    paid_partnership: Type.Optional(Type.Boolean()),
    share_with_followers: Type.Optional(Type.Boolean()),
    community_id: Type.Optional(Id),
    media: Other,
    poll: Other,
    geo: Other,
    card_uri: Other,
    direct_message_deep_link: Other,
    edit_options: Other,
  },
  strict,
);
export type PostBody = Static<typeof PostBody>;

const checkBody = checker(PostBody);

/** The body, or X's 400. */
export function readPostBody(body: unknown): { body: PostBody } | { refused: ApiAnswer } {
  const checked = checkBody(body ?? {});
  if (!checked.ok) return { refused: invalidRequest(checked.errors.map((error) => complain(error, body))) };
  if (canonicalText(checked.value.text) === "") return { refused: invalidRequest([emptyText]) };
  return { body: checked.value };
}

const emptyText: Complaint = { parameters: { "$.text": [""] }, message: "$.text: must be at least 1 characters long" };

/** In the words of the validator that X uses. */
function complain(error: ErrorObject, body: unknown): Complaint {
  const path = `$${error.instancePath.replaceAll("/", ".")}`;
  const params: Record<string, unknown> = error.params;
  const parameters = { [path]: [JSON.stringify(valueAt(body, error.instancePath)) ?? "null"] };
  if (error.keyword === "required") return { parameters, message: `${path}.${params.missingProperty}: is missing but it is required` };
  if (error.keyword !== "additionalProperties") return { parameters, message: `${path}: ${error.message ?? "is wrong"}` };
  const name = params.additionalProperty;
  return { parameters, message: `${path}.${name}: is not defined in the schema and the schema does not allow additional properties` };
}

const valueAt = (body: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((value, key) => Object.entries(value ?? {}).find(([name]) => name === key)?.[1], body);

/** The first rule that the post breaks. */
export function refusePost(state: State, account: SandboxAccount, body: PostBody, style: ErrorStyle): ApiAnswer | undefined {
  const { text } = body;
  // Rules are about what X would show; the length is X's own weighting (twitter-text, configuration 3: 280).
  if (twitterText.parseTweet(canonicalText(text)).weightedLength > 280) return tooLong(state, style);
  const name = brokenRule(state, account, body);
  return name && problem(name, style);
}

function brokenRule(state: State, account: SandboxAccount, { text, reply }: PostBody): ProblemName | undefined {
  const { cashtagRule, repliesRefused, duplicateRule } = state.settings;
  if (cashtagRule && twitterText.extractCashtags(text).length > 1) return "cashtags";
  if (reply && repliesRefused) return "reply-refused";
  if (reply && state.postsById.get(reply.in_reply_to_tweet_id)?.deleted !== false) return "reply-to-nothing";
  if (duplicateRule && isRepeat(state, account, text)) return "duplicate";
  return undefined;
}

function tooLong(state: State, style: ErrorStyle): ApiAnswer {
  if (style === "v1") return problem("too-long", style);
  const answer = problem("too-long", style);
  const status = state.settings.tooLongStatus;
  const body = typeof answer.body === "string" ? answer.body : { ...answer.body, status, ...(status === 403 && { title: "Forbidden" }) };
  return { ...answer, status, body };
}

function isRepeat(state: State, account: SandboxAccount, text: string): boolean {
  const wanted = canonicalText(text);
  const own = state.postsByAccount.get(account.id) ?? [];
  let left = state.settings.duplicateWindow;
  for (let index = own.length - 1; index >= 0 && left > 0; index -= 1) {
    const post = own[index];
    if (!post || post.deleted) continue;
    if (canonicalText(post.text) === wanted) return true;
    left -= 1;
  }
  return false;
}
