import fc from "fast-check";
import t from "tap";
import twitterText from "twitter-text";
import { weigh } from "../../../../plugins/twitter/text/weigh.ts";
import { anyText, runs } from "./texts.ts";

/** Texts and what X counts, from the procedure that docs.x.com publishes and `config/v3.json` of twitter-text. */
const WEIGHTS: [text: string, weight: number][] = [
  ["", 0],
  ["a", 1],
  ["This is a test.", 15],
  ["Hello, world! 👋", 16],
  ["line\nline", 9],
  ["café", 4],
  ["cafe\u0301", 4],
  ["\u212b", 1],
  ["Ünïcödé", 7],
  ["мы на связи", 11],
  ["הודעה", 5],
  ["क्षि", 4],
  ["ꠀ", 2],
  ["東京", 4],
  ["ｶﾅ", 4],
  ["서버", 4],
  ["、。", 4],
  ["\u3000", 2],
  ["“quoted” – it’s", 15],
  ["…", 2],
  ["€", 2],
  ["\u200b\u200c\u200d", 3],
  ["\u2060", 2],
  ["👨‍👩‍👧‍👦", 2],
  ["👋🏽", 2],
  ["🇫🇷", 2],
  ["🇫🇷🇩🇪", 4],
  ["1️⃣", 2],
  ["#️⃣", 2],
  ["❤️", 2],
  ["☎", 2],
  ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2],
  ["\u{10000}", 2],
  ["example.com", 23],
  ["t.co", 23],
  ["http://test.com", 23],
  ["https://example.com/a/very/long/path/that/goes/on/and/on/and/on?and=on#and-on", 23],
  ["Test https://test.com test https://test.com test.com test", 86],
  ["(example.com)", 25],
  ["https://日本語.jp/", 23],
  ["日本語example.comをご覧", 6 + 23 + 6],
  ["it@example.com", 14],
  ["mail.tar", 8],
  ["$a.com", 6],
  ["192.168.0.1", 11],
];

t.test("known texts have their known weights", async (t) => {
  for (const [text, weight] of WEIGHTS) t.equal(weigh(text), weight, JSON.stringify(text));
});

t.test("an emoji sequence that is younger than the tables is counted by its parts, never for less", async (t) => {
  t.equal(weigh("🐦‍🔥"), 5);
  t.ok(weigh("🫨") >= 2);
});

t.test("the pictographs © and ® weigh 2, with and without a selector", async (t) => {
  t.equal(weigh("©"), 2);
  t.equal(weigh("©\ufe0f®"), 4);
});

t.test("no text weighs less than twitter-text says, and without © and ® none weighs more", async () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const theirs = twitterText.parseTweet(text).weightedLength;
      return weigh(text) >= theirs && (/[©®]/.test(text) || /\S{500}/.test(text.normalize()) || weigh(text) === theirs);
    }),
    { numRuns: runs },
  );
});

t.test("the weight of two texts with a blank between them is the sum", async () => {
  fc.assert(
    fc.property(
      anyText,
      anyText,
      (a, b) => weigh(`${a} ${b}`) === weigh(a) + 1 + weigh(b) || /^(?:\p{M}|[^\0-\x7f]\S*\.)/u.test(b.normalize()),
    ),
    { numRuns: runs },
  );
});

t.test("an accented letter at the very beginning is no part of a host, as twitter-text has it", async (t) => {
  for (const text of ["étéexample.com", " étéexample.com", `étéexample.com/${"x".repeat(600)}`]) {
    t.equal(weigh(text), twitterText.parseTweet(text).weightedLength, text.slice(0, 20));
  }
});

t.test("half a character and characters that X refuses are weighed without a crash", async (t) => {
  t.equal(weigh("\ud83d"), 2);
  t.equal(weigh("a\udc4bb.com \ufffe\ufeff\uffff"), twitterText.parseTweet("a\udc4bb.com \ufffe\ufeff\uffff").weightedLength);
});

t.test("an address in a long run without blanks still counts 23", async (t) => {
  const prose = "東京のメール".repeat(100);
  t.equal(weigh(`${prose}https://日本語.jp/${prose}x.`), 1200 + 23 + 1200 + 2);
  t.equal(weigh(`${prose}a.co。${prose}`), 1200 + 23 + 2 + 1200);
  t.equal(weigh(`https://example.com/${"x".repeat(2000)}`), 23);
  t.equal(weigh(`foo-https://a.de/${"x".repeat(2000)}`), 4 + 23);
});

t.test("before a bare host in a long run, each sign counts as it does in a short one", async (t) => {
  for (const before of "＠＃@#$_-./é日。、:，／\ufeff") {
    const short = `${before}example.com$a`;
    const lighter = weigh(short) - weigh(`${before}$a`);
    const long = `${short}${"$a".repeat(300)}`;
    t.ok(weigh(long) >= twitterText.parseTweet(long).weightedLength, `${before}: ${lighter}`);
    t.equal(weigh(long) - weigh(long.replace("example.com", "")), lighter, before);
  }
});

/** Each took minutes with twitter-text alone; the bound is a hundred times what it takes now. */
t.test("no text of 100,000 characters is slow to weigh", async (t) => {
  for (const unit of [
    "a.",
    "日",
    "日.",
    "日a.b",
    "a-",
    "_.",
    "https://",
    "http://a.",
    "a.co",
    "a.co/",
    "x.com/(",
    "@a",
    "👋",
    "é.",
    "1.",
    "--.",
  ]) {
    const begun = performance.now();
    weigh(`${unit.repeat(100_000 / unit.length)}.`);
    const tookMs = performance.now() - begun;
    t.ok(tookMs < 5000, `${unit}: ${Math.round(tookMs)} ms`);
  }
});
