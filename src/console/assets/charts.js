// Draws what the table of figures says, and draws again when the host has sent new ones. Without this the table is whole.

const region = document.querySelector("[data-charts]");
if (region) void begin(region);

async function begin(region) {
  const { default: uPlot } = await import(region.dataset.charts);
  const table = document.querySelector("#history-figures");
  const said = region.querySelector("[aria-live]");
  const figures = [...region.querySelectorAll(".chart")];
  let drawn = [];
  const draw = () => {
    for (const plot of drawn) plot.destroy();
    const history = readTable(table);
    region.hidden = history.at.length === 0;
    drawn = region.hidden ? [] : figures.map((figure) => drawFigure(uPlot, figure, history, said));
  };
  // The cursor stays where it is.
  const renew = () => {
    const history = readTable(table);
    if (drawn.length === 0 || history.at.length === 0) return draw();
    drawn.forEach((plot, index) => void plot.setData(dataOf(figures[index], history)));
  };
  draw();
  new MutationObserver(renew).observe(table, { childList: true });
  // The canvas holds the colours that it was drawn with.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(() => {
    for (const plot of drawn) plot.setSize(sizeOf(plot.root.parentElement));
  }).observe(region);
}

const sizeOf = ({ clientWidth: width, clientHeight: height }) => ({ width, height });

// Oldest first; by title of the column a number, or null where the table has none.
function readTable(table) {
  const rows = [...table.querySelectorAll("tbody tr")].reverse();
  const numberIn = (cell) => {
    const text = cell?.querySelector("data")?.value ?? cell?.textContent ?? "";
    return text === "" ? null : Number(text);
  };
  return {
    at: rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000),
    column: (title) => rows.map((row) => numberIn(row.querySelector(`[data-label="${title}"]`))),
  };
}

const linesOf = (figure) => [...figure.querySelectorAll("[data-column]")];
const dataOf = (figure, history) => [history.at, ...linesOf(figure).map((line) => history.column(line.dataset.column))];

function drawFigure(uPlot, figure, history, said) {
  const place = figure.querySelector(".plot");
  const legend = linesOf(figure);
  const write = figure.dataset.unit === "time" ? lengthOf : (value) => value.toLocaleString("en");
  const { color, fontSize, fontFamily } = getComputedStyle(figure.querySelector("figcaption small"));
  const line = getComputedStyle(place).borderTopColor;
  const axis = {
    stroke: color,
    font: `${Math.round(Number.parseFloat(fontSize))}px ${fontFamily}`,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  };
  const options = {
    ...sizeOf(place),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "history" }, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.08 : 1] } },
    series: [{}, ...legend.map((item) => seriesOf(item.querySelector(".swatch")))],
    axes: [
      { ...axis, values: TIMES, space: 60, size: 40 },
      {
        ...axis,
        values: (_plot, splits) => splits.map((split) => (split === null ? "" : write(split))),
        size: widthOf,
        ...STEPS[figure.dataset.unit],
      },
    ],
    hooks: { setCursor: [({ cursor: { idx }, data }) => tell(legend, data, idx, write)] },
  };
  const plot = new uPlot(options, dataOf(figure, history), place);
  place.onkeydown = (event) => moveCursor(event, plot, () => said.replaceChildren(sentenceOf(legend, plot)));
  return plot;
}

// How a line looks is said once, by the style sheet.
function seriesOf(swatch) {
  const { borderTopColor: stroke, borderTopStyle, borderTopWidth, backgroundColor: fill } = getComputedStyle(swatch);
  const dash = { solid: undefined, dashed: [7, 5], dotted: [2, 4] }[borderTopStyle];
  const points = { size: 5, fill: stroke, filter: loneIn };
  return { stroke, fill, dash, width: Number.parseFloat(borderTopWidth), spanGaps: true, points };
}

// A single value makes no line: it is drawn as a point.
function loneIn({ data }, series) {
  const told = [...data[series].keys()].filter((index) => data[series][index] !== null);
  return told.length === 1 ? told : [];
}

// What uPlot writes below the axis for each distance of its ticks, in seconds: hours of 24, and the day where it changes.
const DAY = "{D} {MMM}";
const TIMES = [
  [86_400, DAY, "\n{YYYY}", null, null, null, null, null, 1],
  [3_600, "{HH}:{mm}", `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
  [60, "{HH}:{mm}", `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
];
// Of the other axis: deliveries are whole, time goes by what people count it in.
const STEPS = {
  deliveries: {
    incrs: [1, 2, 5].flatMap((step) => Array.from({ length: 9 }, (_, power) => step * 10 ** power)).sort((one, other) => one - other),
  },
  time: { incrs: [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400] },
};

// Wide enough for its longest number.
const widthOf = (_plot, values) => 18 + 7 * Math.max(...(values ?? [""]).map((text) => text.length));

// As the table writes it.
function lengthOf(seconds) {
  if (seconds === 0) return "0";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  for (const [size, unit] of [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
  ])
    if (seconds >= size) return `${Number((seconds / size).toFixed(1))} ${unit}`;
  return `${Number(seconds.toFixed(1))} s`;
}

function tell(legend, [, ...columns], index, write) {
  for (const [line, item] of legend.entries()) {
    const value = index == null ? null : columns[line][index];
    item.querySelector("output").textContent = value === null ? "" : write(value);
  }
}

function sentenceOf(legend, { data: [at], cursor }) {
  const time = new Date(at[cursor.idx] * 1000).toISOString().slice(0, 16).replace("T", " ");
  return `${time}: ${legend.map((item) => item.textContent.trim()).join(", ")}`;
}

// By arrow keys, Home and End; Escape takes the cursor away.
function moveCursor(event, plot, said) {
  const [at] = plot.data;
  const index = plot.cursor.idx ?? at.length;
  const to = { ArrowLeft: Math.max(index - 1, 0), ArrowRight: Math.min(index + 1, at.length - 1), Home: 0, End: at.length - 1, Escape: -1 }[
    event.key
  ];
  if (to === undefined) return;
  event.preventDefault();
  plot.setCursor(to < 0 ? { left: -10, top: -10 } : { left: plot.valToPos(at[to], "x"), top: 0 }, true, true);
  if (to >= 0) said();
}
