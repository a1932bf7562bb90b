/** Deeper than any answer; the host's stack is smaller than a worker's, so that it could not read what was sent. */
const MAX_DEPTH = 100;

/**
 * Whether plain data is too large to cross to the host, which reads it in one go while nobody else is served. Counts
 * two bytes for a character and eight for any other leaf; stops as soon as it knows.
 */
export function isTooHeavy(value: unknown, maxBytes: number): boolean {
  const seen = new Set<object>();
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let bytes = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    bytes += leafBytes(next.value);
    if (bytes > maxBytes || next.depth > MAX_DEPTH) return true;
    if (typeof next.value !== "object" || next.value === null || seen.has(next.value)) continue;
    seen.add(next.value);
    const parts = partsOf(next.value);
    // Not opened one by one: a list of a hundred million nothings is refused by its length.
    if (bytes + parts.length * LEAF > maxBytes) return true;
    for (const part of parts) open.push({ value: part, depth: next.depth + 1 });
  }
  return false;
}

const LEAF = 8;

function leafBytes(value: unknown): number {
  if (typeof value === "string") return value.length * 2;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return value.byteLength;
  return LEAF;
}

function partsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return [];
  return [...Object.keys(value), ...Object.values(value)];
}
