import t from "tap";
import { configuration, faultsOf } from "./configuration.ts";
import { fuzz, totalRuns } from "./suite.ts";

void fuzz(t, configuration, totalRuns(process.env));

t.test("the judge of problems sees a place that does not exist, another file, an empty message and a secret", async (t) => {
  const wrong = (file: string, line: number, column: number, message: string) =>
    faultsOf({ ok: false, problems: [{ file, line, column, message }], files: [], digest: "" }, { "/a": "one\ntwo\n" });
  t.same(wrong("/a", 2, 4, "well"), []);
  for (const [line, column] of [
    [0, 1],
    [1, 0],
    [1, 5],
    [4, 1],
  ] as const)
    t.match(wrong("/a", line, column, "well"), [/no such place/]);
  t.match(wrong("/b", 1, 1, "well"), [/another file/]);
  t.match(wrong("/a", 1, 1, ""), [/no message/]);
  t.match(wrong("/a", 1, 1, "unknown key Zq7MARKx"), [/secret shows/]);
  t.match(faultsOf({ ok: false, problems: [], files: [], digest: "" }, {}), [/without a problem/]);
});
