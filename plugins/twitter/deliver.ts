/** Posts one text: `POST /2/tweets`, and what became of it. */
import type { Account, AccountFacts, PluginContext, PostToDeliver, Verdict } from "../../src/contract.ts";
import { baseOf, type Call, gather, type Service } from "./call.ts";
import { limitsIn } from "./limits.ts";
import type { TokenPair } from "./sign.ts";
import { POST_LIMIT, weigh } from "./text/weigh.ts";
import { isBlocked, notProtected, readAccount } from "./users-me.ts";
import { verdictFor, verdictOf } from "./verdict.ts";

/** How long an account counts as protected once X said so; each question costs a read. */
const PROTECTED_FOR_MS = 3600_000;

export type Sender = { account: Account; token: TokenPair };

/** Exactly one post. Only a refused reply and a refused timestamp are sent again, since both were certainly not posted. */
export async function deliver(service: Service, post: PostToDeliver, { account, token }: Sender, context: PluginContext): Promise<Verdict> {
  const guarded = await guard(service, account, token, context);
  if (guarded.verdict) return guarded.verdict;
  const send = async (replyTo: string | undefined): Promise<Verdict> => {
    const evidence = await gather(service, postCall(post.text, replyTo, token), context, { purpose: "post", reply: replyTo !== undefined });
    const limits = evidence.exchange.kind === "answer" ? limitsIn(evidence.exchange.headers, evidence) : [];
    return { ...verdictOf(evidence, (id) => postUrl(service, account.name, id)), ...(limits.length > 0 && { limits }) };
  };
  let verdict = await send(post.reply ? post.previousIds.at(-1) : undefined);
  if (verdict.verdict !== "delivered" && verdict.fault.reason === "reply-refused") {
    context.log.info({ account: account.name, index: post.index, fault: verdict.fault }, "A reply was refused; posting it on its own");
    verdict = await send(undefined);
  }
  return { ...withLength(verdict, post.text), ...(guarded.learned && { learned: guarded.learned }) };
}

const postCall = (text: string, replyTo: string | undefined, token: TokenPair): Call => ({
  method: "POST",
  path: "/2/tweets",
  json: { text, ...(replyTo !== undefined && { reply: { in_reply_to_tweet_id: replyTo } }) },
  token,
});

type Guarded = { verdict?: Verdict; learned?: AccountFacts };

/** With `protectedAccount: block`: the verdict that stands in the way, if any, and what X said of the account. */
async function guard(service: Service, account: Account, token: TokenPair, context: PluginContext): Promise<Guarded> {
  if (service.settings.protectedAccount !== "block" || isFresh(account, context.clock.now())) return {};
  const reading = await readAccount(service, token, context);
  if (!reading.ok) return { verdict: verdictFor(reading.judgement) };
  const learned = reading.account;
  if (!isBlocked(service, learned)) return { learned };
  return { verdict: { ...verdictFor({ reason: "account-not-protected", fault: notProtected(learned) }), learned } };
}

/** A moment in the future was written by a clock that was wrong then, and says nothing of the reading's age. */
function isFresh({ protected: shielded, checkedAt }: Account, now: number): boolean {
  return shielded === true && checkedAt !== undefined && checkedAt <= now && now - checkedAt < PROTECTED_FOR_MS;
}

/** How long the text is, in weighted characters. */
function withLength(verdict: Verdict, text: string): Verdict {
  if (verdict.verdict !== "failed" || verdict.fault.reason !== "too-long") return verdict;
  return { ...verdict, fault: { ...verdict.fault, detail: `${weigh(text)} of ${POST_LIMIT} weighted characters` } };
}

const X_HOSTS = ["api.x.com", "x.com", "api.twitter.com"];

/** Where people read the post: at X, or at whatever stands in for X. */
export function postUrl(service: Service, accountName: string, id: string): string {
  const base = baseOf(service);
  const web = X_HOSTS.includes(new URL(base).host) ? "https://x.com" : base;
  return `${web}/${encodeURIComponent(accountName)}/status/${id}`;
}
