/** Users from a file: which column is which, and what is wrong with which row. */
import { MAX_NAME, type User } from "../shapes.ts";
import type { Problem } from "./problem.ts";
import { type Row, readUserTable } from "./user-table.ts";

/** Names of columns (CSV) or keys (JSON) that are not recognised by themselves. */
export type UserColumns = { loginName?: string; fullName?: string; email?: string };

/** The names that exports of AR System (the forms User and CTM:People), LDAP and SCIM give them, without case, blanks and signs. */
const KNOWN_NAMES = {
  loginName: ["loginname", "remedyloginid", "loginid", "login", "username", "userid", "user", "samaccountname", "uid", "name"],
  fullName: ["fullname", "displayname", "cn"],
  email: ["emailaddress", "email", "internetemail", "mail"],
} as const satisfies Record<keyof UserColumns, readonly string[]>;

/** Above so many it is the file that is wrong, not its rows. */
const MAX_PROBLEMS = 20;

type Places = { loginName: number; fullName?: number; email?: number };

export function readUsers(file: string, text: string, columns: UserColumns = {}): { users: User[]; problems: Problem[] } {
  const problem = (line: number, message: string): Problem => ({ file, line, column: 1, message });
  const read = readUserTable(text);
  if (!read.ok) return { users: [], problems: [problem(read.line, read.message)] };
  const { header, rows } = read.table;
  const places = findColumns(header, columns);
  if (typeof places === "string") return { users: [], problems: header.length === 0 ? [] : [problem(1, places)] };
  const seen = new Map<string, Row>();
  const users: User[] = [];
  const problems: Problem[] = [];
  for (const row of rows) {
    const user = readRow(row, places, header.length, seen);
    if (typeof user === "string") problems.push(problem(row.line, row.what === undefined ? user : `${row.what}: ${user}`));
    else users.push(user);
    if (problems.length === MAX_PROBLEMS) break;
  }
  return { users, problems };
}

/** Where each column stands, or what is missing. */
function findColumns(header: readonly string[], named: UserColumns): Places | string {
  const folded = header.map((name) => name.toLowerCase().replace(/[^a-z]/g, ""));
  const found: Partial<Record<keyof UserColumns, number>> = {};
  for (const [part, known] of Object.entries(KNOWN_NAMES) as [keyof UserColumns, readonly string[]][]) {
    const name = named[part];
    const place = name === undefined ? known.map((one) => folded.indexOf(one)).find((at) => at >= 0) : header.indexOf(name);
    if (place === -1) return `no column is named ${name}, as directory.columns.${part} says; ${listed(header)}`;
    if (place !== undefined) found[part] = place;
  }
  const { loginName, ...others } = found;
  if (loginName === undefined) return `no column is known as the login name: name it in directory.columns.loginName; ${listed(header)}`;
  return { loginName, ...others };
}

const listed = (header: readonly string[]): string => `there are ${header.slice(0, 10).join(", ")}`;

/** A user, or what is wrong with the row. `seen`: the rows before it, by login name. */
function readRow(row: Row, places: Places, width: number, seen: Map<string, Row>): User | string {
  const { cells } = row;
  if (cells.length !== width) return `the row has ${cells.length} cells, and the header ${width}`;
  const [name, fullName, email] = [places.loginName, places.fullName, places.email].map((place) =>
    place === undefined ? undefined : cells[place],
  );
  const wrong = [name, fullName, email].find((cell) => cell !== undefined && cell !== null && typeof cell !== "string");
  if (wrong !== undefined) return "login name, full name and e-mail must be texts";
  const [login, full, mail] = [name, fullName, email].map((cell) => (typeof cell === "string" ? cell.trim() : ""));
  if (!login) return "the login name is empty";
  if ([login, full, mail].some((text) => (text ?? "").length > MAX_NAME)) return `a text is longer than ${MAX_NAME} characters`;
  const first = seen.get(login);
  if (first !== undefined) return `this login name stands in ${first.what ?? `line ${first.line}`} already`;
  seen.set(login, row);
  return { name: login, ...(full && { fullName: full }), ...(mail && { email: mail }) };
}
