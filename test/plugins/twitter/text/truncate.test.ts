import fc from "fast-check";
import t from "tap";
import { truncate } from "../../../../plugins/twitter/text/truncate.ts";
import { weigh } from "../../../../plugins/twitter/text/weigh.ts";
import { anyText, runs } from "./texts.ts";

t.test("a text that fits stays as it is", async (t) => {
  t.equal(truncate("E-mail is down."), "E-mail is down.");
});

t.test("a longer one ends behind a word, without its comma, in an ellipsis", async (t) => {
  t.equal(truncate("Mail is down, we are on it, wait", { limit: 30 }), "Mail is down, we are on it…");
});

t.test("an address stays whole and apart from the ellipsis", async (t) => {
  const cut = truncate(`See https://example.com/${"x".repeat(400)} ${"word ".repeat(80)}`, { limit: 31 });
  t.match(cut, /x{400} …$/);
  t.ok(weigh(cut) <= 31);
});

t.test("a word that fills the post is cut between graphemes", async (t) => {
  t.equal(truncate("a".repeat(300)), `${"a".repeat(277)}…`);
  t.equal(truncate("🇫🇷".repeat(200)), `${"🇫🇷".repeat(138)}…`);
});

t.test("every result is within the limit and begins as the text does", async () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const cut = truncate(text);
      const whole = text.normalize().trim();
      return weigh(cut) <= 280 && (cut === whole || (weigh(whole) > 280 && whole.startsWith(cut.replace(/ ?…$/, ""))));
    }),
    { numRuns: runs },
  );
});
