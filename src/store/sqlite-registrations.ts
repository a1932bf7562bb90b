/** Who is told what, and the accounts at the services. */
import { isDeepStrictEqual } from "node:util";
import type Database from "better-sqlite3";
import {
  ACCOUNT,
  type AccountRow,
  DELIVERY,
  type DeliveryRow,
  deliveryReader,
  inOrder,
  LIVE,
  REGISTRATION,
  type RegistrationRow,
  readAccount,
  readRegistration,
  toJson,
} from "./sqlite-rows.ts";
import type { AccountChange, RegistrationSaved, SealedPlace, StoredAccount, StoredDelivery, StoredRegistration } from "./store.ts";
import { uniqueNames } from "./unique-names.ts";

export function registrationOperations(db: Database.Database) {
  const read = deliveryReader(db);
  const find = db.prepare<[string], RegistrationRow>(`SELECT ${REGISTRATION} FROM registrations WHERE id = ?`);
  const namesake = db.prepare<[string, string]>("SELECT 1 FROM registrations WHERE unique_names = ? AND id <> ?");
  const save = db.prepare<[object]>(`INSERT INTO registrations (id, unique_names, company, content, functional_user, mechanism,
      account_name, enabled, lane, authorized_at, pending, created_at, updated_at)
    VALUES (@id, @uniqueNames, @company, @content, @functionalUser, @mechanism, @accountName, @enabled, @lane, @authorizedAt, @pending,
      @createdAt, @updatedAt)
    ON CONFLICT (id) DO UPDATE SET unique_names = excluded.unique_names, company = excluded.company, content = excluded.content,
      functional_user = excluded.functional_user, mechanism = excluded.mechanism, account_name = excluded.account_name,
      enabled = excluded.enabled, lane = excluded.lane, authorized_at = excluded.authorized_at, pending = excluded.pending,
      created_at = excluded.created_at, updated_at = excluded.updated_at`);
  const remove = db.prepare<[string]>("DELETE FROM registrations WHERE id = ?");
  // Deletions are rare: reading all that is live is cheaper than one more index that every delivery passes through.
  const cancel = db.prepare<[string], DeliveryRow>(`UPDATE deliveries INDEXED BY deliveries_head
    SET state = 'cancelled', next_attempt_at = NULL WHERE registration_id = ? AND begun = 0 AND ${LIVE} RETURNING ${DELIVERY}`);

  return {
    saveRegistration(registration: StoredRegistration, before?: StoredRegistration): RegistrationSaved {
      const found = find.get(registration.id);
      if (!isDeepStrictEqual(found && readRegistration(found), before)) return "stale";
      const names = uniqueNames(registration);
      if (namesake.get(names, registration.id) !== undefined) return "conflict";
      save.run({ ...registration, uniqueNames: names, enabled: Number(registration.enabled) });
      return "saved";
    },
    deleteRegistration(id: string, _now: number): StoredDelivery[] | undefined {
      if (remove.run(id).changes === 0) return undefined;
      return inOrder(cancel.all(id), read);
    },
    ...accountOperations(db),
    ...resealOperations(db),
  };
}

function resealOperations(db: Database.Database) {
  const token = db.prepare<[string, string, string]>("UPDATE accounts SET token = ? WHERE lane = ? AND token = ?");
  const pending = db.prepare<[string, string, string]>("UPDATE registrations SET pending = ? WHERE id = ? AND pending = ?");
  return {
    reseal: (place: SealedPlace, before: string, after: string): boolean =>
      ("account" in place ? token.run(after, place.account, before) : pending.run(after, place.registration, before)).changes === 1,
  };
}

function accountOperations(db: Database.Database) {
  const save = db.prepare<[object]>(`INSERT OR REPLACE INTO accounts
    (lane, plugin, account_id, account_name, token, protected, access_level, checked_at, revoked, paused, hold)
    VALUES (@lane, @plugin, @accountId, @accountName, @token, @protected, @accessLevel, @checkedAt, @revoked, @paused, @hold)`);
  const find = db.prepare<[string], AccountRow>(`SELECT ${ACCOUNT} FROM accounts WHERE lane = ?`);
  function saveAccount(account: StoredAccount): void {
    save.run({
      ...account,
      protected: account.protected === null ? null : Number(account.protected),
      revoked: Number(account.revoked),
      paused: Number(account.paused),
      hold: toJson(account.hold),
    });
  }
  return {
    saveAccount,
    changeAccount(lane: string, change: AccountChange): StoredAccount | undefined {
      const row = find.get(lane);
      if (row === undefined) return undefined;
      const changed = { ...readAccount(row), ...change };
      saveAccount(changed);
      return changed;
    },
  };
}
