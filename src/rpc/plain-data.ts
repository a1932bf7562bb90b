/** What may not stand in params, whatever the method: found before any schema is asked. */
export type DataFault = { kind: "structure" | "text"; sentence: string };

/** The deepest that any method needs is 4 (params, inValues, a tagged value, its member). */
const MAX_DEPTH = 16;
/** Keys that reach an object's prototype when somebody copies them carelessly. */
const POISON = new Set(["__proto__", "constructor", "prototype"]);
const MAX_SHOWN_KEY = 60;

export const isPoison = (key: string): boolean => POISON.has(key);

/** A key as one step of a JSON Pointer (RFC 6901), short and safe to show. */
export const pointerStep = (key: string): string => key.slice(0, MAX_SHOWN_KEY).toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1");

/**
 * Looks through a value that came from JSON. Text must be well-formed Unicode without NUL: a lone surrogate has no
 * UTF-8, and stores and services cut a text at NUL.
 */
export function findDataFault(value: unknown, depth = 0): DataFault | undefined {
  if (typeof value === "string") return findTextFault(value);
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= MAX_DEPTH) return { kind: "structure", sentence: ` is nested deeper than ${MAX_DEPTH} levels` };
  for (const [key, member] of Object.entries(value)) {
    if (isPoison(key)) return { kind: "structure", sentence: `/${key} is not allowed as a name` };
    const fault = findDataFault(member, depth + 1);
    // The path is put together on the way back: nearly no value needs one.
    if (fault) return { ...fault, sentence: `/${pointerStep(key)}${fault.sentence}` };
  }
  return undefined;
}

function findTextFault(text: string): DataFault | undefined {
  if (text.includes("\0")) return { kind: "text", sentence: ` must not hold the NUL character (at position ${text.indexOf("\0")})` };
  if (text.isWellFormed()) return undefined;
  return { kind: "text", sentence: " must be well-formed Unicode; it holds half of a surrogate pair" };
}
