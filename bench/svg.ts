/** Words in a picture. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** `more`: further attributes, as they stand in SVG. */
export const svgText = (left: number, top: number, words: string, more = ""): string =>
  `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" ${more}>${escaped(words)}</text>`;
