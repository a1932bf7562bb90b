/** How X shows a text: NFC, trimmed, links replaced by t.co, HTML-escaped. */
import { createHash } from "node:crypto";
import twitterText from "../text/twitter-text.ts";

export type UrlEntity = { start: number; end: number; url: string; expanded_url: string; display_url: string };
export type ShownText = { text: string; urls: UrlEntity[] };

/** What counts as the same text. */
export const canonicalText = (text: string): string => text.normalize("NFC").trim();

const escapeHtml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Ten characters, so that every t.co address has the 23 that X counts for a link. */
const shorten = (url: string, postId: string): string =>
  `https://t.co/${createHash("sha256").update(`${postId} ${url}`).digest("base64").replace(/[+/=]/g, "").slice(0, 10)}`;

/** X puts http:// before a link that came without, and shows at most some 26 characters of it. */
function describeUrl(url: string, postId: string): Pick<UrlEntity, "url" | "expanded_url" | "display_url"> {
  const bare = url.replace(/^https?:\/\//i, "");
  return {
    url: shorten(url, postId),
    expanded_url: bare === url ? `http://${url}` : url,
    display_url: bare.length > 26 ? `${bare.slice(0, 26)}…` : bare,
  };
}

/** `start` and `end` count code points of the shown (escaped) text, as X does. */
export function showText(raw: string, postId: string): ShownText {
  const source = canonicalText(raw);
  const urls: UrlEntity[] = [];
  let text = "";
  let at = 0;
  for (const { url, indices } of twitterText.extractUrlsWithIndices(source)) {
    text += escapeHtml(source.slice(at, indices[0]));
    const entity = describeUrl(url, postId);
    const start = [...text].length;
    urls.push({ start, end: start + entity.url.length, ...entity });
    text += entity.url;
    at = indices[1];
  }
  return { text: text + escapeHtml(source.slice(at)), urls };
}
