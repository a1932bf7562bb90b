/** The last lines of the log, kept in memory. */

export type RecentLine = { number: number; json: string };
export type RecentLines = {
  /** One line of JSON, cleaned of secrets. */
  keep(json: string): void;
  /** Those that are still there of the lines after `number`, oldest first. */
  after(number: number): RecentLine[];
  /** Of the oldest that is still there, and of the newest; numbers begin at 1. */
  readonly first: number;
  readonly last: number;
};

const MAX_LINES = 2_000;
/** Some lines are long: a stack, or what a plug-in says. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** A ring: to keep a line costs the same however many there are. */
export function openRecentLines(maxLines = MAX_LINES, maxCharacters = MAX_CHARACTERS): RecentLines {
  const ring = new Array<string>(maxLines).fill("");
  let first = 1;
  let last = 0;
  let characters = 0;
  const at = (number: number): string => ring[number % maxLines] ?? "";

  function drop(): void {
    characters -= at(first).length;
    ring[first % maxLines] = "";
    first += 1;
  }

  function keep(json: string): void {
    if (last - first + 1 >= maxLines) drop();
    last += 1;
    ring[last % maxLines] = json;
    characters += json.length;
    // The newest stays, however long it is.
    while (characters > maxCharacters && first < last) drop();
  }

  function after(number: number): RecentLine[] {
    const from = Math.max(number + 1, first);
    return Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => ({ number: from + index, json: at(from + index) }));
  }

  return {
    keep,
    after,
    get first() {
      return first;
    },
    get last() {
      return last;
    },
  };
}
