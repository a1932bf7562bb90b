import fc from "fast-check";
import t from "tap";
import twitterText from "twitter-text";
import { canonical, canonicalOfPost, type PostAsRead } from "../../../../plugins/twitter/text/canonical.ts";
import { split } from "../../../../plugins/twitter/text/split.ts";
import { anyText, runs } from "./texts.ts";

/** How X keeps a text, as far as it is known: t.co links with their entities, HTML escapes, NFC, trimmed. */
function stored(sent: string): PostAsRead {
  const text = sent.normalize().trim();
  const urls: { url: string; expanded_url: string }[] = [];
  let kept = "";
  let at = 0;
  for (const { url, indices } of twitterText.extractUrlsWithIndices(text)) {
    const link = `https://t.co/Ab${String(urls.length).padStart(8, "0")}`;
    urls.push({ url: link, expanded_url: /^https?:/i.test(url) ? url : `http://${url}` });
    kept += text.slice(at, indices[0]) + link;
    at = indices[1];
  }
  const escaped = (kept + text.slice(at)).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return { text: escaped, entities: { urls } };
}

const link = (expanded_url: string) => ({
  text: "See https://t.co/abc now",
  entities: { urls: [{ url: "https://t.co/abc", expanded_url }] },
});

t.test("an address is equal to every spelling that X may give it", async (t) => {
  for (const spelling of ["http://example.com", "http://example.com/", "https://example.com", "HTTP://Example.COM/"]) {
    t.equal(canonicalOfPost(link(spelling)), canonical("See example.com now"), spelling);
  }
  t.equal(canonicalOfPost(link("https://xn--mnchen-3ya.de/stra%C3%9Fe")), canonical("See https://münchen.de/straße now"));
  t.equal(canonicalOfPost(link("http://example.com/?a=1&b=2")), canonical("See example.com?a=1&b=2 now"));
});

t.test("different texts stay different", async (t) => {
  t.not(canonical("E-mail is down"), canonical("E-mail is up"));
  t.not(canonical("see example.com/a"), canonical("see example.com/b"));
  t.not(canonical("1 < 2"), canonical("1 > 2"));
  t.not(canonical("Outage (1/2)"), canonical("Outage (2/2)"));
});

t.test("escapes, white space, characters without width and composition make no difference", async (t) => {
  t.equal(canonicalOfPost({ text: "a &amp; b &lt;c&gt;" }), canonical("  a & b\n<c> "));
  t.equal(canonicalOfPost({ text: "&amp;amp;lt;" }), canonical("&amp;lt;"));
  t.equal(canonical("@\u200coracle cafe\u0301"), canonical("@oracle café"));
});

t.test("the link of attached media is dropped", async (t) => {
  t.equal(canonicalOfPost({ text: "Down https://t.co/m1", entities: { media: [{ url: "https://t.co/m1" }] } }), "Down");
  const urls = [{ url: "https://t.co/m1", expanded_url: "https://x.com/a/status/1/photo/1", media_key: "3_1" }];
  t.equal(canonicalOfPost({ text: "Down https://t.co/m1", entities: { urls } }), "Down");
});

t.test("a t.co link that its author wrote stays", async (t) => {
  const sent = "See https://t.co/abc now";
  t.equal(canonicalOfPost(link("https://example.com/target"), sent), canonical(sent));
});

t.test("a text sent equals the same text as X stores it", async () => {
  fc.assert(
    fc.property(anyText, (text) => split(text).every((post) => canonical(post) === canonicalOfPost(stored(post)))),
    { numRuns: runs },
  );
});

t.test("the form of the form is the form, and 100,000 escapes are no burden", async (t) => {
  t.equal(canonical(`&${"amp;".repeat(25_000)}`), "&");
  fc.assert(
    fc.property(anyText, (text) => canonical(canonical(text)).length <= canonical(text).length),
    { numRuns: runs / 10 },
  );
});
