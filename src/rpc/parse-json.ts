/** Fatal: a wrong byte would otherwise become U+FFFD and be posted. RFC 8259 section 8.1: JSON is UTF-8. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

export type Parsed = { ok: true; value: unknown } | { ok: false; sentence: string };

/** The JSON of a body, or what is wrong with it. */
export function parseJson(body: Uint8Array): Parsed {
  if (body.length === 0) return { ok: false, sentence: "the body is empty" };
  try {
    return { ok: true, value: JSON.parse(UTF_8.decode(body)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, sentence: `the body is not JSON: ${error.message.toWellFormed()}` };
    return { ok: false, sentence: "the body is not UTF-8" };
  }
}
