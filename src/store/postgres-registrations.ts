/** Who is told what, and the accounts at the services. Each change tells the other hosts. */
import { isDeepStrictEqual } from "node:util";
import type { PostgresDatabase, Query } from "./postgres-database.ts";
import {
  ACCOUNT,
  type AccountRow,
  DELIVERY,
  type DeliveryRow,
  inOrder,
  LIVE,
  REGISTRATION,
  type RegistrationRow,
} from "./postgres-rows.ts";
import type { AccountChange, RegistrationSaved, SealedPlace, StoredAccount, StoredDelivery, StoredRegistration } from "./store.ts";
import { uniqueNames } from "./unique-names.ts";

type Tell = (query: Query, kind: "registrations" | "accounts") => Promise<unknown>;

const ALL_REGISTRATIONS = `SELECT ${REGISTRATION} FROM registrations ORDER BY created_at, id`;
const SAVE_REGISTRATION = `INSERT INTO registrations (id, unique_names, company, content, functional_user, mechanism, account_name, enabled,
    lane, authorized_at, pending, created_at, updated_at)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
    WHERE NOT EXISTS (SELECT 1 FROM registrations WHERE unique_names = $2 AND id <> $1)
  ON CONFLICT (id) DO UPDATE SET unique_names = excluded.unique_names, company = excluded.company, content = excluded.content,
    functional_user = excluded.functional_user, mechanism = excluded.mechanism, account_name = excluded.account_name,
    enabled = excluded.enabled, lane = excluded.lane, authorized_at = excluded.authorized_at, pending = excluded.pending,
    created_at = excluded.created_at, updated_at = excluded.updated_at
  RETURNING 1`;
// Until the save is done nobody else changes or deletes it.
const HOLD_REGISTRATION = `SELECT ${REGISTRATION} FROM registrations WHERE id = $1 FOR UPDATE`;
// Two hosts that save one name at once would else both find that nobody has it.
const ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7467002)";
const DELETE_REGISTRATION = "DELETE FROM registrations WHERE id = $1 RETURNING 1";
const CANCEL_ITS = `UPDATE deliveries SET state = 'cancelled', next_attempt_at = NULL
  WHERE registration_id = $1 AND NOT begun AND ${LIVE} RETURNING ${DELIVERY}`;

const ALL_ACCOUNTS = `SELECT ${ACCOUNT} FROM accounts ORDER BY lane`;
const SAVE_ACCOUNT = `INSERT INTO accounts (lane, plugin, account_id, account_name, token, protected, access_level, checked_at, revoked, paused, hold)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  ON CONFLICT (lane) DO UPDATE SET plugin = excluded.plugin, account_id = excluded.account_id, account_name = excluded.account_name,
    token = excluded.token, protected = excluded.protected, access_level = excluded.access_level, checked_at = excluded.checked_at,
    revoked = excluded.revoked, paused = excluded.paused, hold = excluded.hold`;
const COLUMNS: Record<keyof AccountChange, string> = {
  accountName: "account_name",
  token: "token",
  protected: "protected",
  accessLevel: "access_level",
  checkedAt: "checked_at",
  revoked: "revoked",
  paused: "paused",
  hold: "hold",
};

const RESEAL = {
  accounts: "UPDATE accounts SET token = $3 WHERE lane = $1 AND token = $2 RETURNING 1",
  registrations: "UPDATE registrations SET pending = $3 WHERE id = $1 AND pending = $2 RETURNING 1",
} as const;

const toJson = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));

export function registrationOperations({ query, transaction }: Pick<PostgresDatabase, "query" | "transaction">, tell: Tell) {
  return {
    registrations: (): Promise<StoredRegistration[]> => query<RegistrationRow>(ALL_REGISTRATIONS),
    saveRegistration: (one: StoredRegistration, before?: StoredRegistration): Promise<RegistrationSaved> =>
      transaction(async (query) => {
        void query(ONE_AT_A_TIME);
        const [found] = await query<RegistrationRow>(HOLD_REGISTRATION, [one.id]);
        if (!isDeepStrictEqual(found, before)) return "stale";
        const names = [one.id, uniqueNames(one), one.company, one.content, one.functionalUser, one.mechanism, one.accountName];
        const rest = [one.enabled, one.lane, one.authorizedAt, one.pending, one.createdAt, one.updatedAt];
        const saved = await query(SAVE_REGISTRATION, [...names, ...rest]);
        if (saved.length === 0) return "conflict";
        await tell(query, "registrations");
        return "saved";
      }),
    deleteRegistration: (id: string): Promise<StoredDelivery[] | undefined> =>
      transaction(async (query) => {
        const deleted = await query(DELETE_REGISTRATION, [id]);
        if (deleted.length === 0) return undefined;
        const cancelled = await query<DeliveryRow>(CANCEL_ITS, [id]);
        await tell(query, "registrations");
        return inOrder(cancelled);
      }),
    accounts: (): Promise<StoredAccount[]> => query<AccountRow>(ALL_ACCOUNTS),
    saveAccount: (one: StoredAccount): Promise<void> =>
      transaction(async (query) => {
        const facts = [one.lane, one.plugin, one.accountId, one.accountName, one.token, one.protected, one.accessLevel, one.checkedAt];
        await query(SAVE_ACCOUNT, [...facts, one.revoked, one.paused, toJson(one.hold)]);
        await tell(query, "accounts");
      }),
    reseal: (place: SealedPlace, before: string, after: string): Promise<boolean> =>
      transaction(async (query) => {
        const kind = "account" in place ? "accounts" : "registrations";
        const resealed = await query(RESEAL[kind], ["account" in place ? place.account : place.registration, before, after]);
        if (resealed.length > 0) await tell(query, kind);
        return resealed.length > 0;
      }),
    changeAccount: (lane: string, change: AccountChange): Promise<StoredAccount | undefined> =>
      transaction(async (query) => {
        const given = Object.entries(change).filter(([, value]) => value !== undefined) as [keyof AccountChange, unknown][];
        const sets = given.map(([name], index) => `${COLUMNS[name]} = $${index + 2}`).join(", ") || "lane = lane";
        const values = given.map(([name, value]) => (name === "hold" ? toJson(value) : value));
        const [changed] = await query<AccountRow>(`UPDATE accounts SET ${sets} WHERE lane = $1 RETURNING ${ACCOUNT}`, [lane, ...values]);
        if (changed) await tell(query, "accounts");
        return changed;
      }),
  };
}
