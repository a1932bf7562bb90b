/** Tables as CSV (RFC 4180) that a spreadsheet can open without running anything. */

/**
 * A spreadsheet takes a cell that begins so for a formula (OWASP, CSV Injection); an apostrophe makes it text. Cells
 * here are what strangers wrote, so also a minus before a number gets one.
 */
const cellOf = (text: string): string => {
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export const csvLine = (cells: readonly string[]): string => `${cells.map(cellOf).join(",")}\r\n`;
/** Without it Excel reads UTF-8 as the machine's own code page. */
export const CSV_START = "\ufeff";
