/** Looks at a store from outside, beside a host or without one: writes nothing and migrates nothing. */
import { inspectSqlite } from "./sqlite-inspect.ts";
import type { StoredAccount, StoredRegistration } from "./store.ts";

export type StoreInspection =
  /** There is none yet; the host makes it at its start. `place` is the folder that is there already. */
  | { state: "new"; place: string; writable: boolean }
  | {
      state: "readable";
      place: string;
      writable: boolean;
      /** A host works on it. */
      inUse: boolean;
      /** Of its tables, and what this Perch brings them to. */
      version: number;
      newest: number;
      /** Empty where the tables are of another version and can't be read. */
      registrations: StoredRegistration[];
      accounts: StoredAccount[];
    }
  /** `cause` is for people, and says what to do. */
  | { state: "unreadable"; place: string; cause: string }
  | { state: "elsewhere"; cause: string };

/** `url` as in the configuration. Never throws. */
export function inspectStore(url: string): StoreInspection {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  if (scheme === "sqlite") return inspectSqlite(rest);
  return { state: "elsewhere", cause: `a store at ${scheme}: can be looked at by its own tools only` };
}
