import fc from "fast-check";
import t from "tap";
import twitterText from "twitter-text";
import { compose } from "../../../plugins/twitter/compose.ts";
import type { Composition } from "../../../src/contract.ts";
import { anyText, runs } from "./text/texts.ts";

const LONG = "E-mail is down in Paris, we are on it. ".repeat(10);

function posts(
  text: string,
  overflow: "split" | "thread" | "truncate" | "reject",
  mentions: "defuse" | "keep" = "defuse",
): Composition["posts"] {
  const answer = compose({ text }, { overflow, mentions });
  if (!answer.ok) throw new Error(answer.fault.cause);
  return answer.value.posts;
}

t.test("a text that fits is one post, however overflow is set", async (t) => {
  for (const overflow of ["split", "thread", "truncate", "reject"] as const) {
    t.same(compose({ text: "Hello, world! 👋" }, { overflow, mentions: "defuse" }), {
      ok: true,
      value: { posts: [{ text: "Hello, world! 👋", weightedLength: 16, valid: true }], overflow, limit: 280 },
    });
  }
});

t.test("a longer text is split into numbered posts", async (t) => {
  const [first, second, ...rest] = posts(LONG, "split");
  t.match(first?.text, / \(1\/2\)$/);
  t.match(second?.text, / \(2\/2\)$/);
  t.same(rest, []);
  t.notOk(second && "reply" in second);
});

t.test("in a thread every post but the first is a reply, and all are numbered", async (t) => {
  t.same(
    posts(LONG, "thread").map(({ text, reply }) => [text.slice(-5), reply]),
    [
      ["(1/2)", undefined],
      ["(2/2)", true],
    ],
  );
});

t.test("truncate makes one post that ends in an ellipsis", async (t) => {
  const [only, ...rest] = posts(LONG, "truncate");
  t.match(only?.text, /…$/);
  t.same(rest, []);
});

t.test("reject refuses with the weighted length and the limit", async (t) => {
  t.same(compose({ text: "a".repeat(312) }, { overflow: "reject", mentions: "defuse" }), {
    ok: false,
    fault: {
      reason: "too-long",
      cause: "The text is too long for one post: 312 weighted characters, and X allows 280",
      detail: "312 of 280 weighted characters; text.overflow is reject",
    },
  });
});

t.test("a text without anything to read is bad input", async (t) => {
  for (const text of ["", " \r\n\t", "\u0000\u0007", "\u200b\ufeff\u2060"]) {
    t.match(
      compose({ text }, { overflow: "split", mentions: "keep" }),
      { ok: false, fault: { reason: "bad-input" } },
      JSON.stringify(text),
    );
  }
});

t.test("line ends become one kind, control characters and code points that X refuses go, and half a character is replaced", async (t) => {
  t.equal(posts(" a\r\nb\rc\u0085d\te\u0000\u001b[1m\ufeff\uffff \ud83d ", "split")[0]?.text, "a\nb\nc\nd e[1m \ufffd");
  t.equal(posts("cafe\u0301", "split")[0]?.text, "café");
});

t.test("mentions are defused or kept as set; a second cashtag never stays", async (t) => {
  t.equal(posts("@a $B $C", "split")[0]?.text, "@\u200ca $B $\u200cC");
  t.equal(posts("@a $B $C", "split", "keep")[0]?.text, "@a $B $\u200cC");
});

t.test("a cut inside a long word uncovers no mention and no cashtag", async (t) => {
  for (const word of ["a@b".repeat(200), "$@".repeat(300), "xrt@root".repeat(100)]) {
    for (const post of posts(word, "split")) t.same(twitterText.extractMentions(post.text), [], post.text);
  }
  for (const post of posts(`E-mail${"$a".repeat(140)} $b`, "split", "keep"))
    t.ok(twitterText.extractCashtags(post.text).length <= 1, post.text);
});

t.test("every post of every text is valid for twitter-text, has no mention and at most one cashtag", async () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom("split", "thread", "truncate"), (text, overflow) => {
      const answer = compose({ text }, { overflow, mentions: "defuse" });
      if (!answer.ok) return answer.fault.reason === "bad-input";
      return answer.value.posts.every((post) => {
        const entities = twitterText.extractEntitiesWithIndices(post.text);
        const cashtags = entities.filter((entity) => "cashtag" in entity).length;
        return post.valid && twitterText.parseTweet(post.text).valid && cashtags <= 1 && !entities.some((entity) => "screenName" in entity);
      });
    }),
    { numRuns: runs },
  );
});
