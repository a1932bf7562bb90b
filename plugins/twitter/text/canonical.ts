/** The form in which a text that was sent and the same text read back from X's time line are equal. */
import { domainToUnicode } from "node:url";

/** A post as X gives it with `tweet.fields=entities`; v1.1 has the attached media apart. */
export type PostAsRead = {
  text: string;
  entities?: {
    urls?: readonly { url: string; expanded_url?: string; media_key?: string }[];
    media?: readonly { url: string }[];
  };
};

const TCO = /https?:\/\/t\.co\/[A-Za-z0-9]+/g;
/** `&amp;lt;` as well as `&lt;`: however often it was escaped. */
const ESCAPED = /&(?:amp;)*(?:(lt|gt|quot|#39);)?/g;
const MEANT: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'" };

/** A slash that ends a host or a path: before a blank, a query, a fragment, punctuation or the end. */
const LAST_SLASH = /(?<=[\p{L}\p{N}])\/(?![\p{L}\p{N}_~%&=./-])/gu;

/**
 * The form for comparing; it is not for reading.
 *
 * X shows every address as a t.co link whose entity gives it in a spelling of its own (a scheme before a bare host,
 * a slash behind it, Punycode, percent-encoding), escapes `&`, `<` and `>`, normalises to NFC, and may drop blanks
 * and characters without width. How far it goes is not published, so whatever it may change is levelled on both
 * sides: a post that is not recognised would be sent twice.
 */
export function canonical(text: string): string {
  return unescapeHtml(text)
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/\S+/gu, (word) => (word.includes(".") ? address(word) : word))
    .replace(LAST_SLASH, "")
    .replace(/\s+/gu, " ")
    .normalize("NFC")
    .trim();
}

/**
 * The same of a post as read: its t.co links are replaced by what they stand for, and those of attached media
 * dropped. A t.co link that stands in `sent` was written by its author, and stays.
 */
export function canonicalOfPost(post: PostAsRead, sent = ""): string {
  const urls = post.entities?.urls ?? [];
  const expanded = new Map(urls.map((url) => [url.url, url.media_key === undefined ? (url.expanded_url ?? url.url) : ""]));
  for (const { url } of post.entities?.media ?? []) expanded.set(url, "");
  return canonical(post.text.replace(TCO, (link) => (sent.includes(link) ? link : (expanded.get(link) ?? link))));
}

/** To the end: whether X escapes what was already escaped is not known, and so makes no difference. */
function unescapeHtml(text: string): string {
  return text.replace(ESCAPED, (_, name?: string) => (name === undefined ? "&" : (MEANT[name] ?? "")));
}

/** A word that may be or hold an address: one spelling for all of it. */
function address(word: string): string {
  return word
    .replace(/https?:\/\//gi, "")
    .replace(/(?:%[0-9a-f]{2})+/gi, decode)
    .toLowerCase()
    .replace(/[a-z0-9.-]*xn--[a-z0-9.-]+/g, (host) => domainToUnicode(host) || host);
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded; // Not UTF-8: a page of another age. It is the same on both sides.
  }
}
