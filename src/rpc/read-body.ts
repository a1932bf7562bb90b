import type { Readable } from "node:stream";

/** A batch of a thousand long notifications; one text is bounded by its schema. Bytes. */
export const MAX_BODY = 4 * 1024 * 1024;
/** So much is read and thrown away, so that the caller gets an answer and not a reset while it still sends. Bytes. */
const MAX_DRAINED = 16 * MAX_BODY;

export class BodyTooLarge extends Error {
  override name = "BodyTooLarge";
  readonly statusCode = 413;
}

/** The caller hung up, or what he sent ceased to be HTTP; nobody is left to be answered, and nothing of ours is broken. */
export class BodyCutShort extends Error {
  override name = "BodyCutShort";
  readonly statusCode = 400;
}

/** Reads a body to its end; rejects with {@link BodyTooLarge} when it holds more than `limit` bytes. */
export function readBody(stream: Readable, limit = MAX_BODY): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const tooLarge = () => reject(new BodyTooLarge(`the body is larger than ${limit} bytes`));
  const cutShort = (cause?: Error) => {
    // Every stream closes in the end.
    if (!stream.readableEnded) reject(new BodyCutShort("the body ended before it was complete", { cause }));
  };
  // Whoever hung up while his password was looked at: nothing more is heard of him.
  if (stream.destroyed) cutShort();
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    else chunks.length = 0;
    if (length <= MAX_DRAINED) return;
    tooLarge();
    stream.destroy();
  });
  stream.on("end", () => (length > limit ? tooLarge() : resolve(Buffer.concat(chunks))));
  stream.on("error", cutShort);
  stream.on("close", () => cutShort());
  return promise;
}
