/** Looks at a store from outside, beside a host or without one: writes nothing and migrates nothing. */
import { inspectPostgres } from "./postgres-inspect.ts";
import { inspectSqlite } from "./sqlite-inspect.ts";
import type { HostCard, StoredAccount, StoredRegistration } from "./store.ts";

/** Empty where the tables are of a version that this Perch can't read. */
type Contents = { registrations: StoredRegistration[]; accounts: StoredAccount[] };

export type StoreInspection =
  /** There is none yet; the host makes it at its start. `place` is the folder that is there already. */
  | { state: "new"; place: string; writable: boolean }
  | ({
      state: "readable";
      place: string;
      writable: boolean;
      /** A host works on it. */
      inUse: boolean;
      /** Of its tables, and what this Perch brings them to. */
      version: number;
      newest: number;
    } & Contents)
  /** `cause` is for people, and says what to do. */
  | { state: "unreadable"; place: string; cause: string }
  /** By PostgreSQL, of that version; `version` 0: there are no tables yet. */
  | ({
      state: "served";
      /** The address without password and options. */
      name: string;
      server: string;
      /** The way to it does not leave this machine; it is encrypted. */
      local: boolean;
      tls: boolean;
      /** It takes no writes, such as a copy of another. */
      readOnly: boolean;
      /** This machine's clock − the database's. */
      aheadMs: number;
      version: number;
      newest: number;
      /** What a host must know to work on it. */
      compatible: number;
      /** Heard of within the last minute. */
      hosts: HostCard[];
    } & Contents)
  /** `cause` is for people, and says what to do. */
  | { state: "unreachable"; cause: string };

export type InspectOptions = {
  /** Of the database's user. */
  password: () => string | undefined;
  /** The machine's clock, in milliseconds. */
  now: () => number;
};

/** `url` as in the configuration. Never rejects. */
export async function inspectStore(url: string, { password, now }: InspectOptions): Promise<StoreInspection> {
  if (url.startsWith("sqlite:")) return inspectSqlite(url.slice("sqlite:".length));
  return inspectPostgres(url.replace(/^postgresql:/, "postgres:"), password, now);
}
