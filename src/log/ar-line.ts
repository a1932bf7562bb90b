/** One log record as AR's operators know it from the Java plug-in server (log4j's `%d %-5p [%t] … - %m%n`). */
import { styleText } from "node:util";

const STYLES = { fatal: "red", error: "red", warn: "yellow", info: "green", debug: "cyan", trace: "gray" } as const;
type Style = (typeof STYLES)[keyof typeof STYLES];

/**
 * `2026-11-24T11:32:01.123+0000 INFO  [twitter] - sentence; key=value key=value` from a line of pino's JSON. A stack
 * follows on lines that begin with a tab, as log readers expect; nothing else breaks a line.
 */
export function arLine(json: string, colour = false): string {
  const record: unknown = JSON.parse(json);
  const { level, time, plugin, msg, err, ...rest } = isRecord(record) ? record : {};
  const name = String(level);
  const label = name.toUpperCase().padEnd(5);
  const fields = Object.entries({ ...rest, ...errorField(err, msg) });
  const head = [
    faint(String(time).replace(/Z$/, "+0000"), colour),
    colour ? styleText(styleOf(name), label) : label,
    `[${oneLine(String(plugin ?? "host"))}] -`,
    oneLine(String(msg ?? "")),
  ].join(" ");
  const tail = fields.map(([key, value]) => `${oneLine(key)}=${showValue(value)}`).join(" ");
  return `${head}${tail === "" ? "" : faint(`; ${tail}`, colour)}\n${stackOf(err)}`;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const faint = (text: string, colour: boolean): string => (colour ? styleText("gray", text) : text);
const styleOf = (level: string): Style => Object.entries(STYLES).find(([name]) => name === level)?.[1] ?? "green";

/** A text with blanks or quotes is quoted, so that the fields can be told apart. */
function showValue(value: unknown): string {
  if (typeof value === "string" && /^[\w.:/@+,-]+$/.test(value)) return value;
  return oneLine(JSON.stringify(value) ?? "undefined");
}

/** A text from outside must not be able to forge a line, or to move the cursor of a terminal. */
const oneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is looking for
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** pino makes an error's message the sentence where it was given none; it is not said twice. */
function errorField(err: unknown, sentence: unknown): Record<string, unknown> {
  if (err === undefined || (isRecord(err) && err.message === sentence)) return {};
  return { error: isRecord(err) ? (err.message ?? err.type) : err };
}

function stackOf(err: unknown): string {
  if (!isRecord(err) || typeof err.stack !== "string") return "";
  const lines = err.stack.split(/[\r\n\u2028\u2029]+/).slice(1);
  return lines.map((line) => `\t${oneLine(line.trim())}\n`).join("");
}
