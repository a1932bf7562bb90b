/** Who changed a registration while somebody else had it open. */
import type { AuditEntry, Registration } from "../shapes.ts";
import { type Asked, askedOr } from "./asked.ts";
import { type Html, html } from "./html.ts";
import { moment } from "./moment.ts";
import { LABELS } from "./registration-form.ts";

const VERBS: Readonly<Record<string, string>> = {
  "registrations.update": "changed it",
  "registrations.confirm": "authorised its account",
  "registrations.delete": "deleted it",
};
/** Acts that are looked through, the newest first. */
const MAX_LOOKED = 200;

/** `since`: the state that was open, ISO 8601. What the host did by itself is on no record. */
export async function changesSince(asked: Asked, { id }: Pick<Registration, "id">, since: string): Promise<Html> {
  const { entries } = await askedOr(asked.call("audit.list", { since, limit: MAX_LOOKED }), { entries: [] });
  const own = entries.filter(
    (entry) => entry.target === id && entry.outcome === "done" && entry.at > since && VERBS[entry.method] !== undefined,
  );
  if (own.length === 0) return html`<p>The audit trail names nobody for it: the host may have done it by itself.</p>`;
  return html`<ul>${own.toReversed().map((entry) => html`<li>${entry.client} ${VERBS[entry.method]} at ${moment(entry.at, asked.now)}${detailOf(entry)}</li>`)}</ul>`;
}

function detailOf({ method, detail }: AuditEntry): string {
  if (method !== "registrations.update") return ".";
  const said = Object.entries(LABELS).flatMap(([name, label]) => (typeof detail[name] === "string" ? [`${label}: ${detail[name]}`] : []));
  return said.length === 0 ? "." : `: ${said.join(", ")}.`;
}
