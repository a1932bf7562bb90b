/** AR System's REST API as far as the directory uses it: JWT log-in, and searches of the form User. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Test } from "tap";
import { CERTIFICATE, KEY } from "../plugins/twitter/loopback-certificate.ts";

export type Entry = { "Login Name": string; "Full Name": string | null; "Email Address": string | null };
export const LOG_IN = { username: "perch", password: "the-password-of-perch" };

/** What comes instead of an answer: to a log-in, or to a search. */
type Trouble = { status: number; body: string } | "silence";

export type StandIn = {
  url: string;
  /** `POST /api/jwt/login`, …, and of searches the qualification. */
  asked: string[];
  /** All that were sent, to look for. */
  tokens: string[];
  entries: Entry[];
  trouble: { login?: Trouble; search?: Trouble };
  /** Tokens of before are good no more. */
  expire(): void;
  searches(): string[];
  logins(): number;
};

export const entryOf = (name: string, fullName: string | null = null, email: string | null = null): Entry => ({
  "Login Name": name,
  "Full Name": fullName,
  "Email Address": email,
});

const LOGIN = "POST /api/jwt/login";

export async function openStandIn(t: Test, { entries = [] as Entry[], tls = false } = {}): Promise<StandIn> {
  const good = new Set<string>();
  const standIn: StandIn = {
    url: "",
    asked: [],
    tokens: [],
    entries,
    trouble: {},
    expire: () => good.clear(),
    searches: () => standIn.asked.filter((line) => line.startsWith("'")),
    logins: () => standIn.asked.filter((line) => line === LOGIN).length,
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
    const asked = `${request.method} ${pathname}`;
    standIn.asked.push(searchParams.get("q") ?? asked);
    const body = new URLSearchParams(await text(request));
    const trouble = asked === LOGIN ? standIn.trouble.login : standIn.trouble.search;
    if (trouble === "silence") return;
    if (trouble) return void response.writeHead(trouble.status).end(trouble.body);
    if (asked === LOGIN) {
      if (body.get("username") !== LOG_IN.username || body.get("password") !== LOG_IN.password)
        return refuse(response, 401, 623, `Authentication failed for ${body.get("password")}`);
      const token = `head.${"x".repeat(20)}.signature-${standIn.tokens.length}`;
      standIn.tokens.push(token);
      good.add(token);
      return void response.end(token);
    }
    const token = request.headers.authorization?.replace(/^AR-JWT /, "") ?? "";
    if (!good.has(token)) return refuse(response, 401, 9093, `Token ${token} is not good`);
    if (asked === "POST /api/jwt/logout") return void response.writeHead(204).end(String(good.delete(token)));
    if (asked !== "GET /api/arsys/v1/entry/User") return refuse(response, 404, 303, "Form does not exist");
    const isMeant = readQualification(searchParams.get("q") ?? "");
    if (!isMeant) return refuse(response, 400, 1587, "Format or value is invalid");
    const found = standIn.entries.filter(isMeant).toSorted((a, b) => (a["Login Name"] < b["Login Name"] ? -1 : 1));
    const shown = found.slice(0, Number(searchParams.get("limit")));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ entries: shown.map((values) => ({ values, _links: {} })), _links: {} }));
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => void answer(request, response);
  const server = tls ? createTlsServer({ cert: CERTIFICATE, key: KEY }, listener) : createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  standIn.url = `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return standIn;
}

const refuse = (response: ServerResponse, status: number, messageNumber: number, messageText: string): void =>
  void response.writeHead(status).end(JSON.stringify([{ messageType: "ERROR", messageText, messageNumber, messageAppendedText: null }]));

/**
 * `'Field' LIKE "pattern"`, any number of them with OR; a quote in a pattern is doubled. Tells capitals from small letters,
 * as Oracle does, and takes brackets and backslashes for what SQL Server and PostgreSQL take them for: a mistake.
 */
function readQualification(q: string): ((entry: Entry) => boolean) | undefined {
  const one = /'(Login Name|Full Name)' LIKE "((?:[^"]|"")*)"/;
  if (!new RegExp(`^${one.source}( OR ${one.source})*$`).test(q)) return undefined;
  const likes = [...q.matchAll(new RegExp(one, "g"))].map(([, field, pattern = ""]) => ({ field: field as keyof Entry, pattern }));
  if (likes.some(({ pattern }) => /[[\]\\$]/.test(pattern))) return undefined;
  const expressions = likes.map(({ field, pattern }) => ({ field, expression: likeExpression(pattern.replaceAll('""', '"')) }));
  return (entry) => expressions.some(({ field, expression }) => expression.test(entry[field] ?? ""));
}

const likeExpression = (pattern: string): RegExp =>
  new RegExp(
    `^${[...pattern].map((letter) => (letter === "%" ? ".*" : letter === "_" ? "." : `\\u{${letter.codePointAt(0)?.toString(16)}}`)).join("")}$`,
    "su",
  );
