import fc from "fast-check";
import t from "tap";
import { parseXml } from "../../src/soap/parse-xml.ts";
import { escapeXml, writeFields, xmlText } from "../../src/soap/write-xml.ts";

t.test("whatever a text holds, it is read again as it was, as content and in an attribute", async (t) => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc
      .array(fc.constantFrom("<", ">", "&", "]]>", '"', "'", "\r", "\n", "\t", "\u0000", "\u001f", "\ud800", "\ufffe", "</a>", "💥"))
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (given) => {
      const read = parseXml(`<r a="${escapeXml(given)}">${writeFields([["f", given]])}</r>`);
      const inAttribute = xmlText(given).replace(/[\n\t]/g, " ");
      return read.children.length === 1 && read.children[0]?.text === xmlText(given) && read.attributes[0]?.value === inAttribute;
    }),
    { numRuns: 1_000 },
  );
  t.equal(xmlText("a\u0000b\ud800💥"), "a\ufffdb\ufffd💥", "what XML can't hold is shown to be missing");
});

t.test("null leaves an element out, and an empty text does not", async (t) => {
  t.equal(
    writeFields([
      ["a", null],
      ["b", ""],
    ]),
    "<b></b>",
  );
});
