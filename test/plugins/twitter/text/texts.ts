/** Texts as a service desk may write them, and worse, for the property tests. */
import fc from "fast-check";

/** How many texts each property is tried with. */
export const runs = Number(process.env.FAST_CHECK_RUNS ?? 2000);

const WORDS = [
  "E-mail",
  "is",
  "down",
  "in",
  "Paris,",
  "we",
  "are",
  "on",
  "it.",
  "Next",
  "update:",
  "15:30",
  "(VPN)",
  "don't",
  "e.g.",
  "Störung",
  "мы",
  "§4",
];
export const URLS = [
  "https://status.example.com/incident/INC0001234?tab=notes&lang=en",
  "example.com",
  "http://example.com/",
  "HTTPS://Help.Example.COM/Path_(x)",
  "foo.co.jp/a#b",
  "https://münchen.de/straße",
  "https://medium.com/@desk/post",
  `https://example.com/${"long/".repeat(80)}end`,
];
const EMOJI = ["👋", "👨‍👩‍👧‍👦", "🧑🏽‍🚒", "🐦‍🔥", "🇫🇷", "🇩🇪", "1️⃣", "#️⃣", "❤️", "☎", "©", "®️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"];
const CJK = ["東京のメールサーバーが停止しました。", "お待ちください", "服务器已停机，", "서버가 다운되었습니다", "ระบบอีเมลขัดข้อง"];
const MARKS = ["e\u0301te\u0301", "Å", "ẛ̣", "क्षि", "z̷̧̛a̴̢̛l̵̨̛g̶̢̛o̷̧̕"];
const BIDI = ["\u202bהשרת\u202c", "تعطل\u200f", "\u2067abc\u2069"];
const SIGNS = [
  "@oracle",
  "＠desk",
  "rt@root",
  "$USD",
  "$PATH",
  "$AB.C",
  "#outage",
  "root@host",
  "it@example.com",
  "@@a",
  "@é",
  "&amp;",
  "<b>",
  "a&b",
  '"x"',
];
const GAPS = [" ", " ", " ", "  ", "\n", "\n\n", "\n \n", "\t", "\u00a0", "\u3000", ""];

const longWord = fc
  .integer({ min: 1, max: 400 })
  .chain((length) => fc.constantFrom("A", "ab", "x.", "ñ", "👋", "日本", "a@b", "$a").map((unit) => unit.repeat(length)));
const piece = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 2, arbitrary: fc.constantFrom(...URLS) },
  { weight: 2, arbitrary: fc.constantFrom(...EMOJI) },
  { weight: 2, arbitrary: fc.constantFrom(...CJK) },
  { weight: 1, arbitrary: fc.constantFrom(...MARKS, ...BIDI) },
  { weight: 2, arbitrary: fc.constantFrom(...SIGNS) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 1, arbitrary: longWord },
);

/** Any text: pieces and gaps; a gap may be nothing at all. */
export const anyText = fc
  .array(fc.tuple(piece, fc.constantFrom(...GAPS)), { minLength: 1, maxLength: 120 })
  .map((pairs) => pairs.map((pair) => pair.join("")).join(""));

/** A text of which every word fits a post and stands between blanks. */
export const plainText = fc
  .array(fc.tuple(fc.constantFrom(...WORDS, ...URLS, ...EMOJI, "root@host", "it@example.com"), fc.constantFrom(" ", "  ", "\n", "\n\n")), {
    minLength: 1,
    maxLength: 200,
  })
  .map((pairs) =>
    pairs
      .map((pair) => pair.join(""))
      .join("")
      .trim(),
  );
