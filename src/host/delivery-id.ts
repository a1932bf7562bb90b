/** Names of deliveries: UUIDv7 (RFC 9562, section 5.7), so that those of one time stand together in an index. */
import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

const BYTES_OF_ONE = 16;
/** Random bytes are fetched for many at a time: asking for a few costs as much as asking for all of these. */
const pool = new Uint8Array(256 * BYTES_OF_ONE);
let used = pool.length;

/** `msecs` since 1970. */
export function newDeliveryId(msecs: number): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += BYTES_OF_ONE;
  return v7({ msecs, random: pool.subarray(used - BYTES_OF_ONE, used) });
}
