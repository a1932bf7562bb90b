/** How many deliveries are live: counted only where the bound of the queue may be near. */
import type Database from "better-sqlite3";

export type LiveCount = {
  /** How many there are, where `more` would be too many; undefined where they fit. */
  tooMany(more: number, bound: number): number | undefined;
  /** So many may have come. */
  add(more: number): void;
  /** Something was rolled back: what was counted inside may be too few. */
  forget(): void;
};

export function openLiveCount(db: Database.Database): LiveCount {
  const count = db.prepare<[], number>("SELECT sum(count) FROM tallies WHERE live = 1").pluck();
  /** There are never more; fewer, since those that end are not followed. */
  let atMost = Number.POSITIVE_INFINITY;
  return {
    tooMany(more, bound) {
      if (atMost + more > bound) atMost = count.get() ?? 0;
      return atMost + more > bound ? atMost : undefined;
    },
    add(more) {
      atMost += more;
    },
    forget() {
      atMost = Number.POSITIVE_INFINITY;
    },
  };
}
