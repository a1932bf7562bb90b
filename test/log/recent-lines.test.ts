/** The log's last lines: how many are kept, and which are answered. */
import fc from "fast-check";
import t from "tap";
import { logPage } from "../../src/log/log-page.ts";
import { openRecentLines } from "../../src/log/recent-lines.ts";
import { createLog } from "../../src/log.ts";
import type { LogRequest } from "../../src/log-shapes.ts";

t.test("the newest are kept, within both bounds", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }));
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 60 }), (lengths, maxLines, maxCharacters) => {
      const recent = openRecentLines(maxLines, maxCharacters);
      const lines = lengths.map((length, index) => ({ number: index + 1, json: "x".repeat(length) }));
      for (const { json } of lines) recent.keep(json);
      // The longest end of the list that fits; of a single line that is too long, that one.
      let from = Math.max(0, lines.length - 1);
      const charactersFrom = (start: number) => lines.slice(start).reduce((sum, { json }) => sum + json.length, 0);
      while (from > 0 && lines.length - from < maxLines && charactersFrom(from - 1) <= maxCharacters) from -= 1;
      return JSON.stringify(recent.after(0)) === JSON.stringify(lines.slice(from)) && recent.last === lines.length;
    }),
  );
});

function pages(lines: readonly object[], maxLines = 100) {
  const recent = openRecentLines(maxLines);
  const keep = (line: object) => recent.keep(JSON.stringify({ level: "info", time: "2026-11-24T12:00:00.000Z", msg: "m", ...line }));
  for (const line of lines) keep(line);
  const page = (request: LogRequest = {}, life = 7) => logPage(request, { recent, levels: { host: "info", plugins: {} }, life });
  return { keep, page, numbers: (request: LogRequest) => page(request).lines.map(({ number }) => number) };
}

t.test("without a cursor the newest are answered, with it what came after, and each once", async (t) => {
  const { keep, page } = pages([{ msg: "one" }, { msg: "two" }, { msg: "three", lane: "x:7", plugin: "twitter" }]);
  const first = page({ limit: 2 });
  t.match(first.lines, [
    { number: 2, message: "two" },
    { number: 3, message: "three", plugin: "twitter", fields: { lane: "x:7" } },
  ]);
  keep({ msg: "four" });
  keep({ msg: "five" });
  const second = page({ cursor: first.cursor, limit: 1 });
  t.match(second, { lines: [{ message: "four" }], missed: 0 });
  const third = page({ cursor: second.cursor });
  t.match(third.lines, [{ message: "five" }]);
  t.same(page({ cursor: third.cursor }).lines, []);
});

t.test("what is no longer in memory is counted, and a cursor of another run leads to the newest", async (t) => {
  const { keep, page } = pages([{ msg: "one" }], 3);
  const { cursor } = page();
  for (let number = 2; number <= 6; number += 1) keep({ msg: `line ${number}` });
  t.match(page({ cursor }), { missed: 2, lines: [{ number: 4 }, { number: 5 }, { number: 6 }] });
  t.match(page({ cursor, limit: 2 }, 8), { missed: 0, lines: [{ number: 5 }, { number: 6 }] });
  t.match(page({ cursor: "nonsense" }), { missed: 0, lines: [{ number: 4 }, { number: 5 }, { number: 6 }] });
});

t.test("lines are chosen by level and by plug-in, and the cursor goes on past those that do not fit", async (t) => {
  const { page, numbers } = pages([
    { level: "debug" },
    { level: "warn", plugin: "twitter" },
    { level: "error" },
    { level: "info", plugin: "twitter" },
  ]);
  t.same(numbers({ level: "warn" }), [2, 3]);
  t.same(numbers({ plugin: "twitter" }), [2, 4]);
  t.same(numbers({ plugin: "host", level: "info" }), [3]);
  t.same(numbers({ plugin: "nobody" }), []);
  const { cursor } = page({ cursor: "7.0", level: "fatal" });
  t.equal(cursor, "7.4");
});

t.test("what is kept is what was written: cleaned of secrets, also of one that became known later", async (t) => {
  const written: string[] = [];
  let secrets = ["first-secret"];
  const log = createLog({ level: "info", secrets: () => secrets, destination: { write: (line) => void written.push(line) } });
  log.root.info({ password: "by its name", note: "first-secret, later-secret" }, "said");
  log.root.debug({}, "not said");
  log.forPlugin("twitter").info({ shown: "first-secret" }, "said by a plug-in");
  const fieldsOf = () => log.read({}).lines.map(({ fields }) => fields);
  t.same(fieldsOf(), [{ password: "[secret]", note: "[secret], later-secret" }, { shown: "[secret]" }]);
  secrets = [...secrets, "later-secret"];
  t.same(fieldsOf()[0], { password: "[secret]", note: "[secret], [secret]" });
  t.match(log.read({}).levels, { host: "info", plugins: { twitter: "info" } });
  t.equal(written.length, 2);
});
