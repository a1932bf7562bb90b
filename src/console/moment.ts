/** Moments and lengths of time, as pages write them: UTC, since hosts and readers may be anywhere. */
import { type Html, html } from "./html.ts";

/** `2026-11-24 20:41:53`, or the time alone on the day of `now` (milliseconds since 1970). */
export function moment(iso: string | undefined, now: number): Html | undefined {
  if (iso === undefined) return undefined;
  const text = iso.slice(0, 19).replace("T", " ");
  const today = iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  return html`<time datetime="${iso}" title="${text} UTC">${today ? text.slice(11) : text}</time>`;
}

/** What a form's date and time says, as ISO 8601. Taken for UTC, as all that pages show. */
export function readMoment(text: string | null): string | undefined {
  if (!text || !/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(text)) return undefined;
  const at = new Date(text.length === 10 ? `${text}T00:00Z` : `${text}Z`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
