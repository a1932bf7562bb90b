/** Takes the effect out of what X would read as a mention or a second cashtag, without changing what people read. */
import { findUrls } from "./urls.ts";

/**
 * U+200C, zero width non-joiner: no width, no line break, no effect between Latin letters; X must keep it, since
 * Persian is spelt with it; and it weighs 1, where the word joiner U+2060 weighs 2 (twitter-text `config/v3.json`).
 */
const DEFUSER = "\u200c";

/**
 * An at sign that X makes a mention of (twitter-text `validMentionOrList`). Behind a letter it is an e-mail address
 * or `user@host`, and no mention, except after `rt`. Wider than X's rule where that costs nothing: what follows the
 * name is not looked at.
 */
const MENTION = /(?<![A-Za-z0-9_])[@＠](?=[A-Za-z0-9_])|(?<=(?:^|[^A-Za-z0-9_+~.-])[rR][tT])[@＠](?=[A-Za-z0-9_])/g;

/** Wider than twitter-text's `validCashtag`, which is of 2021: X is seen to take `$USD1` for one. */
const CASHTAG = /(?<![A-Za-z0-9_])\$(?=[A-Za-z])/g;

/** Either sign before a name, whatever stands before it. */
const AT_SIGN = /[@＠](?=[A-Za-z0-9_])/g;
const DOLLAR_SIGN = /\$(?=[A-Za-z])/g;

/**
 * No mention is left (X restricts mentions by program, docs.x.com changelog of 23 February 2026, and a ticket's
 * `@oracle` is nobody's account). Addresses and e-mail addresses stay whole. A text that is defused stays as it is.
 */
export function defuseMentions(text: string): string {
  return insert(text, MENTION, 0);
}

/** At most one cashtag is left: X refuses a post with more (docs.x.com changelog of 23 February 2026). */
export function defuseCashtags(text: string): string {
  return insert(text, CASHTAG, 1);
}

/** Both. Each insertion weighs 1. */
export function defuse(text: string): string {
  return defuseCashtags(defuseMentions(text));
}

/**
 * As {@link defuseMentions} and {@link defuseCashtags}, but whatever stands before the sign, also in e-mail addresses:
 * what is left has no effect wherever the text is cut.
 */
export function defuseAtSigns(text: string): string {
  return insert(text, AT_SIGN, 0);
}
export function defuseDollarSigns(text: string): string {
  return insert(text, DOLLAR_SIGN, 0);
}

function insert(text: string, sign: RegExp, spared: number): string {
  if (text.search(sign) < 0) return text;
  const urls = findUrls(text).filter((url) => url.sure);
  let url = 0;
  let seen = 0;
  return text.replace(sign, (match: string, at: number) => {
    while ((urls[url]?.end ?? text.length) <= at) url += 1;
    const inUrl = (urls[url]?.start ?? text.length) <= at;
    if (inUrl) return match;
    seen += 1;
    return seen <= spared ? match : match + DEFUSER;
  });
}
