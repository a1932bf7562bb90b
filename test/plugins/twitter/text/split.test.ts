import fc from "fast-check";
import t from "tap";
import twitterText from "twitter-text";
import { join, split, unnumber } from "../../../../plugins/twitter/text/split.ts";
import { findUrls } from "../../../../plugins/twitter/text/urls.ts";
import { weigh } from "../../../../plugins/twitter/text/weigh.ts";
import { anyText, plainText, runs } from "./texts.ts";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const starts = (text: string) => new Set(Array.from(graphemes.segment(text), (grapheme) => grapheme.index));

/** Where the parts begin and end in the text; undefined if they are not the text less white space at the cuts. */
function locate(text: string, parts: string[]): { start: number; end: number }[] | undefined {
  let at = 0;
  const found: { start: number; end: number }[] = [];
  for (const part of parts) {
    while (!text.startsWith(part, at)) {
      if (!/\s/.test(text.charAt(at))) return undefined;
      at += 1;
    }
    found.push({ start: at, end: at + part.length });
    at += part.length;
  }
  return at === text.length ? found : undefined;
}

t.test("a text that fits is one post without a number", async (t) => {
  t.same(split("  E-mail is down in Paris. "), ["E-mail is down in Paris."]);
  t.same(split("a".repeat(280)), ["a".repeat(280)]);
});

t.test("a cut is made at a paragraph rather than at a sentence, at a sentence rather than at a word", async (t) => {
  const sentence = "The mail server in Paris does not answer since nine.";
  const line = `${sentence} ${sentence} ${sentence}`;
  t.same(split(`${line}\n\n${line}`), [`${line} (1/2)`, `${line} (2/2)`]);
  t.same(split(`${line}\n${line}`), [`${line} (1/2)`, `${line} (2/2)`]);
  const five = Array(6).fill(sentence).join(" ");
  t.same(split(five), [`${Array(5).fill(sentence).join(" ")} (1/2)`, `${sentence} (2/2)`]);
  t.equal(split("word ".repeat(100))[0], `${"word ".repeat(55).trim()} (1/2)`);
});

t.test("a text of Japanese without blanks is cut behind a sentence, and no comma begins a post", async (t) => {
  const parts = unnumber(split("東京のメールサーバーが停止しました、現在調査中です。".repeat(12)));
  t.ok(parts.length > 1);
  for (const part of parts) t.match(part, /。$/);
});

t.test("an address counts 23 however long it is, and is never cut", async (t) => {
  const url = `https://example.com/${"x".repeat(1000)}`;
  const posts = split(`${"word ".repeat(60)}${url} ${"word ".repeat(60)}`);
  t.equal(posts.filter((post) => post.includes(url)).length, 1);
  for (const post of posts) t.ok(weigh(post) <= 280);
});

t.test("a word that no post can hold is cut between graphemes", async (t) => {
  const family = "👨‍👩‍👧‍👦";
  const posts = split(family.repeat(300));
  t.equal(posts.length, 3);
  for (const part of unnumber(posts)) t.equal(part.replaceAll(family, ""), "");
});

t.test("a grapheme that no post can hold is cut as a last resort", async (t) => {
  const posts = split(`z${"\u0325".repeat(700)}`);
  for (const post of posts) t.ok(weigh(post) <= 280);
});

t.test("numbers may have two and three digits", async (t) => {
  for (const words of [500, 700, 6000, 20_000]) {
    const posts = split("word ".repeat(words));
    t.match(posts.at(-1), new RegExp(`\\(${posts.length}/${posts.length}\\)$`));
    for (const post of posts) t.ok(weigh(post) <= 280);
    t.equal(join(posts).replaceAll(" ", ""), "word".repeat(words));
  }
});

t.test("a text that ends like a number keeps its end", async (t) => {
  const text = `${"word ".repeat(80)}done (1/2)`;
  t.match(join(split(text)), /done \(1\/2\)$/);
  t.equal(join(split("done (1/1)")), "done (1/1)");
});

t.test("every post is within the limit, for twitter-text too", async () => {
  fc.assert(
    fc.property(anyText, (text) =>
      split(text).every((post) => weigh(post) <= 280 && (twitterText.parseTweet(post).weightedLength <= 280 || post === "")),
    ),
    { numRuns: runs },
  );
});

t.test("the parts are the text, less white space at the cuts", async () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const whole = text.normalize().trim();
      return locate(whole, unnumber(split(text))) !== undefined && join(split(text)).replace(/\s/g, "") === whole.replace(/\s/g, "");
    }),
    { numRuns: runs },
  );
});

t.test("no grapheme and no address is cut", async () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const whole = text.normalize().trim();
      const begins = starts(whole);
      const urls = findUrls(whole);
      return (
        whole === "" ||
        locate(whole, unnumber(split(text)))?.every(
          ({ start }) => begins.has(start) && !urls.some((url) => url.sure && url.start < start && start < url.end),
        )
      );
    }),
    { numRuns: runs },
  );
});

t.test("no word that fits a post is cut", async () => {
  fc.assert(
    fc.property(plainText, (text) => {
      const words = unnumber(split(text)).flatMap((part) => part.split(/\s+/));
      return words.join(" ") === text.normalize().split(/\s+/).join(" ");
    }),
    { numRuns: runs },
  );
});

t.test("a smaller limit is kept too", async () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 40, max: 279 }), (text, limit) => split(text, { limit }).every((post) => weigh(post) <= limit)),
    { numRuns: runs / 10 },
  );
});

/** Absolute times differ by machine: the bound is many times what it takes. */
t.test("no text of 100,000 characters is slow to split", async (t) => {
  const units = [
    "The mail server in Paris is down, see https://status.example.com/x for more. ",
    "a.co ",
    "日",
    "日本語。",
    "a",
    "a.",
    "👋",
    "a@b.",
    "e\u0301 ",
  ];
  for (const unit of units) {
    const begun = performance.now();
    const posts = split(unit.repeat(100_000 / unit.length));
    const tookMs = performance.now() - begun;
    t.ok(tookMs < 5000, `${JSON.stringify(unit)}: ${Math.round(tookMs)} ms, ${posts.length} posts`);
    t.ok(posts.every((post) => weigh(post) <= 280));
  }
});
