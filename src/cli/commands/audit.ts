import type { AuditEntry, AuditListRequest } from "../../shapes.ts";
import { sayAudit, sayCsv, sayCsvHead } from "../audit-table.ts";
import { DONE, FAILED, type Invocation, type Leaf } from "../command.ts";
import { sayFailure } from "../failure.ts";
import { printableJson } from "../printable.ts";

/** As many as the host gives at once. */
const LARGEST_PAGE = 1000;

export const audit: Leaf = {
  name: "audit",
  summary: "who did what, when, from where, and how it ended",
  purpose: ["Newest first. With --json a line of JSON for each entry; --all --csv or --all --json exports everything."],
  options: {
    who: { short: "w", value: "NAME", help: "only acts of this client; local: over the Unix socket, host: by itself" },
    method: {
      short: "m",
      value: "METHOD",
      help: "only this method, such as registrations.update; login: log-ins to the console, and lock-outs",
    },
    since: { value: "WHEN", help: "at or after", moment: true },
    until: { value: "WHEN", help: "before", moment: true },
    limit: { short: "n", value: "N", help: "at most so many", integer: { min: 1, max: LARGEST_PAGE }, fallback: "50" },
    cursor: { value: "CURSOR", help: "go on where a list ended" },
    all: { help: "to the oldest, whatever the number" },
    csv: { help: "print CSV (RFC 4180)" },
  },
  host: true,
  json: true,
  example: "perch audit --since 7d --method registrations.update",
  run: async (invocation) => {
    const { json, flag, number, misuse, screen } = invocation;
    if (json && flag("csv")) return misuse("Give --json or --csv, not both.");
    if (flag("all") && number("limit") !== undefined) return misuse("Give --all or --limit, not both.");
    if (flag("csv")) sayCsvHead(screen);
    return flag("all") ? sayPages(invocation) : sayPage(invocation);
  },
};

function requestOf({ text, number, flag }: Invocation, cursor: string | undefined): AuditListRequest {
  const [client, method, since, until] = ["who", "method", "since", "until"].map(text);
  const limit = flag("all") ? LARGEST_PAGE : number("limit");
  const given = { client, method, since, until, limit, cursor };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function sayPage(invocation: Invocation): Promise<number> {
  const { screen, json, flag } = invocation;
  const answer = await invocation.call("audit.list", requestOf(invocation, invocation.text("cursor")));
  if (!answer.ok) return fail(invocation, answer.error);
  say(invocation, answer.value.entries);
  // On standard error, so that what is piped stays what was asked for.
  if (answer.value.cursor !== undefined && (json || flag("csv") || screen.isTerminal))
    screen.complain(`There are more: --cursor ${answer.value.cursor}, or --all.`);
  return DONE;
}

/** A page is printed before the next is fetched; what a table needs to know of all rows is known only at the end. */
async function sayPages(invocation: Invocation): Promise<number> {
  const asTable = !invocation.json && !invocation.flag("csv");
  const gathered: AuditEntry[] = [];
  let cursor = invocation.text("cursor");
  do {
    const answer = await invocation.call("audit.list", requestOf(invocation, cursor));
    if (!answer.ok) return fail(invocation, answer.error);
    if (asTable) gathered.push(...answer.value.entries);
    else say(invocation, answer.value.entries);
    cursor = answer.value.cursor;
  } while (cursor !== undefined);
  if (asTable) sayAudit(invocation, gathered);
  return DONE;
}

function say(invocation: Invocation, entries: readonly AuditEntry[]): void {
  if (invocation.json) for (const entry of entries) invocation.screen.say(printableJson(entry));
  else if (invocation.flag("csv")) sayCsv(invocation.screen, entries);
  else sayAudit(invocation, entries);
}

function fail({ screen, json }: Invocation, error: Parameters<typeof sayFailure>[1]): number {
  sayFailure(screen, error, json);
  return FAILED;
}
