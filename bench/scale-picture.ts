/** The picture of docs/scale.md: seconds until the last account has a broadcast, over the number of accounts. */
import { broadcastTo, type Costs, X } from "./scale-model.ts";
import { svgText } from "./svg.ts";

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 70;
const RIGHT = 130;
const TOP = 30;
const BOTTOM = 50;
const ACCOUNTS = [1, 100_000] as const;
const SECONDS = [0.1, 1_000] as const;
export const HOSTS = [1, 3, 10] as const;
/** Legible on a bright page and on a dark one. */
const STYLE = `
  text { fill: #24292f; font: 12px system-ui, sans-serif } .title { font-weight: 600; font-size: 14px } .grid { stroke: #d0d7de }
  .page { fill: #ffffff } .curve { fill: none; stroke-width: 2 } .limit { stroke: #cf222e; stroke-dasharray: 6 4 } text.limit { fill: #cf222e; stroke: none }
  .hosts0 { stroke: #0969da } .hosts1 { stroke: #1a7f37 } .hosts2 { stroke: #bc4c00; stroke-dasharray: 2 6 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid { stroke: #30363d } .page { fill: #0d1117 } .limit { stroke: #ff7b72 } text.limit { fill: #ff7b72 }
    .hosts0 { stroke: #58a6ff } .hosts1 { stroke: #3fb950 } .hosts2 { stroke: #f0883e }
  }`;

const part = (value: number, [from, to]: readonly [number, number]) => Math.log10(value / from) / Math.log10(to / from);
const x = (accounts: number) => LEFT + part(accounts, ACCOUNTS) * (WIDTH - LEFT - RIGHT);
const y = (seconds: number) => HEIGHT - BOTTOM - part(seconds, SECONDS) * (HEIGHT - TOP - BOTTOM);
const at = (accounts: number, seconds: number) => `${x(accounts).toFixed(1)},${y(seconds).toFixed(1)}`;
const powers = ([from, to]: readonly [number, number]): number[] =>
  Array.from({ length: Math.round(Math.log10(to / from)) + 1 }, (_, power) => from * 10 ** power);
const line = (from: string, to: string, name: string) => `<polyline points="${from} ${to}" class="${name}"/>`;

function grid(): string[] {
  const [least, most] = SECONDS;
  const columns = powers(ACCOUNTS).flatMap((accounts) => [
    line(at(accounts, least), at(accounts, most), "grid"),
    svgText(x(accounts), HEIGHT - BOTTOM + 18, accounts.toLocaleString("en"), 'text-anchor="middle"'),
  ]);
  const rows = powers(SECONDS).flatMap((seconds) => [
    line(at(ACCOUNTS[0], seconds), at(ACCOUNTS[1], seconds), "grid"),
    svgText(LEFT - 8, y(seconds) + 4, `${Number(seconds.toFixed(1)).toLocaleString("en")} s`, 'text-anchor="end"'),
  ]);
  return [
    ...columns,
    ...rows,
    svgText((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "accounts that a broadcast goes to", 'text-anchor="middle"'),
  ];
}

function curve(hosts: number, index: number, costs: Costs): string {
  const steps = Array.from({ length: 101 }, (_, step) => ACCOUNTS[0] * (ACCOUNTS[1] / ACCOUNTS[0]) ** (step / 100));
  const points = steps.map((accounts) => at(accounts, broadcastTo(accounts, hosts, costs).seconds)).join(" ");
  return `<polyline points="${points}" class="curve hosts${index}"/>`;
}

/** At the ends of the curves, one below the other; those that end together have one name. */
function names(costs: Costs): string[] {
  const [, last] = ACCOUNTS;
  const byEnd = Map.groupBy(HOSTS, (hosts) => Math.round(y(broadcastTo(last, hosts, costs).seconds)));
  let free = 0;
  return [...byEnd].map(([end, together]) => {
    const top = Math.max(end + 4, free);
    free = top + 15;
    return svgText(x(last) + 6, top, `${together.join(" and ")} ${together.at(-1) === 1 ? "host" : "hosts"}`);
  });
}

export function pictureOf(costs: Costs): string {
  const [least, most] = SECONDS;
  const limit = X.postsOfAppADay;
  const parts = [
    ...grid(),
    line(at(limit, least), at(limit, most), "limit"),
    svgText(x(limit) - 6, TOP + 14, `X: ${limit.toLocaleString("en")} posts of an app a day`, 'class="limit" text-anchor="end"'),
    ...HOSTS.map((hosts, index) => curve(hosts, index, costs)),
    ...names(costs),
    svgText(LEFT, TOP - 12, "How long until the last account has a broadcast", 'class="title"'),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">
<title>How long until the last account has a broadcast, by the number of accounts and of hosts</title>
<style>${STYLE}
</style>
<rect width="${WIDTH}" height="${HEIGHT}" class="page"/>
${parts.join("\n")}
</svg>
`;
}
