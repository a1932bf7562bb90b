/** The cookies of the console (RFC 6265): a session's id, and what the form of the log-in must carry. Each is 256 random bits. */

type Kind = "session" | "log-in";
const NAMES: Readonly<Record<Kind, string>> = { session: "perch", "log-in": "perch-log-in" };

/** `__Host-`: a browser takes it only over TLS, for this very host and every path (RFC 6265bis, section 4.1.3.2). */
const nameOf = (kind: Kind, tls: boolean): string => `${tls ? "__Host-" : ""}${NAMES[kind]}`;
const attributesOf = (tls: boolean): string => `Path=/; HttpOnly; SameSite=Strict${tls ? "; Secure" : ""}`;

/** Without Max-Age: it goes with the browser, and the host ends a session earlier. */
export const cookie = (kind: Kind, value: string, tls: boolean): string => `${nameOf(kind, tls)}=${value}; ${attributesOf(tls)}`;
export const endedCookie = (kind: Kind, tls: boolean): string => `${nameOf(kind, tls)}=; Max-Age=0; ${attributesOf(tls)}`;

/** What a header `Cookie` holds, if it has the form of what was given out. */
export function readCookie(kind: Kind, header: string | undefined, tls: boolean): string | undefined {
  const start = `${nameOf(kind, tls)}=`;
  const found = (header ?? "").split(/; */).find((pair) => pair.startsWith(start));
  const value = found?.slice(start.length) ?? "";
  return /^[\w-]{43}$/.test(value) ? value : undefined;
}
