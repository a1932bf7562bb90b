/** Rotates the vault's keys: what is stored is sealed again with the first one, and none may go that still seals something. */
import type { HostLog } from "../host/log.ts";
import type { Rooms } from "../host/rooms.ts";
import type { Sealed } from "../host/sealed.ts";
import type { Time } from "../host/time.ts";
import type { VaultReport } from "../shapes.ts";
import type { Vault, VaultKey } from "../vault.ts";
import { type Other, VaultKeys } from "./vault-keys.ts";

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

/** Three looks in the life of a lease, as there are heartbeats. */
const LOOKS = 3;

export class VaultRotation {
  readonly #keys: VaultKeys;
  readonly #log: HostLog;
  readonly #time: Time;
  /** Something may still be sealed with an older key than the first. */
  #due = true;
  #waited = false;
  #turn: Promise<unknown> = Promise.resolve();
  #cancel = () => {};

  constructor(keys: readonly VaultKey[], { log, time }: { log: HostLog; time: Time }) {
    this.#keys = new VaultKeys(keys);
    this.#log = log;
    this.#time = time;
  }

  get vault(): Vault {
    return this.#keys.vault;
  }
  /** Of all keys, the one that seals first. */
  get keyIds(): string[] {
    return this.#keys.ids;
  }

  /** Before anything is sealed. */
  async begin(rooms: Rooms): Promise<void> {
    this.#keys.look(await othersOf(rooms));
  }

  use(keys: readonly VaultKey[], others: readonly Other[] | undefined): void {
    this.#due ||= this.#keys.differFrom(keys);
    this.#keys.use(keys, others);
  }

  /** From now on it looks by itself, in a group, whether the others know the first key. */
  follow(rooms: Rooms): void {
    void this.seal(rooms);
    if (Number.isFinite(rooms.store.leaseMs)) this.#cancel = this.#time.after(rooms.store.leaseMs / LOOKS, () => this.follow(rooms));
  }

  end(): void {
    this.#cancel();
  }

  /**
   * Seals again what older keys sealed, once every host of the group can open it; answers how many. Only when the keys
   * are others than before: two hosts whose files differ would else seal against each other for ever.
   */
  seal(rooms: Rooms): Promise<number> {
    const mine = this.#turn.then(() => this.#sealNow(rooms));
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #sealNow(rooms: Rooms): Promise<number> {
    this.#keys.look(await othersOf(rooms));
    const { firstId: key, waitsFor } = this.#keys;
    const waits = waitsFor.length > 0;
    if (waits && !this.#waited) this.#log.root.warn({ key, hosts: waitsFor }, "the vault's first key waits until every host knows it");
    this.#waited = waits;
    if (waits || !this.#due || this.vault.currentKeyId !== key) return 0;
    const { count, whole } = await sealAgain(this.vault, rooms, this.#log);
    this.#due = !whole;
    return count;
  }

  report(rooms: Sources): VaultReport {
    const { waitsFor } = this.#keys;
    return { ...reportSeals(this.vault, rooms), ...(waitsFor.length > 0 && { waitsFor: [...waitsFor] }) };
  }

  /** For people. */
  get warnings(): string[] {
    const { firstId, waitsFor } = this.#keys;
    return waitsFor.length === 0 ? [] : [`the vault's first key, ${firstId}, seals nothing yet: ${waitsFor.join(", ")} must know it first`];
  }
}

/** Undefined where the store can't be asked. */
export async function othersOf({ leases }: Pick<Rooms, "leases">): Promise<Other[] | undefined> {
  const hosts = await leases.hosts().catch(() => undefined);
  return hosts?.filter(({ id }) => id !== leases.self);
}

/** Answers how many were sealed again, and whether nothing was in the way. A store that can't be written now is no reason to fail. */
async function sealAgain(vault: Vault, rooms: Sources, log: HostLog): Promise<{ count: number; whole: boolean }> {
  let count = 0;
  let whole = true;
  try {
    for (const one of sealedIn(rooms)) {
      if (keyIdOf(vault, one) === vault.currentKeyId || !opens(vault, one)) continue;
      if (await one.replace(vault.seal(vault.open(one.text, one.boundTo), one.boundTo))) count += 1;
      // What is being written this moment, with the key of before, is met by the next look.
      else whole = false;
    }
  } catch (cause) {
    whole = false;
    log.root.error({ err: cause, sealedAgain: count }, "not everything could be sealed again; the next reload tries it");
  }
  if (count > 0) log.root.info({ key: vault.currentKeyId, sealedAgain: count }, "sealed again with the vault's first key");
  const closed = sealedIn(rooms).filter((one) => !opens(vault, one));
  if (closed.length > 0)
    log.root.error(
      { arerr: 8769, keys: [...new Set(closed.map((one) => keyIdOf(vault, one)))], what: closed.map(({ what }) => what) },
      "sealed with a key that vault.keys lacks; put the key back, or authorise the accounts again",
    );
  return { count, whole };
}

function reportSeals(vault: Vault, rooms: Sources): VaultReport {
  const sealed = sealedIn(rooms);
  const closed = sealed.filter((one) => !opens(vault, one)).map(({ what }) => what);
  return {
    key: vault.currentKeyId,
    sealed: sealed.length,
    sealedWithOthers: sealed.filter((one) => keyIdOf(vault, one) !== vault.currentKeyId).length,
    ...(closed.length > 0 && { closed }),
  };
}
