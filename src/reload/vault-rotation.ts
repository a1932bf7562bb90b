/** Rotates the vault's keys: what is stored is sealed again with the first one, and none may go that still seals something. */
import type { HostLog } from "../host/log.ts";
import type { Rooms } from "../host/rooms.ts";
import type { Sealed } from "../host/sealed.ts";
import type { VaultReport } from "../shapes.ts";
import type { Vault } from "../vault.ts";

type Sources = Pick<Rooms, "accounts" | "registrations">;

const sealedIn = ({ accounts, registrations }: Sources): Sealed[] => [...accounts.sealed(), ...registrations.sealed()];

const opens = (vault: Vault, { text, boundTo }: Sealed): boolean => {
  try {
    vault.open(text, boundTo);
    return true;
  } catch {
    return false;
  }
};

/** Nothing that the host itself stored is malformed, but a store may be damaged. */
const keyIdOf = (vault: Vault, { text }: Sealed): string => {
  try {
    return vault.keyIdOf(text);
  } catch {
    return "unknown";
  }
};

/**
 * What `next` could not open any more although `now` can: a sentence for each key that is gone (or is another key under
 * the same id) too early. To seal it again at once would be no help, since a crash on the way would leave neither
 * the old key nor the new seal.
 */
export function lostWith(now: Vault, next: Vault, rooms: Sources): string[] {
  const lost = sealedIn(rooms).filter((one) => opens(now, one) && !opens(next, one));
  const byKey = Map.groupBy(lost, (one) => keyIdOf(now, one));
  return [...byKey].map(
    ([id, sealed]) =>
      `the key ${id} is gone, but still seals ${sealed.map(({ what }) => what).join(", ")}: ` +
      "put it back after the new one; it may go once `perch status` says that the new one seals everything",
  );
}

/** Answers how many were sealed again, and what can't be opened. A store that can't be written now is no reason to fail. */
export async function sealAgain(vault: Vault, rooms: Sources, log: HostLog): Promise<number> {
  let count = 0;
  try {
    for (const one of sealedIn(rooms)) {
      if (keyIdOf(vault, one) === vault.currentKeyId || !opens(vault, one)) continue;
      await one.replace(vault.seal(vault.open(one.text, one.boundTo), one.boundTo));
      count += 1;
    }
  } catch (cause) {
    log.root.error({ err: cause, sealedAgain: count }, "not everything could be sealed again; the next reload tries it");
  }
  if (count > 0) log.root.info({ key: vault.currentKeyId, sealedAgain: count }, "sealed again with the vault's first key");
  const closed = sealedIn(rooms).filter((one) => !opens(vault, one));
  if (closed.length > 0)
    log.root.error(
      { arerr: 8769, keys: [...new Set(closed.map((one) => keyIdOf(vault, one)))], what: closed.map(({ what }) => what) },
      "sealed with a key that vault.keys lacks; put the key back, or authorise the accounts again",
    );
  return count;
}

/** For the status. */
export function reportSeals(vault: Vault, rooms: Sources): VaultReport {
  const sealed = sealedIn(rooms);
  const closed = sealed.filter((one) => !opens(vault, one)).map(({ what }) => what);
  return {
    key: vault.currentKeyId,
    sealed: sealed.length,
    sealedWithOthers: sealed.filter((one) => keyIdOf(vault, one) !== vault.currentKeyId).length,
    ...(closed.length > 0 && { closed }),
  };
}
