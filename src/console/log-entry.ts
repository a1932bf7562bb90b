/** One line of the log, as it is read: its sentence, and its fields folded away. */
import type { LogLine } from "../log-shapes.ts";
import { badge } from "./badge.ts";
import { fact } from "./fact.ts";
import { type Html, html } from "./html.ts";

export function logEntry({ at, level, plugin = "host", message, fields }: LogLine): Html {
  const named = Object.entries(fields).map(([name, value]) => [name, shown(value)] as const);
  const short = named.map(([name, text]) => `${name}=${text.replaceAll(/\s+/g, " ")}`).join(" ");
  const said =
    named.length === 0
      ? html`<p>${message}</p>`
      : html`<details><summary>${message} <small>${short.slice(0, MAX_SHORT)}</small></summary><dl>${named.map(([name, text]) => fact(name, text))}</dl></details>`;
  return html`<li class="entry ${level}"><time datetime="${at}" title="${at}">${at.slice(11, 23)}</time>${badge(level)}<span class="from">${plugin}</span>${said}</li>\n`;
}

/** Of the fields on the line itself, which is cut where it ends; characters. */
const MAX_SHORT = 300;

/** An error's parts are lines of their own: its stack is long. */
function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (!isError(value)) return JSON.stringify(value) ?? "";
  const { stack, message, type, ...rest } = value;
  const more = Object.entries(rest).map(([name, part]) => `${name}: ${typeof part === "string" ? part : JSON.stringify(part)}`);
  return [String(stack ?? `${String(type)}: ${String(message)}`), ...more].join("\n");
}

const isError = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && "message" in value;
