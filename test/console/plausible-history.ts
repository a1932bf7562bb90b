/** Rows of the history as an ordinary week has them: busy days, quiet nights, and an outage of the service in the last one. */
import { join } from "node:path";
import { noCounts } from "../../src/minute-counts.ts";
import { openForWriting } from "../../src/store/sqlite-database.ts";
import { historyOperations } from "../../src/store/sqlite-history.ts";
import type { StoredMinute } from "../../src/store/store.ts";

const DAY = 1_440;
/** Of the last day, in minutes before its end. */
const OUTAGE = { from: 400, until: 355 };

/** Always the same for the same minute; 0 ≤ x < 1. */
const noise = (minute: number): number => Math.abs(Math.sin(minute * 12.9898) * 43_758.5453) % 1;
const busyness = (minute: number): number =>
  0.15 + Math.max(0, Math.sin(((minute % DAY) / DAY) * 2 * Math.PI - 1.6)) * (0.7 + noise(minute) * 0.6);

/** `end`: the minute before which all of it was, since 1970. */
export function plausibleHistory(end: number, minutes = 7 * DAY): StoredMinute[] {
  let queued = 0;
  return Array.from({ length: minutes }, (_, index) => {
    const before = minutes - index;
    const minute = end - before;
    const accepted = Math.round(busyness(minute) * 5 * noise(minute * 7));
    const isOut = before <= OUTAGE.from && before > OUTAGE.until;
    const delivered = isOut ? 0 : Math.min(queued + accepted, accepted + 9);
    const failed = noise(minute * 3) < 0.004 ? 1 : 0;
    const late = queued > 0 && !isOut ? delivered - Math.min(delivered, accepted) : 0;
    queued += accepted - delivered;
    const counts = { accepted, delivered, failed, retried: isOut ? 1 + Math.round(noise(minute)) : noise(minute * 5) < 0.02 ? 1 : 0 };
    const took = { took_500: delivered - late, took_1000: noise(minute) < 0.2 && delivered > late ? 1 : 0, took_3600000: late };
    return { ...noCounts(), ...counts, ...took, latency_ms: delivered * 320, minute, id: `plausible-${minute}`, queued };
  });
}

/** Beside a running host, as another host of its store would write. */
export function writeHistory(folder: string, minutes: readonly StoredMinute[]): void {
  const db = openForWriting(join(folder, "perch.db"));
  const { addMinutes } = historyOperations(db);
  db.transaction(() => addMinutes(minutes))();
  db.close();
}
