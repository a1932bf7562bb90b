/** A browser's requests without a browser: what a forger could send, too. */
import { PASSWORDS } from "../stage.ts";

type Sent = { cookie?: string; form?: Record<string, string> | string; headers?: Record<string, string> };

export async function send(
  url: string,
  { cookie, form, headers = {} }: Sent = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const own = { ...(cookie !== undefined && { cookie }), ...headers };
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const body = form === undefined ? undefined : String(new URLSearchParams(form));
  const init = body === undefined ? { headers: own } : { method: "POST", body, headers: { ...type, ...own } };
  const answer = await fetch(url, { redirect: "manual", ...init });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** The cookie and the token of the log-in's form. */
export async function logInForm(url: string): Promise<{ cookie: string; csrf: string }> {
  const { headers, text } = await send(`${url}/console/log-in`);
  return { cookie: firstCookie(headers), csrf: csrfIn(text) };
}

const firstCookie = (headers: Headers): string => (headers.get("set-cookie") ?? "").split(";", 1)[0]!;
export const csrfIn = (page: string): string => /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";

/** The cookie of a session: what the form came to. */
export async function logInByHand(url: string, name: string, password: string): Promise<string> {
  const { cookie, csrf } = await logInForm(url);
  const sent = await send(`${url}/console/log-in`, { cookie, form: { name, password, csrf }, headers: { origin: url } });
  return firstCookie(sent.headers);
}

/** Somebody who has logged in: his cookie, the token of his forms, and the headers that a browser adds. */
export async function session(url: string, name: keyof typeof PASSWORDS) {
  const cookie = await logInByHand(url, name, PASSWORDS[name]);
  const { text } = await send(`${url}/console/lanes`, { cookie });
  return { cookie, csrf: csrfIn(text), headers: { origin: url } };
}
