/** Finds the keeper that copies from or to a store's address. */
import { CopyRefused, type CopySide } from "./copy.ts";
import { openPostgresCopy } from "./postgres-copy.ts";
import { openSqliteCopy } from "./sqlite-copy.ts";

/** `to` is made where it does not exist. */
export type CopyRole = "from" | "to";

/** Rejects with {@link CopyRefused} where somebody works on the store, or it can't be opened. */
export async function openCopySide(url: string, role: CopyRole, password: () => string | undefined): Promise<CopySide> {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  try {
    if (scheme === "sqlite" && rest !== "") return openSqliteCopy(rest, role);
    if (scheme === "postgres" || scheme === "postgresql") return await openPostgresCopy(`postgres:${rest}`, role, password);
  } catch (cause) {
    throw cause instanceof CopyRefused ? cause : new CopyRefused(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  // Not repeated: whatever it is may hold a password.
  throw new CopyRefused(`${role === "from" ? "FROM" : "TO"} is no store's address: give sqlite:PATH or postgres://user@host/database.`);
}
