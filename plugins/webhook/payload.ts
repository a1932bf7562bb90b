/** The body of a post: `{ type, timestamp, data }`, as Standard Webhooks recommends ("Payload structure"). */
import { type Answer, done, refused } from "../../src/ar.ts";
import type { Composition, Notification, PostToDeliver } from "../../src/contract.ts";

/** Standard Webhooks, "Payload size": usually smaller than 20 kB. */
export const MAX_BYTES = 20_000;

/** The length of a post is that of the JSON of what is known by now; the rest is short. */
export function compose(notification: Notification): Answer<Composition> {
  const { text } = notification;
  const bytes = Buffer.byteLength(JSON.stringify(dataOf(notification)));
  if (bytes > MAX_BYTES) return refused({ reason: "webhook-refused", cause: `The text makes ${bytes} bytes of at most ${MAX_BYTES}` });
  return done({ posts: [{ text, weightedLength: bytes, valid: true }], overflow: "reject", limit: MAX_BYTES });
}

/** The same bytes in each attempt. `nowMs` stands in where the delivery's id does not tell when it was accepted. */
export function bodyOf({ deliveryId, text, notification }: PostToDeliver, nowMs: number): string {
  const timestamp = new Date(acceptedAt(deliveryId) ?? nowMs).toISOString();
  const data = notification ? dataOf(notification) : { text };
  return JSON.stringify({ type: "perch.notification", timestamp, data: { id: deliveryId, ...data } });
}

/** What a receiver reads under `data`, besides the delivery's id. */
const dataOf = ({ accountName: account, ...notification }: Notification): object => ({ ...notification, account });

/** RFC 9562, section 5.7: the first 48 bits of a UUIDv7 are its time in milliseconds. */
function acceptedAt(deliveryId: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(deliveryId) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}
