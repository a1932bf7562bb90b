/** AR_MAX_MESSAGE_SIZE: a message text and an appended text of AR System hold at most so many bytes each. */
export const MAX_APPENDED_BYTES = 255;

/** Cuts a text at `bytes` bytes of UTF-8 on a character boundary, as AR System does. */
export function cutBytes(text: string, bytes = MAX_APPENDED_BYTES): string {
  const encoded = Buffer.from(text, "utf8");
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.subarray(0, end).toString("utf8");
}
