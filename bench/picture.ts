/** The picture of the README: every figure that has a goal as a bar from its least to its greatest ratio, against its goal. */
import type { Compared } from "./compare.ts";
import type { Result } from "./result.ts";
import { svgText } from "./svg.ts";

const WIDTH = 840;
const ROW = 22;
const HEAD = 56;
const FOOT = 34;
const LEFT = 330;
const RIGHT = 90;
/** Ratios are drawn on a logarithmic scale: a half lies as far from one as double does. */
const RANGE = [0.0625, 16] as const;
const TICKS = [0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16] as const;

const STYLE = `
  text { fill: #24292f; font: 12px system-ui, sans-serif } .title { font-weight: 600; font-size: 14px } .quiet { fill: #57606a }
  .grid { stroke: #d0d7de } .span { stroke: #8c959f } .goal { stroke: #24292f; stroke-width: 2 } .reached { fill: #1a7f37 } .missed { fill: #bc4c00 }
  .page { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .grid { stroke: #30363d } .span { stroke: #6e7681 } .goal { stroke: #e6edf3 }
    .reached { fill: #3fb950 } .missed { fill: #f0883e } .page { fill: #0d1117 }
  }`;

const x = (ratio: number): number => {
  const inside = Math.min(RANGE[1], Math.max(RANGE[0], ratio));
  return LEFT + (Math.log2(inside / RANGE[0]) / Math.log2(RANGE[1] / RANGE[0])) * (WIDTH - LEFT - RIGHT);
};
const line = (x1: number, y1: number, x2: number, y2: number, name: string) =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" class="${name}"/>`;

function rowOf({ figure, goal, ratio, reached }: Compared, bench: string, top: number): string {
  const middle = top + ROW / 2;
  const goalAt = x(Number(goal.slice(2)));
  return [
    svgText(LEFT - 12, middle + 4, `${bench}: ${figure}`, 'text-anchor="end"'),
    line(x(ratio.min), middle, x(ratio.max), middle, "span"),
    line(goalAt, middle - 7, goalAt, middle + 7, "goal"),
    `<circle cx="${x(ratio.median).toFixed(1)}" cy="${middle}" r="4.5" class="${reached ? "reached" : "missed"}"/>`,
    svgText(WIDTH - RIGHT + 10, middle + 4, ratio.median.toFixed(2), `class="${reached ? "reached" : "missed"}"`),
    svgText(WIDTH - RIGHT + 46, middle + 4, goal, 'class="quiet"'),
  ].join("\n");
}

export function pictureOf(results: readonly Result[]): string {
  const rows = results.flatMap(({ bench, figures }) =>
    figures.filter(({ reached }) => reached !== undefined).map((figure) => ({ bench, figure })),
  );
  const bottom = HEAD + rows.length * ROW;
  const parts = [
    svgText(16, 22, "Perch, measured", 'class="title"'),
    svgText(WIDTH - 16, 22, "median (dot), least to greatest (line), goal (bar)", 'class="quiet" text-anchor="end"'),
    ...TICKS.flatMap((tick) => [
      line(x(tick), HEAD - 6, x(tick), bottom, "grid"),
      svgText(x(tick), HEAD - 12, `${tick}`, 'class="quiet" text-anchor="middle"'),
    ]),
    ...rows.map(({ bench, figure }, index) => rowOf(figure, bench, HEAD + index * ROW)),
    svgText(16, bottom + 22, "Ratios of two things measured in turns in one run; the scale is logarithmic.", 'class="quiet"'),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + FOOT}">
<title>Perch, measured</title>
<style>${STYLE}
</style>
<rect width="${WIDTH}" height="${bottom + FOOT}" class="page"/>
${parts.join("\n")}
</svg>
`;
}
