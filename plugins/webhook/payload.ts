/**
 * The body of a post: `{ type, timestamp, data }`, as Standard Webhooks recommends ("Payload structure").
 *
 * `deliver` is handed a post's text and no more of the notification, so `compose` puts `data` into that text.
 */
import { type Answer, done, refused } from "../../src/ar.ts";
import type { Composition, Notification } from "../../src/contract.ts";

/** Standard Webhooks, "Payload size": usually smaller than 20 kB. */
export const MAX_BYTES = 20_000;

/** What a receiver reads under `data`, besides the delivery's id. */
export type NotificationData = { text: string; content: string; entryId: string | null; account: string };

export function compose({ text, content, entryId, accountName }: Notification): Answer<Composition> {
  const data: NotificationData = { text, content, entryId, account: accountName };
  const composed = JSON.stringify(data);
  const bytes = Buffer.byteLength(composed);
  if (bytes > MAX_BYTES) return refused({ reason: "webhook-refused", cause: `The text makes ${bytes} bytes of at most ${MAX_BYTES}` });
  return done({ posts: [{ text: composed, weightedLength: bytes, valid: true }], overflow: "reject" });
}

/** The same bytes in each attempt. `nowMs` stands in where the delivery's id does not tell when it was accepted. */
export function bodyOf(deliveryId: string, text: string, nowMs: number): string {
  const timestamp = new Date(acceptedAt(deliveryId) ?? nowMs).toISOString();
  return JSON.stringify({ type: "perch.notification", timestamp, data: { id: deliveryId, ...dataOf(text) } });
}

/** Of what {@link compose} made; any other text is taken as it is. */
function dataOf(text: string): object {
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === "object" && data !== null && "text" in data) return data;
  } catch {
    // No JSON, so not one of ours.
  }
  return { text };
}

/** RFC 9562, section 5.7: the first 48 bits of a UUIDv7 are its time in milliseconds. */
function acceptedAt(deliveryId: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(deliveryId) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}
