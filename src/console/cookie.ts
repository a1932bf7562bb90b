/** The cookie that holds a session's id (RFC 6265). */

/** `__Host-`: a browser takes it only over TLS, for this very host and every path (RFC 6265bis, section 4.1.3.2). */
const nameOf = (tls: boolean): string => (tls ? "__Host-perch" : "perch");
const attributesOf = (tls: boolean): string => `Path=/; HttpOnly; SameSite=Strict${tls ? "; Secure" : ""}`;

/** Without Max-Age: it goes with the browser, and the host ends it earlier. */
export const sessionCookie = (id: string, tls: boolean): string => `${nameOf(tls)}=${id}; ${attributesOf(tls)}`;
export const endedCookie = (tls: boolean): string => `${nameOf(tls)}=; Max-Age=0; ${attributesOf(tls)}`;

/** The id in a header `Cookie`, if it has the form of one. */
export function readSessionCookie(header: string | undefined, tls: boolean): string | undefined {
  const start = `${nameOf(tls)}=`;
  const found = (header ?? "").split(/; */).find((pair) => pair.startsWith(start));
  const id = found?.slice(start.length) ?? "";
  return /^[\w-]{43}$/.test(id) ? id : undefined;
}
