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

/** Somebody who has logged in: his cookie, the token of his forms, and the headers that a browser adds. */
export async function session(url: string, name: keyof typeof PASSWORDS) {
  const sent = await send(`${url}/console/log-in`, { form: { name, password: PASSWORDS[name] }, headers: { origin: url } });
  const cookie = (sent.headers.get("set-cookie") ?? "").split(";", 1)[0]!;
  const { text } = await send(`${url}/console/lanes`, { cookie });
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "", headers: { origin: url } };
}
