import fc from "fast-check";
import t from "tap";
import twitterText from "twitter-text";
import { defuse, defuseAtSigns, defuseMentions } from "../../../../plugins/twitter/text/defuse.ts";
import { weigh } from "../../../../plugins/twitter/text/weigh.ts";
import { anyText, runs } from "./texts.ts";

const Z = "\u200c";

/** Mentions and cashtags that X would make: those inside an address are none. */
function effects(text: string): { mentions: number; cashtags: number } {
  const entities = twitterText.extractEntitiesWithIndices(text);
  return {
    mentions: entities.filter((entity) => "screenName" in entity).length,
    cashtags: entities.filter((entity) => "cashtag" in entity).length,
  };
}

const CASES: [text: string, defused: string][] = [
  ["Ask @oracle", `Ask @${Z}oracle`],
  ["＠desk", `＠${Z}desk`],
  ["(@a) /@b -@c", `(@${Z}a) /@${Z}b -@${Z}c`],
  ["rt@root", `rt@${Z}root`],
  ["Arts@root", "Arts@root"],
  ["root@host", "root@host"],
  ["it@example.com", "it@example.com"],
  ["https://medium.com/@desk/post @desk", `https://medium.com/@desk/post @${Z}desk`],
  ["a @ b", "a @ b"],
  ["@", "@"],
  ["#outage", "#outage"],
  ["$AB and $CD", `$AB and $${Z}CD`],
  ["$AB ($CD) $USD1", `$AB ($${Z}CD) $${Z}USD1`],
  ["$5 and US$AB and $CD", "$5 and US$AB and $CD"],
  ["https://example.com/$AB $CD", "https://example.com/$AB $CD"],
];

t.test("mentions and further cashtags are defused, all else stays", async (t) => {
  for (const [text, defused] of CASES) t.equal(defuse(text), defused, text);
});

t.test("twitter-text finds no mention and at most one cashtag afterwards", async () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const { mentions, cashtags } = effects(defuse(text.normalize()));
      return mentions === 0 && cashtags <= 1;
    }),
    { numRuns: runs },
  );
});

t.test("a text that is defused stays as it is", async () => {
  fc.assert(
    fc.property(anyText, (text) => defuse(defuse(text)) === defuse(text)),
    { numRuns: runs },
  );
});

t.test("what is read stays the same", async () => {
  fc.assert(
    fc.property(anyText, (text) => defuse(text).replaceAll(Z, "") === text.replaceAll(Z, "")),
    { numRuns: runs },
  );
});

t.test("an insertion weighs 1", async (t) => {
  t.equal(weigh(defuse("@a @b $A $B")), weigh("@a @b $A $B") + 3);
});

t.test("with every at sign defused, no part of the text has a mention", async () => {
  fc.assert(
    fc.property(anyText, fc.nat(), (text, at) => {
      const defused = defuseAtSigns(text.normalize().replace(/\S*\.\S*/gu, ""));
      return defuseMentions(defused.slice(at % (defused.length + 1))) === defused.slice(at % (defused.length + 1));
    }),
    { numRuns: runs },
  );
});
