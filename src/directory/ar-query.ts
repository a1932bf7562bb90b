/** What is asked of AR System's form User, and what it answers (BMC: _Endpoints in AR REST API_, GET /entry/{formName}). */
import type { User } from "../shapes.ts";

const FIELDS = { name: "Login Name", fullName: "Full Name", email: "Email Address" } as const;

/** The path of a search; `limit`: entries at most. */
export function searchPath(qualification: string, limit: number, fields: readonly string[] = Object.values(FIELDS)): string {
  const query = { q: qualification, fields: `values(${fields.join(",")})`, limit: String(limit), sort: `${FIELDS.name}.asc` };
  return `/api/arsys/v1/entry/User?${new URLSearchParams(query)}`;
}

export const ALL_USERS = `'${FIELDS.name}' LIKE "%"`;
export const NAMES_ONLY = [FIELDS.name];

/** Those whose login name begins so. */
export const byLoginName = (prefix: string): string => anyOf(FIELDS.name, prefix, [""]);
/** Those of whose full name a word begins so. */
export const byFullName = (prefix: string): string => anyOf(FIELDS.fullName, prefix, ["", "% "]);

/** A database may tell small letters from capitals (Oracle and PostgreSQL do), so the likely forms are asked for. */
function anyOf(field: string, prefix: string, before: readonly string[]): string {
  const small = prefix.toLowerCase();
  const forms = new Set([prefix, small, small.replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase())]);
  const patterns = [...forms].flatMap((form) => before.map((start) => `${start}${literal(form)}%`));
  return patterns.map((pattern) => `'${field}' LIKE "${pattern}"`).join(" OR ");
}

/**
 * Whatever means something in a qualification becomes `_`, which stands for any one character; those that don't begin
 * so are left out afterwards. There is no way to quote a wildcard that all databases know: brackets do it on SQL Server,
 * nothing on Oracle (BMC: _Wildcards_), and others take a backslash. A quote would end the text, $ begins a keyword.
 */
const literal = (text: string): string => text.replace(/[%_[\]\\"$\p{Cc}]/gu, "_");

/** Undefined where the answer is not AR System's. */
export function usersOf(answer: unknown): User[] | undefined {
  if (!isRecord(answer) || !Array.isArray(answer.entries)) return undefined;
  const entries: unknown[] = answer.entries;
  return entries.flatMap((entry) => {
    const values = isRecord(entry) && isRecord(entry.values) ? entry.values : {};
    const [name, fullName, email] = Object.values(FIELDS).map((field) => textOf(values[field]));
    return name ? [{ name, ...(fullName && { fullName }), ...(email && { email }) }] : [];
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const textOf = (value: unknown): string => (typeof value === "string" ? value.trim() : "");
