/** uPlot draws the charts. It comes from this host, since the pages' policy lets nothing in from elsewhere. */
import { readFileSync } from "node:fs";

/** Name below `/console/assets` → its file in the package, looked for when first asked for. */
export const LIBRARY = {
  "uplot.js": () => import.meta.resolve("uplot/dist/uPlot.esm.js"),
  "uplot.css": () => import.meta.resolve("uplot/dist/uPlot.min.css"),
} as const satisfies Record<string, () => string>;

let version: string | undefined;

/** With the version in it, so that a browser may keep the file for ever. */
export function libraryPath(name: keyof typeof LIBRARY): string {
  version ??= String(JSON.parse(readFileSync(new URL(import.meta.resolve("uplot/package.json")), "utf8")).version);
  return `/console/assets/${name}?${version}`;
}
