import t from "tap";
import type { Compared } from "../../bench/compare.ts";
import { pictureOf } from "../../bench/picture.ts";
import type { Result } from "../../bench/result.ts";

const figure = (name: string, median: number, more: Partial<Compared> = {}): Compared => ({
  ...{ figure: name, goal: "≥ 0.8", ratio: { median, min: median / 2, max: median * 100 }, of: "", against: "", reached: true },
  ...more,
});
const result = (figures: Compared[]): Result => ({
  ...{ bench: "accept", summary: "", at: "", seconds: 1, machine: {}, conditions: {}, turns: [], figures },
});

t.test("each figure with a goal has a row, and all of it stays inside the frame", (t) => {
  const { reached: _, ...known } = figure("only to be known", 1, { goal: "" });
  const svg = pictureOf([result([figure("a < b", 0.9), figure("far", 500, { reached: false }), known])]);
  t.match(svg, "accept: a &lt; b");
  t.equal(svg.match(/<circle/g)?.length, 2);
  t.notMatch(svg, "only to be known");
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) as unknown as [string, string, string];
  for (const [, axis, value] of svg.matchAll(/ c?([xy])[12]?="([\d.-]+)"/g))
    t.ok(Number(value) >= 0 && Number(value) <= Number(axis === "x" ? width : height), `${axis} ${value}`);
  t.end();
});
