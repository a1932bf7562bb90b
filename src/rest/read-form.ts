/** Fatal, as for JSON: a wrong byte would become another character of a password. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

export type ReadForm = { ok: true; form: Readonly<Record<string, string | undefined>> } | { ok: false; sentence: string };

/** The fields of a form (WHATWG URL, section 5). RFC 6749, section 3.2: one that is empty was not sent, and none may come twice. */
export function readForm(body: Uint8Array): ReadForm {
  const form = new Map<string, string>();
  try {
    for (const [name, value] of new URLSearchParams(UTF_8.decode(body))) {
      if (form.has(name)) return { ok: false, sentence: "a parameter is given twice" };
      form.set(name, value);
    }
  } catch {
    return { ok: false, sentence: "the body is not UTF-8" };
  }
  return { ok: true, form: Object.fromEntries([...form].filter(([, value]) => value !== "")) };
}
