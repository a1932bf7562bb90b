/**
 * Short reads that somebody waits for: a lane for its head, a caller for its delivery, a start for what it goes on with.
 * The writer answers them between two commits, from what is committed; on the reader they could stand behind a search
 * through the whole table.
 */
import type Database from "better-sqlite3";
import type { DeliveryState } from "../shapes.ts";
import {
  ACCOUNT,
  type AccountRow,
  DELIVERY,
  type DeliveryRow,
  deliveryReader,
  JUDGED,
  LIVE,
  REGISTRATION,
  type RegistrationRow,
  readAccount,
  readRegistration,
} from "./sqlite-rows.ts";
import type { Judge, StoredAccount, StoredDelivery, StoredRegistration, Tallies } from "./store.ts";

export function lookupOperations(db: Database.Database) {
  const read = deliveryReader(db);
  const heads = laneHeads(db);
  const find = db.prepare<[string], DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries WHERE id = ?`);
  const liveLanes = db.prepare<[], string>(`SELECT DISTINCT lane FROM deliveries WHERE ${LIVE}`).pluck();
  const registrations = db.prepare<[], RegistrationRow>(`SELECT ${REGISTRATION} FROM registrations ORDER BY created_at, id`);
  const accounts = db.prepare<[], AccountRow>(`SELECT ${ACCOUNT} FROM accounts ORDER BY lane`);

  return {
    get(id: string): StoredDelivery | undefined {
      const row = find.get(id);
      return row && read(row);
    },
    claim(lane: string, now: number, judge: Judge): StoredDelivery | undefined {
      const row = heads.begun(lane) ?? heads.next(lane, now, judge);
      return row && read(row);
    },
    liveLanes: (): string[] => liveLanes.all(),
    registrations: (): StoredRegistration[] => registrations.all().map(readRegistration),
    accounts: (): StoredAccount[] => accounts.all().map(readAccount),
    tallies: talliesIn(db),
  };
}

export function talliesIn(db: Database.Database): () => Tallies {
  const rows = db.prepare<[], [DeliveryState, number]>("SELECT state, count FROM tallies WHERE count > 0").raw();
  return () => Object.fromEntries(rows.all());
}

/** Of what a lane has begun the first, and of what it has not. */
export function laneHeads(db: Database.Database) {
  const begun = db.prepare<[string], DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries
    WHERE lane = +? AND begun = 1 AND ${LIVE} ORDER BY state = 'queued', priority, seq LIMIT 1`);
  const next = db.prepare<[{ lane: string; now: number } & Judge], DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries
    WHERE lane = +@lane AND begun = 0 AND ${LIVE} AND NOT (expires_at <= +@now AND ${JUDGED})
      AND EXISTS (SELECT 1 FROM registrations WHERE registrations.id = deliveries.registration_id AND enabled = 1)
    ORDER BY priority, seq LIMIT 1`);
  return {
    begun: (lane: string): DeliveryRow | undefined => begun.get(lane),
    next: (lane: string, now: number, judge: Judge): DeliveryRow | undefined => next.get({ lane, now, ...judge }),
  };
}
