/** From empty to full; the lowest is for nothing at all, so that a little never looks like nothing. */
const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** A line of bars, the highest for the greatest; blank where a value is not known. */
export function sparkline(values: readonly (number | null)[]): string {
  const greatest = Math.max(0, ...values.map((value) => value ?? 0));
  const heightOf = (value: number) => (value === 0 ? 0 : Math.max(1, Math.round((value / greatest) * (BARS.length - 1))));
  return values.map((value) => (value === null ? " " : BARS[heightOf(value)])).join("");
}
