/** What is shown of an error's text; a message may hold a whole document. */
const LONGEST = 4_096;

/** Anything can be thrown, and what is thrown can lie about its text. */
export function sayCause(cause: unknown): string {
  try {
    const said: unknown = cause instanceof Error ? cause.message : cause;
    return (typeof said === "string" ? said : `it threw ${String(said)}`).slice(0, LONGEST);
  } catch {
    return "it threw something without a text";
  }
}
